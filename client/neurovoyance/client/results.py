"""The output of a job: fetched by CID, decrypted, decoded and compared with the chain.

Place: after the reveal, stages 6 and 7 as the client sees them. An output is kept only after its
root was recomputed and equals the one that the provider committed to before the seed was drawn.
Never: trust a provider's bytes, or keep an output that does not match.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save

from neurovoyance.client.errors import ResultMismatch
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.protocol.errors import SpecError, StorageDecryptError, VerificationError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.tail import evaluate_tail

RESULT_MAX_BYTES = 4 << 30
_HINT = (
    "Do not confirm the job. Its escrow is held until the challenge window ends; keep the "
    "receipt, and hire another provider with `neurovoyance job submit`."
)

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the provider published: from the event ``JobRevealed``.

    Attributes:
        job_id: the job, 32 bytes; the context of the envelope.
        out_root: root that the commitment bound, 32 bytes.
        envelope_cid: binary CID of the encrypted output.
        result_key: key of the envelope, 32 bytes.
        deadline_s: end of the challenge window, chain time in unix seconds.
    """

    job_id: bytes
    out_root: bytes
    envelope_cid: bytes
    result_key: bytes
    deadline_s: int


async def fetch_result(
    storage: EmbeddedBackend,
    revealed: Revealed,
    manifest: ModelManifest,
    *,
    sources: Sequence[str],
    max_bytes: int = RESULT_MAX_BYTES,
) -> Arrays:
    """Return the checked output, one array an output of the model, in the manifest's order.

    Raises:
        StorageNotFound: nobody who was asked has the envelope; it may be asked for again.
        ResultMismatch: the envelope does not open, or is not what was committed to.
    """
    cid = Cid.from_bytes(revealed.envelope_cid)
    await storage.ensure(cid, sources=sources, max_bytes=max_bytes)
    pieces = [piece async for piece in storage.open(cid)]
    await storage.pin(cid, f"result:{hex_of(revealed.job_id)[:18]}")
    return check_result(b"".join(pieces), revealed, manifest)


def check_result(envelope: bytes, revealed: Revealed, manifest: ModelManifest) -> Arrays:
    """Return the output in an envelope, checked against the root on chain; pure.

    Raises:
        ResultMismatch: see :func:`fetch_result`.
    """
    arrays = _opened(envelope, revealed)
    found = output_root([tensor_hash(array) for array in arrays]) if arrays else b""
    if found != revealed.out_root:
        raise _mismatch(
            revealed, "is not the one that the provider committed to", found=hex_of(found)
        )
    return _named(arrays, revealed, manifest)


def unchecked_result(envelope: bytes, said: Revealed, manifest: ModelManifest) -> Arrays:
    """Return the output in an envelope on the provider's word, before there is a root to check.

    Raises:
        ResultMismatch: it cannot be opened, or does not hold outputs of the model.
    """
    return _named(_opened(envelope, said), said, manifest)


def _opened(envelope: bytes, revealed: Revealed) -> list[npt.NDArray[Any]]:
    try:
        plain = decrypt(envelope, revealed.result_key, revealed.job_id)
    except StorageDecryptError as error:
        raise _mismatch(revealed, "cannot be opened with the key that was published") from error
    try:
        return decode_tensors(plain)
    except SpecError as error:
        raise _mismatch(revealed, "does not hold canonical tensors") from error


def _named(arrays: list[npt.NDArray[Any]], revealed: Revealed, manifest: ModelManifest) -> Arrays:
    committed = manifest.committed()
    if len(arrays) != len(committed):
        raise _mismatch(revealed, f"holds {len(arrays)} tensors, not the model's {len(committed)}")
    for array, declared in zip(arrays, committed, strict=True):
        if array.dtype.name != declared.dtype or array.ndim != len(declared.shape):
            raise _mismatch(
                revealed,
                f"holds a {array.dtype.name} tensor of {array.ndim} dimensions "
                f"for {declared.name[:80]!r}, which the model does not return",
            )
    named = dict(zip((tensor.name for tensor in committed), arrays, strict=True))
    return _outputs(named, revealed, manifest)


def _outputs(verify: Arrays, revealed: Revealed, manifest: ModelManifest) -> Arrays:
    """Return the graph outputs: themselves committed to, or computed here from what was."""
    if manifest.certificate is None:
        return verify
    names = [tensor.name for tensor in manifest.tensors]
    try:
        return evaluate_tail(manifest.certificate.tail, verify, names, int(manifest.opset))
    except (SpecError, VerificationError) as error:
        raise _mismatch(revealed, "does not lead to the model's outputs") from error


def save_result(path: Path, arrays: Arrays) -> None:
    """Write a result as a safetensors file, readable by the owner; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(f"{path.name}.{os.getpid()}.part")
    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    with staged.open("wb") as file:
        staged.chmod(0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)


def load_result(path: Path, manifest: ModelManifest) -> Arrays:
    """Return a result that was kept, in the manifest's order."""
    arrays = load_file(path)
    return {tensor.name: arrays[tensor.name] for tensor in manifest.tensors}


def _mismatch(revealed: Revealed, problem: str, **context: str) -> ResultMismatch:
    return ResultMismatch(
        f"The output of job {hex_of(revealed.job_id)[:18]} {problem}. "
        "Nothing was confirmed and nothing of it was kept.",
        hint=_HINT,
        job_id=hex_of(revealed.job_id),
        needed=hex_of(revealed.out_root),
        window_ends_s=revealed.deadline_s,
        **context,
    )
