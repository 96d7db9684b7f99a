"""An output is kept only if it is, bit for bit, what the provider committed to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.client.errors import ResultMismatch
from neurovoyance.client.results import Revealed, check_result, load_result, save_result
from neurovoyance.ipfs.encryption import encrypt, new_key
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash

JOB, KEY = b"\x07" * 32, new_key()
MANIFEST = ModelManifest(
    model_cid="bafkqaaaa",
    size_bytes="1",
    opset="17",
    inputs=[TensorSpec(name="x", dtype="float32", shape=["n"])],
    tensors=[
        TensorSpec(name="b", dtype="float32", shape=["n"]),
        TensorSpec(name="a", dtype="int64", shape=["n", "2"]),
    ],
)
GOOD: list[Any] = [np.array([1.5, -0.0], np.float32), np.array([[1, 2]], np.int64)]


def revealed(arrays: list[Any], job_id: bytes = JOB, key: bytes = KEY) -> Revealed:
    root = output_root([tensor_hash(array) for array in arrays])
    return Revealed(job_id, root, b"cid", key, 99)


def envelope(arrays: list[Any]) -> bytes:
    return encrypt(encode_tensors(arrays), KEY, JOB)


def test_the_output_comes_back_under_the_models_names() -> None:
    found = check_result(envelope(GOOD), revealed(GOOD), MANIFEST)
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["a"], GOOD[1])
    assert np.signbit(found["b"][1])


@pytest.mark.parametrize(
    ("sealed", "promised", "words"),
    [
        (GOOD, [GOOD[0] + 1, GOOD[1]], "is not the one that the provider committed to"),
        (GOOD[::-1], GOOD, "is not the one"),
        ([], GOOD, "is not the one"),
        (GOOD[:1], GOOD[:1], "holds 1 tensors, not the model's 2"),
        (GOOD[::-1], GOOD[::-1], "which the model does not return"),
    ],
)
def test_another_output_is_refused(sealed: list[Any], promised: list[Any], words: str) -> None:
    with pytest.raises(ResultMismatch) as caught:
        check_result(envelope(sealed), revealed(promised), MANIFEST)
    assert words in caught.value.message
    assert "Nothing was confirmed" in caught.value.message
    assert caught.value.context["window_ends_s"] == 99


def test_an_envelope_of_another_job_or_key_does_not_open() -> None:
    for other in (revealed(GOOD, job_id=b"\x08" * 32), revealed(GOOD, key=new_key())):
        with pytest.raises(ResultMismatch, match="cannot be opened"):
            check_result(envelope(GOOD), other, MANIFEST)


def test_what_is_sealed_has_to_be_tensors() -> None:
    with pytest.raises(ResultMismatch, match="canonical tensors"):
        check_result(encrypt(b"hello", KEY, JOB), revealed(GOOD), MANIFEST)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_flipped_bit_anywhere_is_seen(at: int, flip: int) -> None:
    raw = bytearray(envelope(GOOD))
    raw[at % len(raw)] ^= flip
    with pytest.raises(ResultMismatch):
        check_result(bytes(raw), revealed(GOOD), MANIFEST)


def test_a_result_on_disk_is_private_and_the_same(tmp_path: Path) -> None:
    path = tmp_path / "results" / "one.safetensors"
    arrays = dict(zip(["b", "a"], GOOD, strict=True))
    save_result(path, arrays)
    assert path.stat().st_mode & 0o077 == 0
    found = load_result(path, MANIFEST)
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["b"], GOOD[0])
    assert [item.name for item in path.parent.iterdir()] == [path.name]
