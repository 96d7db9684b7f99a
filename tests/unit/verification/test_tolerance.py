"""The rule of audits: vectors around the tolerance, and what the numbers have to obey."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.audit import Outcome, exact_answer, unpack_ints
from neurovoyance.protocol.certificate import tau_sq_of
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification import tolerance as tol
from neurovoyance.verification.verdict import Accept, Reject

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "audit.json").read_text(encoding="utf-8")
)["distances"]
INTS = st.lists(st.integers(-(2**31) + 2, 2**31 - 2), min_size=32, max_size=32)
TAU_SQ = st.integers(0, 2**64 - 1)


def ints(words: list[str]) -> tuple[int, ...]:
    return unpack_ints([bytes.fromhex(word[2:]) for word in words])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_vector_is_decided_as_it_states(vector: dict[str, Any]) -> None:
    z0, z1, flags = ints(vector["z0"]), ints(vector["z1"]), vector["flags"]
    found = tol.compare(z0, z1, tau_sq=int(vector["tau_sq"]), flags=flags)
    assert found.outcome is Outcome[vector["outcome"]]
    assert found.distance_sq == int(vector["distance_sq"])
    assert found.norm_sq == int(vector["norm_sq"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_vector_is_in_range_as_it_states(vector: dict[str, Any]) -> None:
    fault = tol.range_fault(ints(vector["z0"]), vector["shift"])
    if vector["clamped"]:
        assert fault is not None
        assert "clamp" in fault.reason
    elif vector["too_small"]:
        assert fault is not None
        assert "too small" in fault.reason
    else:
        assert fault is None


@given(INTS, INTS, TAU_SQ)
def test_the_limit_is_the_largest_distance_that_passes(
    z0: list[int], z1: list[int], tau_sq: int
) -> None:
    found = tol.compare(z0, z1, tau_sq=tau_sq)
    assert (found.outcome is Outcome.PASS) == (found.distance_sq <= found.limit_sq)
    assert tol.is_within(found.limit_sq, found.norm_sq, tau_sq)
    assert not tol.is_within(found.limit_sq + 1, found.norm_sq, tau_sq)


@given(INTS, INTS, st.integers(1, 2**64 - 1))
def test_the_distance_for_people_is_over_one_exactly_where_the_audit_fails(
    z0: list[int], z1: list[int], tau_sq: int
) -> None:
    found = tol.compare(z0, z1, tau_sq=tau_sq)
    assert (Decimal(found.in_tau()) <= 1) == (found.outcome is Outcome.PASS)


def test_the_distance_for_people_is_a_multiple_of_the_tolerance() -> None:
    tau_sq = tau_sq_of("1e-5")
    z0 = (2**28,) + (0,) * 31
    near = tol.compare(z0, (2**28 + 671,) + (0,) * 31, tau_sq=tau_sq)
    far = tol.compare(z0, (2**28 + 13422,) + (0,) * 31, tau_sq=tau_sq)
    assert (near.in_tau(), far.in_tau()) == ("0.250", "5.001")
    assert tol.compare(z0, z0, tau_sq=tau_sq).in_tau() == "0.000"


def test_without_a_tolerance_only_equality_passes() -> None:
    z0 = (2**28,) * 32
    assert tol.compare(z0, z0, tau_sq=0).in_tau() == "0.000"
    apart = tol.compare(z0, (2**28 + 1, *z0[1:]), tau_sq=0)
    assert (apart.in_tau(), apart.outcome) == ("inf", Outcome.FAIL)


@given(INTS)
def test_a_projection_is_no_distance_from_itself(z: list[int]) -> None:
    assert tol.compare(z, z, tau_sq=0).verdict() == Accept()


@pytest.mark.parametrize(
    ("flags", "words"), [(1, "tokens"), (2, "not available"), (4, "not finite")]
)
def test_a_flag_is_told_in_words(flags: int, words: str) -> None:
    z1 = (0,) * 32
    verdict = tol.compare((2**28,) * 32, z1, tau_sq=2**40, flags=flags).verdict()
    assert isinstance(verdict, Reject)
    assert words in verdict.reason
    assert verdict.evidence["flags"] == flags


def test_a_failed_distance_is_told_in_words() -> None:
    verdict = tol.compare((2**28,) * 32, (0,) * 32, tau_sq=tau_sq_of("1e-3")).verdict()
    assert isinstance(verdict, Reject)
    assert verdict.reason.startswith("The output is 1000.000 times the tolerance")


@pytest.mark.parametrize("flags", [3, 5, 6, 7, 8, -1])
def test_other_flags_are_refused(flags: int) -> None:
    with pytest.raises(VerificationError, match="flags are 0, 1, 2 or 4"):
        tol.compare((0,) * 32, (0,) * 32, tau_sq=0, flags=flags)
    with pytest.raises(VerificationError, match="flags are 0, 1, 2 or 4"):
        tol.compare_exact([bytes(32)] * 4, [bytes(32)] * 4, flags=flags)


def test_flag_4_with_a_projection_is_refused() -> None:
    with pytest.raises(VerificationError, match="zero projection"):
        tol.compare((0,) * 32, (1,) + (0,) * 31, tau_sq=0, flags=4)
    with pytest.raises(VerificationError, match="zero answer"):
        tol.compare_exact([bytes(32)] * 4, [b"\1" * 32] * 4, flags=4)


def test_exact_answers_pass_when_equal_alone() -> None:
    one, other = (exact_answer(bytes(32), root * 32) for root in (b"\1", b"\2"))
    assert tol.compare_exact(one, list(one)) is Outcome.PASS
    assert tol.compare_exact(one, other) is Outcome.FAIL
    assert tol.compare_exact(one, one, flags=2) is Outcome.FAIL
    assert tol.compare_exact(one, [bytes(32)] * 4, flags=4) is Outcome.NON_FINITE


def test_projections_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        tol.distance_sq((1, 2), (1,))
