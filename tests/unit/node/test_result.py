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
from neurovoyance.node.result import root_of_file, seal
from neurovoyance.protocol.errors import (
    ExecutionError,
    NonFiniteOutput,
    SpecError,
    StorageDecryptError,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash

JOB = JobId(b"\x0a" * 32)
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


def test_the_root_is_the_one_over_the_tensors(tmp_path: Path) -> None:
    expected = output_root([tensor_hash(array) for array in ARRAYS])
    assert root_of_file(output(tmp_path), 2) == expected


def test_another_number_of_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="2 tensors"):
        root_of_file(output(tmp_path), 3)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="empty"):
        root_of_file(output(tmp_path, []), 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_here_as_well(tmp_path: Path, bad: float) -> None:
    path = output(tmp_path, [np.array([1.0, bad], dtype=np.float32)])
    with pytest.raises(NonFiniteOutput):
        root_of_file(path, 1)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "output.nvyt"
    path.write_bytes(b"x" * 100)
    with pytest.raises(SpecError):
        root_of_file(path, 1)


async def test_the_envelope_holds_the_tensors_under_a_fresh_key_and_the_job(
    tmp_path: Path, storage: EmbeddedBackend
) -> None:
    path = output(tmp_path)
    opening = await seal(path, 2, JOB, storage, 2**40)
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
    one, two = [await seal(path, 2, JOB, storage, 2**40) for _ in range(2)]
    assert one.out_root == two.out_root
    assert one.result_key != two.result_key
    assert one.salt != two.salt
    assert one.envelope_cid != two.envelope_cid


async def test_a_large_output_is_sealed_in_pieces(tmp_path: Path, storage: EmbeddedBackend) -> None:
    array = np.frombuffer(os.urandom(3 << 20), dtype=np.uint8)
    path = output(tmp_path, [array])
    opening = await seal(path, 1, JOB, storage, 2**40)
    stat = await storage.stat(Cid.from_bytes(opening.envelope_cid))
    assert stat.is_complete
    assert stat.size_bytes > 3 << 20
