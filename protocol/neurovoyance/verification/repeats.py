"""Is an output what the model computes? Judged by whoever repeated it, as audits judge.

Place: L2; used for tasks by the provider (:func:`roots_of`) and by whoever checks a leaf
(:func:`compare_outputs`). Class TENSOR with a certificate compares projections under its tolerance,
everything else the hashes. Never: I/O, or running a model.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurovoyance.protocol.certificate import Certificate
from neurovoyance.protocol.errors import NonFiniteOutput, SpecError
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.tasks import NO_ROOT, numeric_seed
from neurovoyance.verification.canonical import Array, has_non_finite
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.projection import NoVector, ScaledTensor, choose_shift, project
from neurovoyance.verification.tolerance import compare
from neurovoyance.verification.verdict import Accept, Reject, Verdict


def roots_of(
    manifest: ModelManifest, job_class: JobClass, arrays: Sequence[Array], task_hash: bytes
) -> tuple[bytes, bytes]:
    """Return output root and numeric root of one task's output, 32 bytes each.

    ``numericRoot = H("NVY/numeric/1", int256 shift, int256[] z)``: the output's projection
    under :func:`.protocol.tasks.numeric_seed`; zeros where nothing is projected.

    Args:
        manifest: of the model.
        job_class: of the task.
        arrays: the committed tensors, in order.
        task_hash: 32 bytes.

    Raises:
        NonFiniteOutput: NaN or infinity, or too large to be projected.
        SpecError: another number of tensors than the manifest commits to.
    """
    if len(arrays) != len(manifest.committed()):
        raise SpecError(
            f"The output holds {len(arrays)} tensors and the manifest names "
            f"{len(manifest.committed())}."
        )
    if any(has_non_finite(array) for array in arrays):
        raise NonFiniteOutput("An output tensor holds NaN or infinity.")
    out_root = output_root([tensor_hash(array) for array in arrays])
    if job_class is not JobClass.TENSOR or manifest.certificate is None:
        return out_root, NO_ROOT
    tensors = _scaled(manifest.certificate, arrays)
    shift, z = _projected(tensors, numeric_seed(task_hash, out_root))
    words = hash_abi(["string", "int256", "int256[]"], ["NVY/numeric/1", shift, list(z)])
    return out_root, words


def compare_outputs(
    manifest: ModelManifest,
    job_class: JobClass,
    delivered: Sequence[Array],
    repeated: Sequence[Array],
    seed: bytes,
) -> Verdict:
    """Return whether a repetition confirms what was delivered.

    Args:
        manifest: of the model; its certificate's tolerance decides in class TENSOR.
        job_class: of the task.
        delivered: the provider's committed tensors.
        repeated: those of whoever repeats it.
        seed: 32 bytes that the provider did not know when it computed.
    """
    if len(delivered) != len(repeated):
        return Reject(f"{len(delivered)} tensors were delivered, {len(repeated)} computed.")
    if job_class is JobClass.TENSOR and manifest.certificate is not None:
        theirs = _scaled(manifest.certificate, delivered)
        shift = choose_shift(theirs)
        if isinstance(shift, NoVector):
            return Reject(f"The delivered output cannot be compared: {shift.reason}")
        z0 = project(theirs, seed=seed, shift=shift)
        z1 = project(_scaled(manifest.certificate, repeated), seed=seed, shift=shift)
        if isinstance(z0, NoVector) or isinstance(z1, NoVector):
            return Reject("The output of the repetition is not finite.")
        return compare(z0.z, z1.z, tau_sq=manifest.read_terms().tau_sq).verdict()
    hashes = [[tensor_hash(array) for array in arrays] for arrays in (delivered, repeated)]
    for position, (found, wanted) in enumerate(zip(*hashes, strict=True)):
        if found != wanted:
            return Reject(
                f"Tensor {position} differs from the repetition's.",
                {"position": position, "delivered": found, "repeated": wanted},
            )
    return Accept()


def _projected(tensors: Sequence[ScaledTensor], seed: bytes) -> tuple[int, tuple[int, ...]]:
    shift = choose_shift(tensors)
    found = shift if isinstance(shift, NoVector) else project(tensors, seed=seed, shift=shift)
    if isinstance(found, NoVector):
        raise NonFiniteOutput(found.reason)
    return found.shift, found.z


def _scaled(certificate: Certificate, arrays: Sequence[Array]) -> list[ScaledTensor]:
    """Return tensors with the exponents of the certificate."""
    return [
        ScaledTensor(array, tuple(int(exponent) for exponent in tensor.exponent))
        for array, tensor in zip(arrays, certificate.verify, strict=True)
    ]
