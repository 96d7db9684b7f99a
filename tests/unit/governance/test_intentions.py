"""Intentions know their governor and their words."""

from __future__ import annotations

from neurovoyance.governance.intentions import (
    CanaryListing,
    ChallengeRuling,
    GuardianRenewal,
    ModelSuspension,
    ParameterChange,
    Payment,
    clause_of,
    is_constitutional,
    is_standard_only,
    pool_words,
    title_of,
)

from .wishes import MOVABLE, address_of


def test_the_class_of_a_parameter_decides_the_governor() -> None:
    for key, parameter in MOVABLE.items():
        change = ParameterChange(key, parameter.default)
        assert is_constitutional(change) == (parameter.governor == "C")
        assert not is_standard_only(change)


def test_funds_and_canaries_have_their_governor() -> None:
    to = address_of(5)
    assert not is_constitutional(Payment("treasury", to, 1))
    assert is_constitutional(Payment("insurance fund", to, 1))
    assert is_constitutional(GuardianRenewal(to))
    for item in (
        CanaryListing(bytes(32), bytes(12), 1, 1),
        ModelSuspension(bytes(32)),
        ChallengeRuling(bytes(32), is_upheld=True),
    ):
        assert is_standard_only(item) and not is_constitutional(item)


def test_a_title_names_the_first_and_counts_the_rest() -> None:
    change = ParameterChange("burnBps", 450)
    assert title_of((change,)) == "Set burnBps to 4.5 percent"
    assert title_of((change, change, change)).endswith("percent, and 2 more")
    assert clause_of(ParameterChange("burnBps", 450, 400)).startswith("set burnBps from 4 percent")


def test_a_pool_without_a_name_is_hex() -> None:
    assert pool_words(b"cpu".ljust(12, b"\0")) == "cpu"
    assert pool_words(b"\xff" + bytes(11)) == "0xff" + "00" * 11
    assert pool_words(b"a\0b".ljust(12, b"\0")).startswith("0x")
