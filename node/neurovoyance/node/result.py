"""From an output file to the opening of a commitment, and back: hash, encrypt, store, open.

Place: stage 6, between the runtime and the journal. The output is a plain concatenation of
canonical tensors in certificate order. Its root binds the values, the envelope is those bytes
under a fresh key with the job id in its authenticated header. What is made here is not a promise
yet: the agent fixes the opening in the journal before the commitment is sent. Never: keep the whole
output in memory, reuse a key, or log one.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt_stream, encrypt_stream, new_key
from neurovoyance.node.output_file import Compared, root_of_file, shift_of_file
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.result import Opening

SALT_BYTES = 32
_PIECE_BYTES = 1 << 20
_NO_SEED = bytes(32)


async def seal(
    path: Path,
    tensor_count: int,
    compared: Compared,
    job_id: JobId,
    storage: EmbeddedBackend,
    keep_until_s: int,
) -> Opening:
    """Encrypt and store an output; return a new opening of it, with a fresh key and salt.

    Args:
        path: file of canonical tensors, in certificate order.
        tensor_count: tensors that the commitment covers.
        compared: decides the shift of the projection.
        job_id: goes into the envelope's header.
        storage: where the envelope is kept and offered to peers.
        keep_until_s: real time in unix seconds until which it stays pinned.

    Raises:
        NonFiniteOutput: the output holds NaN or infinity, or is too large to be projected.
        StorageError: the envelope could not be stored; nothing is bound yet.
    """
    out_root = await asyncio.to_thread(root_of_file, path, tensor_count)
    shift = await asyncio.to_thread(shift_of_file, path, compared)
    key = new_key()
    cid = await storage.add(_envelope(path, key, job_id), pin_name="envelope")
    await storage.pin(cid, name="envelope", expiry=keep_until_s)
    await storage.provide(cid)
    return Opening(
        seed0=_NO_SEED,
        out_root=out_root,
        envelope_cid=cid.to_bytes(),
        result_key=key,
        shift=shift,
        salt=secrets.token_bytes(SALT_BYTES),
    )


async def _envelope(path: Path, key: bytes, job_id: JobId) -> AsyncIterator[bytes]:
    pieces = encrypt_stream(_pieces(path), key, job_id)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


async def unseal(
    storage: EmbeddedBackend,
    envelope_cid: bytes,
    key: bytes,
    job_id: JobId,
    path: Path,
    *,
    sources: Sequence[str] = (),
    max_bytes: int | None = None,
) -> None:
    """Write the output inside an envelope to a file, whole or not at all.

    Args:
        storage: holds the envelope, or fetches it.
        envelope_cid: binary CID.
        key: of the envelope, 32 bytes.
        job_id: as the header has to name it.
        path: the file of canonical tensors that is made.
        sources: gateways asked for the envelope besides the configured peers.
        max_bytes: longest envelope taken.

    Raises:
        StorageDecryptError: the key, the job or the bytes are wrong.
        StorageError, Unreachable: the envelope could not be had.
        SpecError: the CID is not accepted.
    """
    sealed = path.with_name(f"{path.name}.sealed")
    cid = Cid.from_bytes(envelope_cid)
    try:
        await storage.fetch(cid, sealed, sources=sources, max_bytes=max_bytes)
        await asyncio.to_thread(_decrypt_file, sealed, path, key, job_id)
    finally:
        await asyncio.to_thread(sealed.unlink, missing_ok=True)


def _decrypt_file(sealed: Path, path: Path, key: bytes, job_id: JobId) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            for piece in decrypt_stream(_pieces(sealed), key, job_id):
                file.write(piece)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
