"""The plain projection: its cipher, its sums, and the same vectors as its twin."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.verification.projecting import VECTORS, as_plain, tensors_of

from neurovoyance.verification import plain_projection as plain
from neurovoyance.verification.canonical import encode_tensor

SMALL = [v for v in VECTORS if sum(t.get("lcg", 0) for t in v["tensors"]) < 5_000]


def test_the_keystream_is_that_of_rfc_8439() -> None:
    nonce = bytes.fromhex("000000000000004a00000000")
    words = islice(plain.chacha20_words(bytes(range(32)), nonce), 16, 32)  # counter 1
    stream = b"".join(word.to_bytes(4, "little") for word in words)
    sunscreen = b"Ladies and Gentlemen of the class of '99: If I could offer you only one"[:64]
    sealed = bytes(a ^ b for a, b in zip(sunscreen, stream, strict=True))
    assert sealed.hex() == (
        "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
        "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
    )


@settings(max_examples=10)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=12, max_size=12))
def test_the_keystream_is_that_of_the_library(key: bytes, nonce: bytes) -> None:
    expected = Cipher(algorithms.ChaCha20(key, bytes(4) + nonce), mode=None).encryptor()
    words = islice(plain.chacha20_words(key, nonce), 40)
    assert b"".join(w.to_bytes(4, "little") for w in words) == expected.update(bytes(160))


@pytest.mark.parametrize("vector", SMALL, ids=lambda v: v["name"])
def test_a_vector_is_projected_to_its_integers(vector: dict[str, Any]) -> None:
    tensors = as_plain(tensors_of(vector))
    found = plain.plain_project(tensors, bytes.fromhex(vector["key"]), vector["shift"])
    assert (None if found is None else list(found)) == vector["z"]
    assert plain.plain_shift(tensors) == vector["chosen_shift"]


def test_the_order_of_the_sum_is_the_prescribed_one() -> None:
    huge, tiny = 2.0**60, 1.0
    values = [0.0] * 4_096
    values[0], values[1], values[2_048] = huge, tiny, -huge
    assert plain.blocked_sum(values) == tiny  # 0 meets 2048 before it meets 1
    values[1], values[2_048] = -huge, tiny
    assert plain.blocked_sum(values) == 0.0  # the small one is lost on the way


def test_a_tensor_of_integers_is_no_vector() -> None:
    np = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match="no canonical tensor of floats"):
        plain.read_canonical(encode_tensor(np.zeros(4, dtype=np.int32)))


def test_a_wrong_number_of_exponents_is_refused() -> None:
    np = pytest.importorskip("numpy")
    tensor = encode_tensor(np.zeros((3, 2), dtype=np.float32))
    with pytest.raises(ValueError, match="one for each channel"):
        plain.plain_vector([(tensor, (1, 2, 3))], 0)
