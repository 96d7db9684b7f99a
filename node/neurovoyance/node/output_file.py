"""What a file of canonical tensors commits to, and what audits ask of it.

Place: under ``result`` (the provider's commitment), ``work`` (its answers) and ``audit_work`` (the
auditor's own output). A file is the plain concatenation of the committed tensors in certificate
order; it is mapped, never read whole. Never: a decision about what to do with a finding.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.protocol.audit import exact_answer
from neurovoyance.protocol.certificate import Certificate
from neurovoyance.protocol.errors import ExecutionError, NonFiniteOutput, SpecError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.verification.canonical import Array, decode_tensors, has_non_finite
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.projection import (
    NoVector,
    ScaledTensor,
    choose_shift,
    project,
)

Words = tuple[bytes, ...]
"""Four words of 32 bytes: an answer, or an auditor's projection."""

NO_SHIFT = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """How the outputs of a job are compared: its class, and its model's certificate if any."""

    job_class: JobClass
    certificate: Certificate | None

    @classmethod
    def of(cls, manifest: ModelManifest, job_class: JobClass) -> Compared:
        """Return what a manifest says about jobs of a class."""
        return cls(job_class, manifest.certificate)

    @property
    def is_projected(self) -> bool:
        """Whether outputs are compared by their projections, not by their hashes."""
        return self.job_class is JobClass.TENSOR and self.certificate is not None


def map_tensors(path: Path) -> list[Array]:
    """Return the tensors of a file; they share its mapping.

    Raises:
        SpecError: the file is not a concatenation of canonical tensors.
        ExecutionError: it is empty.
    """
    if path.stat().st_size == 0:
        raise ExecutionError("The output file is empty.")
    with path.open("rb") as file:
        # Not closed by hand: the arrays share the mapping, which goes away with the last of them.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return decode_tensors(memoryview(mapped))


def root_of_file(path: Path, tensor_count: int) -> bytes:
    """Return ``outRoot``, 32 bytes, of a file of canonical tensors.

    Raises:
        SpecError: the file is not a concatenation of canonical tensors.
        ExecutionError: it is empty, or holds another number of tensors than a commitment covers.
        NonFiniteOutput: a float tensor holds NaN or infinity.
    """
    arrays = map_tensors(path)
    if len(arrays) != tensor_count:
        raise ExecutionError(
            f"The output holds {len(arrays)} tensors and the manifest names {tensor_count}."
        )
    return output_root(list(_hashes(arrays)))


def shift_of_file(path: Path, compared: Compared) -> int:
    """Return the shift that a commitment to this output announces; 0 where nothing is projected.

    Raises:
        NonFiniteOutput: the output is too large to be projected, so it cannot be audited.
    """
    if not compared.is_projected:
        return NO_SHIFT
    shift = choose_shift(scaled(map_tensors(path), compared))
    if isinstance(shift, NoVector):
        raise NonFiniteOutput(shift.reason)
    return shift


def answer_of_file(path: Path, compared: Compared, *, seed: bytes, shift: int) -> Words | NoVector:
    """Return what this output answers to an audit round: four words of 32 bytes.

    Args:
        path: file of canonical tensors in certificate order.
        compared: how outputs of the job are compared.
        seed: of the round, 32 bytes.
        shift: as committed.

    Raises:
        SpecError: the file is not a concatenation of canonical tensors.
        VerificationError: the tensors are not what the certificate projects.
    """
    arrays = map_tensors(path)
    if compared.job_class is JobClass.EXACT:
        return exact_answer(seed, output_root([tensor_hash(array) for array in arrays]))
    projection = project(scaled(arrays, compared), seed=seed, shift=shift)
    return projection if isinstance(projection, NoVector) else projection.words


def scaled(arrays: Sequence[Array], compared: Compared) -> list[ScaledTensor]:
    """Return tensors with the exponents of the certificate.

    Raises:
        SpecError: there is no certificate, or it names another number of tensors.
        VerificationError: a tensor is not of floats, or has other channels.
    """
    verify = compared.certificate.verify if compared.certificate else []
    if len(verify) != len(arrays):
        raise SpecError(
            f"The output holds {len(arrays)} tensors and the certificate names {len(verify)}."
        )
    return [
        ScaledTensor(array, tuple(int(exponent) for exponent in tensor.exponent))
        for array, tensor in zip(arrays, verify, strict=True)
    ]


def _hashes(arrays: Sequence[Array]) -> Iterator[bytes]:
    for position, array in enumerate(arrays):
        if has_non_finite(array):
            raise NonFiniteOutput(
                f"Output tensor {position} holds NaN or infinity.", position=position
            )
        yield tensor_hash(array)
