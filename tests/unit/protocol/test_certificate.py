"""Certificates and their terms: encoding, refusals, exact squares of tolerances."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurovoyance.protocol import certificate as ct
from neurovoyance.protocol.certificate import Certificate, Terms, VerifyTensor
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import keccak256

TERMS = st.builds(
    Terms,
    tau_sq=st.integers(0, 2**64 - 1),
    tensor_pool=st.binary(min_size=12, max_size=12),
    exact_pool=st.binary(min_size=12, max_size=12),
    rows=st.integers(0, 2**32 - 1),
    verify_rows_hash=st.binary(min_size=20, max_size=20),
)
TENSOR: dict[str, Any] = {
    "name": "logits", "dtype": "float32", "shape": ["batch", "10"], "exponent": ["20"], "row": "7",
}  # fmt: skip


@given(TERMS)
def test_terms_are_read_back_from_their_digits(terms: Terms) -> None:
    text = terms.encode()
    assert len(text) == 2 + 2 * ct.TERMS_BYTES
    assert Terms.decode(text) == terms


def test_terms_stand_where_the_registry_reads_them() -> None:
    terms = Terms(1, b"a" * 12, b"b" * 12, 2, b"c" * 20)
    assert terms.encode() == (
        "0x" + "0000000000000001" + "61" * 12 + "62" * 12 + "00000002" + "63" * 20
    )


@pytest.mark.parametrize(
    "text", ["", "0x", "0x" + "0" * 111, "0x" + "0" * 113, "0x" + "A" * 112, "0" * 114]
)
def test_other_text_is_no_terms(text: str) -> None:
    with pytest.raises(SpecError, match="112"):
        Terms.decode(text)


@pytest.mark.parametrize("name", ["cpu", "a", "0-9", "abcdefghijkl"])
def test_a_pool_is_its_padded_name(name: str) -> None:
    assert ct.pool_of(name) == name.encode() + bytes(12 - len(name))


@pytest.mark.parametrize("name", ["", "-a", "CPU", "abcdefghijklm", "a b", "ä", "a\n"])
def test_other_names_are_no_pool(name: str) -> None:
    with pytest.raises(SpecError, match="auditor pool"):
        ct.pool_of(name)


@given(
    st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z0-9][a-z0-9-]{0,11}", fullmatch=True)
)
def test_the_pool_of_a_numeric_class_is_never_a_named_one(numeric: bytes, name: str) -> None:
    pool = ct.pool_of_numeric_class(numeric)
    assert pool == b"\xff" + numeric[:11]
    assert pool not in (ct.pool_of(name), ct.NO_POOL)


@pytest.mark.parametrize(
    ("tau", "expected"),
    [
        ("0e0", 0),
        ("1e-7", 184_467),  # 184467.44
        ("2e-5", 7_378_697_629),  # 7378697629.48
        ("1e-2", 1_844_674_407_370_955),  # 1844674407370955.16
    ],
)
def test_the_square_of_a_tolerance_is_rounded_from_the_exact_value(tau: str, expected: int) -> None:
    assert ct.tau_sq_of(tau) == expected


@given(st.integers(100, 999), st.integers(-7, -3))
def test_the_tolerance_for_people_is_the_one_that_was_written(digits: int, exponent: int) -> None:
    tau = f"{digits // 100}.{digits % 100:02d}e{exponent}"
    assert ct.tau_of_sq(ct.tau_sq_of(tau)) == pytest.approx(float(tau), rel=3e-6)
    assert abs(ct.tau_sq_of(tau) - Fraction(tau) ** 2 * 2**64) <= Fraction(1, 2)


@pytest.mark.parametrize("tau", ["9.99e-8", "1.001e-2", "1e0"])
def test_a_tolerance_out_of_range_is_refused(tau: str) -> None:
    with pytest.raises(SpecError, match=r"outside 1e-7 to 1e-2"):
        ct.tau_sq_of(tau)


def test_the_hash_of_rows_is_that_of_solidity() -> None:
    words = [32, 2, 7, 311]  # offset, length, values
    encoded = b"".join(word.to_bytes(32, "big") for word in words)
    assert ct.verify_rows_hash([7, 311]) == keccak256(encoded)[:20]


@pytest.mark.parametrize("row", [-1, 2**32])
def test_a_row_that_solidity_cannot_hold_is_refused(row: int) -> None:
    with pytest.raises(SpecError, match="32 bits"):
        ct.verify_rows_hash([row])


def test_a_certificate_lists_its_rows_in_order() -> None:
    tensors = [VerifyTensor(**{**TENSOR, "row": row}) for row in ("9", "3")]
    made = Certificate(verify=tensors, tau="2e-5", reference="onnxruntime 1.31 C1")
    assert made.verify_rows() == [9, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"exponent": []},
        {"exponent": ["+1"]},
        {"exponent": ["100"]},
        {"exponent": ["-0"]},
        {"exponent": [20]},
        {"row": "-1"},
        {"row": 7},
        {"dtype": "float64"},
        {"name": ""},
        {"extra": "x"},
    ],
)
def test_a_malformed_verify_tensor_is_refused(change: dict[str, Any]) -> None:
    VerifyTensor(**TENSOR)
    with pytest.raises(ValidationError):
        VerifyTensor(**{**TENSOR, **change})


@pytest.mark.parametrize("tau", ["", "0.1", "1e", "-1e-3", "10e-5", "1.e-5", "NaN", "1e-5000"])
def test_a_tolerance_is_written_in_one_way(tau: str) -> None:
    with pytest.raises(ValidationError):
        Certificate(verify=[VerifyTensor(**TENSOR)], tau=tau, reference="r")


def test_a_certificate_checks_at_least_one_tensor() -> None:
    with pytest.raises(ValidationError):
        Certificate(verify=[], tau="2e-5", reference="r")
