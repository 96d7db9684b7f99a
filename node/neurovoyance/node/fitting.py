"""Does a job fit: what is declared against what is there, and how a misfit is told.

Place: the pure part of ``intake``; manifest, input header and probed model in, a refusal out.
Never: I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurovoyance.node.runtime.base import ConfinementUnavailable, ModelInfo, TensorSpec
from neurovoyance.node.runtime.input_check import check_inputs
from neurovoyance.node.tensor_header import Given
from neurovoyance.protocol.errors import (
    InputMismatch,
    NeurovoyanceError,
    ResourceExceeded,
    RuntimeMissing,
    SpecError,
    StorageError,
    StorageFull,
    StorageNotFound,
    StorageTooLarge,
    Unreachable,
    UnsupportedModel,
)
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.manifest import TensorSpec as DeclaredTensor
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause

_FLOATS = frozenset({"float32", "float16", "bfloat16"})


class InputKeyMissing(StorageError):
    """The input of the job is encrypted, and its key is not here.

    Attributes:
        head: the first bytes of the container, which tell whether a key fits.
    """

    code = "storage.input_key_missing"
    retryable = True

    def __init__(self, head: bytes) -> None:
        super().__init__(
            "The input is encrypted and no key came with it.",
            hint="A private job is hired by an offer, and the request for it carries the key.",
        )
        self.head = head


class IntakeRefused(NeurovoyanceError):
    """The job is not for this node; carries the refusal through the steps of the intake."""

    code = "node.intake_refused"
    http_status = 422

    def __init__(self, cause: RefusalCause, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(cause=cause, message=message[:1_000])


_CAUSES: tuple[tuple[type[NeurovoyanceError], RefusalCause], ...] = (
    (InputMismatch, RefusalCause.INPUT),
    (UnsupportedModel, RefusalCause.MODEL),
    (RuntimeMissing, RefusalCause.RUNTIME),
    (ConfinementUnavailable, RefusalCause.RUNTIME),
    (ResourceExceeded, RefusalCause.MEMORY),
    (InputKeyMissing, RefusalCause.INPUT),
    (StorageFull, RefusalCause.DISK),
    (StorageNotFound, RefusalCause.UNREACHABLE),
    (Unreachable, RefusalCause.UNREACHABLE),
    (StorageTooLarge, RefusalCause.MODEL),
    (StorageError, RefusalCause.MODEL),
    (SpecError, RefusalCause.SPEC),
)


def refusal_of(error: NeurovoyanceError) -> Refusal | None:
    """Return an error of the intake as the refusal that a client reads; None for other errors."""
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            return Refusal(cause=cause, message=error.message[:1_000])
    return None


def check_given(spec: JobSpec, manifest: ModelManifest, given: Given) -> None:
    """Compare the input's header with the manifest, before the model is downloaded."""
    wanted = [
        TensorSpec(t.name, t.dtype, tuple(_dim(dim) for dim in t.shape)) for t in manifest.inputs
    ]
    check_inputs(wanted, given)
    leading = {shape[0] for _, shape in given.values() if shape}
    if spec.batch > 1 and spec.batch not in leading:
        raise IntakeRefused(
            RefusalCause.INPUT,
            f"The job states a batch of {spec.batch}, which no input tensor has as its first "
            "dimension.",
        )


def check_declared(manifest: ModelManifest, info: ModelInfo) -> None:
    """Compare what the manifest says of the model with what the model says of itself."""
    faults = _differences("input", manifest.inputs, info.inputs)
    if len(manifest.inputs) != len(info.inputs):
        faults.append("the number of inputs differs")
    faults += _differences("output", manifest.tensors, info.outputs)
    if faults:
        raise IntakeRefused(
            RefusalCause.MODEL, f"The model is not what its manifest says: {'; '.join(faults)}."
        )


def check_class(spec: JobSpec, manifest: ModelManifest) -> None:
    """Refuse a class in which the model may not be used, or whose outputs could not be compared."""
    if not manifest.allows(spec.job_class):
        raise IntakeRefused(
            RefusalCause.CLASS,
            f"The model may not be used in class {spec.job_class.name}.",
        )
    if spec.job_class is not JobClass.TENSOR or manifest.certificate is None:
        return
    for tensor in manifest.certificate.verify:
        if tensor.dtype not in _FLOATS:
            raise IntakeRefused(
                RefusalCause.MODEL,
                f"Tensor {tensor.name!r} of the certificate is {tensor.dtype}; class TENSOR "
                "compares tensors of floats alone.",
            )


def _differences(
    kind: str, declared: Sequence[DeclaredTensor], found: Sequence[TensorSpec]
) -> list[str]:
    by_name = {spec.name: spec for spec in found}
    faults = []
    for tensor in declared:
        real = by_name.get(tensor.name)
        if real is None:
            faults.append(f"it has no {kind} {tensor.name!r}")
        elif real.dtype != tensor.dtype:
            faults.append(f"{kind} {tensor.name!r} is {real.dtype}, not {tensor.dtype}")
        elif not _is_shape(tensor.shape, real.shape):
            faults.append(f"{kind} {tensor.name!r} has another shape")
    return faults


def _is_shape(declared: Sequence[str], real: Sequence[int | str | None]) -> bool:
    """A fixed dimension has to be the same number; a name stands for any that is not fixed."""
    return len(declared) == len(real) and all(
        _dim(dim) == size if isinstance(_dim(dim), int) else not isinstance(size, int)
        for dim, size in zip(declared, real, strict=True)
    )


def _dim(text: str) -> int | str | None:
    return int(text) if text.isdecimal() else text or None
