"""Claimed tensors of a trace, each believed only if its bytes have the hash of its row.

Place: L2, between whoever fetches bytes (the node) and ``pointing`` and ``refereeing``. Weights
come from the model, inputs from the job, everything else from the provider. Never: I/O itself, or
more than a few tensors in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import blake3

from neurovoyance.protocol.audit import TraceRow
from neurovoyance.protocol.errors import SpecError, VerificationError
from neurovoyance.verification.canonical import Array, decode_tensor
from neurovoyance.verification.graph import Graph

KEPT: Final = 8
"""Tensors kept at hand; an operator's neighbours share inputs."""


def open_tensor(data: bytes | None, expected_hash: bytes) -> Array | None:
    """Return the tensor in canonical bytes; None if they are missing, other bytes, or malformed."""
    if data is None or blake3.blake3(data).digest() != expected_hash:
        return None
    try:
        array, end = decode_tensor(data)
    except SpecError:
        return None
    return array if end == len(data) else None


@dataclass(frozen=True)
class Claims:
    """A provider's trace and the way to its tensors.

    Attributes:
        graph: the model.
        rows: as the proven manifest lists them, by index.
        fetch: gives the canonical bytes of a row's tensor by index, or None if it is not served.
        inputs: the job's inputs by name, checked against the job's input CID by the caller.
        seed: ``audit.trace_seed`` of the dispute.
    """

    graph: Graph
    rows: Sequence[TraceRow]
    fetch: Callable[[int], bytes | None]
    inputs: Mapping[str, Array]
    seed: bytes
    _kept: OrderedDict[int, Array] = field(default_factory=OrderedDict, repr=False)

    def need_rows(self, own: Sequence[TraceRow]) -> None:
        """Refuse rows that are not as many as the model's.

        Raises:
            VerificationError: they are not.
        """
        if not len(own) == len(self.rows) == len(self.graph.rows):
            raise VerificationError(
                "A trace lists one row for every operator output of the model; nothing was judged.",
                found=len(self.rows),
                needed=len(self.graph.rows),
            )

    def tensor(self, name: str) -> Array | None:
        """Return a value of the run; None if the provider does not serve it properly."""
        if name in self.graph.weights:
            return self.graph.weights[name].load()
        if name in self.inputs:
            return self.inputs[name]
        return self.row_tensor(self.graph.row_of(name))

    def row_tensor(self, row: int) -> Array | None:
        """Return the tensor of a row; None if the provider does not serve it properly."""
        if row in self._kept:
            self._kept.move_to_end(row)
            return self._kept[row]
        array = open_tensor(self.fetch(row), self.rows[row].tensor_hash)
        if array is not None:
            self._kept[row] = array
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return array
