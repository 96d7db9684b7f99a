"""An output becomes a root, an envelope that opens only with its key, and an opening."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.node.output_file import Compared
from neurovoyance.node.result import seal, unseal
from neurovoyance.protocol.errors import StorageDecryptError, StorageNotFound
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.canonical import encode_tensors

JOB = JobId(b"\x0a" * 32)
EXACT = Compared(JobClass.EXACT, None)
ARRAYS: list[np.ndarray] = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array([1, -2], dtype=np.int64),
]


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    async with EmbeddedBackend(tmp_path / "store") as backend:
        yield backend


def output(tmp_path: Path, arrays: list[np.ndarray] | None = None) -> Path:
    path = tmp_path / "output.nvyt"
    path.write_bytes(encode_tensors(ARRAYS if arrays is None else arrays))
    return path


async def test_the_envelope_holds_the_tensors_under_a_fresh_key_and_the_job(
    tmp_path: Path, storage: EmbeddedBackend
) -> None:
    path = output(tmp_path)
    opening = await seal(path, 2, EXACT, JOB, storage, 2**40)
    cid = Cid.from_bytes(opening.envelope_cid)
    envelope = b"".join([piece async for piece in storage.open(cid)])
    assert decrypt(envelope, opening.result_key, JOB) == path.read_bytes()
    with pytest.raises(StorageDecryptError):
        decrypt(envelope, opening.result_key, b"\x0b" * 32)
    assert path.read_bytes()[:64] not in envelope
    assert await storage.served_block(cid) is not None
    [pin] = await storage.pins()
    assert (pin.cid, pin.name, pin.expires_s) == (cid, "envelope", 2**40)
    assert (opening.shift, opening.seed0) == (0, bytes(32))


async def test_sealing_twice_shares_neither_key_nor_salt_nor_bytes(
    tmp_path: Path, storage: EmbeddedBackend
) -> None:
    path = output(tmp_path)
    one, two = [await seal(path, 2, EXACT, JOB, storage, 2**40) for _ in range(2)]
    assert one.out_root == two.out_root
    assert one.result_key != two.result_key
    assert one.salt != two.salt
    assert one.envelope_cid != two.envelope_cid


async def test_a_large_output_is_sealed_in_pieces(tmp_path: Path, storage: EmbeddedBackend) -> None:
    array = np.frombuffer(os.urandom(3 << 20), dtype=np.uint8)
    path = output(tmp_path, [array])
    opening = await seal(path, 1, EXACT, JOB, storage, 2**40)
    stat = await storage.stat(Cid.from_bytes(opening.envelope_cid))
    assert stat.is_complete
    assert stat.size_bytes > 3 << 20


async def test_an_envelope_is_opened_again_to_the_same_bytes(
    tmp_path: Path, storage: EmbeddedBackend
) -> None:
    path = output(tmp_path, [np.frombuffer(os.urandom(3 << 20), dtype=np.uint8)])
    opening = await seal(path, 1, EXACT, JOB, storage, 2**40)
    again = tmp_path / "again.nvyt"
    await unseal(storage, opening.envelope_cid, opening.result_key, JOB, again)
    assert again.read_bytes() == path.read_bytes()
    assert again.stat().st_mode & 0o077 == 0


async def test_a_wrong_key_job_or_cid_leaves_no_file(
    tmp_path: Path, storage: EmbeddedBackend
) -> None:
    opening = await seal(output(tmp_path), 2, EXACT, JOB, storage, 2**40)
    again = tmp_path / "again.nvyt"
    for key, job_id in ((bytes(32), JOB), (opening.result_key, JobId(bytes(32)))):
        with pytest.raises(StorageDecryptError):
            await unseal(storage, opening.envelope_cid, key, job_id, again)
    nobody_has = b"\x01\x55\x12\x20" + b"\x77" * 32
    with pytest.raises(StorageNotFound):
        await unseal(storage, nobody_has, opening.result_key, JOB, again)
    assert [path.name for path in tmp_path.iterdir() if "again" in path.name] == []
