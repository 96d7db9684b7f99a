"""The trace of a run: one row per operator output, their Merkle tree, and the listing of it.

Place: L2, stage 7, in a dispute. Data flow: tensors of a fresh run, one at a time -> rows -> tree,
whose root is posted; the manifest lists the rows and where their tensors are. Rows count operator
outputs in graph order (``Graph.rows``). Never: more than one tensor in memory, or a manifest
believed before it gives the posted root.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurovoyance.protocol.audit import TRACE_ROWS, TraceRow, trace_leaf, trace_seed
from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import Array, tensor_type
from neurovoyance.verification.commitment import MerkleTree, is_proven, tensor_hash
from neurovoyance.verification.projection import Projection, ScaledTensor, choose_shift, project

MANIFEST_MAX_BYTES: Final = 64 * 2**20
MAX_ROWS: Final = 200_000

_ZERO: Final = (bytes(32), bytes(32))
_FLOATS: Final = frozenset({"fp32", "fp16", "bf16"})


def project_row(array: Array, seed: bytes) -> tuple[int, tuple[bytes, bytes]]:
    """Return shift and z16 of one tensor; (0, zeros) if it has no projection.

    Integers, empty tensors, and those with NaN, infinity or a norm of 2**42 or more have none:
    their hash alone has to do.

    Args:
        array: a tensor of any canonical dtype.
        seed: ``audit.trace_seed`` of the dispute, 32 bytes.
    """
    if array.size == 0 or tensor_type(array.dtype).name not in _FLOATS:
        return 0, _ZERO
    scaled = [ScaledTensor(array)]
    shift = choose_shift(scaled, min_elements=1)
    if not isinstance(shift, int):
        return 0, _ZERO
    found = project(scaled, seed=seed, shift=shift, rows=TRACE_ROWS, min_elements=1)
    if not isinstance(found, Projection):
        return 0, _ZERO
    first, second = found.words
    return shift, (first, second)


def build_row(index: int, array: Array, seed: bytes) -> TraceRow:
    """Return the row of one operator output.

    Raises:
        SpecError: the dtype has no canonical form.
    """
    shift, z16 = project_row(array, seed)
    return TraceRow(index, tensor_hash(array), shift, z16)


@dataclass(frozen=True)
class Trace:
    """The rows of one run, by index, and their tree."""

    rows: tuple[TraceRow, ...]

    @cached_property
    def tree(self) -> MerkleTree:
        """OpenZeppelin's standard tree over the rows."""
        return MerkleTree.of_leaves([trace_leaf(row) for row in self.rows])

    @property
    def root(self) -> bytes:
        """Return the root that ``postTrace`` carries, 32 bytes."""
        return self.tree.root

    def proof(self, index: int) -> list[bytes]:
        """Return the Merkle proof of a row, as ``MerkleProof.verify`` takes it."""
        return self.tree.proof(trace_leaf(self.rows[index]))


def build_trace(tensors: Iterable[Array], dispute_id: int) -> Trace:
    """Return the trace of a run.

    Args:
        tensors: every operator output in row order; each is dropped before the next is asked for.

    Raises:
        SpecError: no tensor, or one whose dtype has no canonical form.
    """
    seed = trace_seed(dispute_id)
    return Trace(tuple(build_row(index, array, seed) for index, array in enumerate(tensors)))


def is_row_proven(root: bytes, row: TraceRow, proof: Sequence[bytes]) -> bool:
    """Tell whether a row is in the tree of a posted root."""
    return is_proven(root, trace_leaf(row), proof)


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_Word = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]


class _RowForm(_Form):
    """A row as the manifest lists it; its index is its position."""

    cid: Annotated[str, Field(min_length=8, max_length=256)]
    hash: _Word
    shift: Annotated[str, Field(pattern=r"^(0|-?[1-9][0-9]?)$")]
    z: Annotated[list[_Word], Field(min_length=2, max_length=2)]


class _ManifestForm(_Form):
    version: Literal["1"] = "1"
    dispute: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$")]
    rows: Annotated[list[_RowForm], Field(min_length=1, max_length=MAX_ROWS)]


@dataclass(frozen=True, slots=True)
class TraceManifest:
    """A posted trace: its rows, and the text CID of every row's canonical tensor.

    The tensors lie in the clear: a trace is made only once the job's output was revealed.
    """

    dispute_id: int
    trace: Trace
    cids: tuple[str, ...]

    def canonical_bytes(self) -> bytes:
        """Return the RFC 8785 JSON."""
        rows = [
            _RowForm(
                cid=cid,
                hash="0x" + row.tensor_hash.hex(),
                shift=str(row.shift),
                z=["0x" + word.hex() for word in row.z16],
            )
            for row, cid in zip(self.trace.rows, self.cids, strict=True)
        ]
        form = _ManifestForm(dispute=str(self.dispute_id), rows=rows)
        return rfc8785.dumps(form.model_dump(mode="json"))


def parse_trace_manifest(raw: bytes, *, dispute_id: int, rows: int, root: bytes) -> TraceManifest:
    """Return the manifest in bytes from an untrusted source.

    Args:
        rows: how many a trace of the model lists.
        root: as it was posted.

    Raises:
        SpecError: too long, not canonical JSON of this form, of another dispute, with another
            number of rows, or its rows do not give the root.
    """
    if len(raw) > MANIFEST_MAX_BYTES:
        raise _refused(f"is {len(raw):,} bytes long; {MANIFEST_MAX_BYTES:,} is the most")
    try:
        form = _ManifestForm.model_validate(json.loads(raw))
    except (ValueError, RecursionError, ValidationError) as error:
        raise _refused("is not valid") from error
    if len(form.rows) != rows or form.dispute != str(dispute_id):
        raise _refused("is of another dispute, or lists another number of rows")
    if any(abs(int(row.shift)) > 127 for row in form.rows):
        raise _refused("holds a shift beyond 8 bits")
    trace = Trace(tuple(_row(at, row) for at, row in enumerate(form.rows)))
    manifest = TraceManifest(dispute_id, trace, tuple(row.cid for row in form.rows))
    if manifest.canonical_bytes() != raw:
        raise _refused("is not in canonical form (RFC 8785)")
    if trace.root != root:
        raise _refused("does not give the root that was posted")
    return manifest


def _row(index: int, form: _RowForm) -> TraceRow:
    first, second = (bytes.fromhex(word[2:]) for word in form.z)
    return TraceRow(index, bytes.fromhex(form.hash[2:]), int(form.shift), (first, second))


def _refused(problem: str) -> SpecError:
    return SpecError(
        f"The listing of the trace {problem}.",
        hint="A row that is not listed properly is missing; point at it.",
    )
