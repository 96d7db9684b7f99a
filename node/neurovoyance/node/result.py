"""From an output file to the opening of a commitment: hash, encrypt, store.

Place: stage 6, between the runtime and the journal. The output is a plain concatenation of
canonical tensors in certificate order. Its root binds the values, the envelope is those bytes
under a fresh key with the job id in its authenticated header. What is made here is not a promise
yet: the agent fixes the opening in the journal before the commitment is sent. The shift of the
projection is 0, since no certificate with exponents exists before audits. Never: keep the whole
output in memory, reuse a key, or log one.
"""

from __future__ import annotations

import asyncio
import mmap
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import encrypt_stream, new_key
from neurovoyance.protocol.errors import ExecutionError, NonFiniteOutput
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.result import Opening
from neurovoyance.verification.canonical import decode_tensors, has_non_finite
from neurovoyance.verification.commitment import output_root, tensor_hash

SALT_BYTES = 32
_PIECE_BYTES = 1 << 20
_NO_SEED = bytes(32)
_SHIFT = 0


def root_of_file(path: Path, tensor_count: int) -> bytes:
    """Return ``outRoot``, 32 bytes, of a file of canonical tensors.

    Raises:
        SpecError: the file is not a concatenation of canonical tensors.
        ExecutionError: it is empty, or holds another number of tensors than the manifest names.
        NonFiniteOutput: a float tensor holds NaN or infinity.
    """
    if path.stat().st_size == 0:
        raise ExecutionError("The output file is empty.")
    with path.open("rb") as file:
        # Not closed by hand: the arrays share the mapping, which goes away with the last of them.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    hashes = list(_hashes(memoryview(mapped)))
    if len(hashes) != tensor_count:
        raise ExecutionError(
            f"The output holds {len(hashes)} tensors and the manifest names {tensor_count}."
        )
    return output_root(hashes)


def _hashes(view: memoryview) -> Iterator[bytes]:
    for position, array in enumerate(decode_tensors(view)):
        if has_non_finite(array):
            raise NonFiniteOutput(
                f"Output tensor {position} holds NaN or infinity.", position=position
            )
        yield tensor_hash(array)


async def seal(
    path: Path, tensor_count: int, job_id: JobId, storage: EmbeddedBackend, keep_until_s: int
) -> Opening:
    """Encrypt and store an output; return a new opening of it, with a fresh key and salt.

    Args:
        path: file of canonical tensors, in certificate order.
        tensor_count: tensors that the manifest names.
        job_id: goes into the envelope's header.
        storage: where the envelope is kept and offered to peers.
        keep_until_s: real time in unix seconds until which it stays pinned.

    Raises:
        NonFiniteOutput: see :func:`root_of_file`.
        StorageError: the envelope could not be stored; nothing is bound yet.
    """
    out_root = await asyncio.to_thread(root_of_file, path, tensor_count)
    key = new_key()
    cid = await storage.add(_envelope(path, key, job_id), pin_name="envelope")
    await storage.pin(cid, name="envelope", expiry=keep_until_s)
    await storage.provide(cid)
    return Opening(
        seed0=_NO_SEED,
        out_root=out_root,
        envelope_cid=cid.to_bytes(),
        result_key=key,
        shift=_SHIFT,
        salt=secrets.token_bytes(SALT_BYTES),
    )


async def _envelope(path: Path, key: bytes, job_id: JobId) -> AsyncIterator[bytes]:
    pieces = encrypt_stream(_pieces(path), key, job_id)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
