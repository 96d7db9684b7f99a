"""Hints belong to errors that exist, and say something."""

from __future__ import annotations

from neurovoyance.chain.revert_hints import HINTS, OPENZEPPELIN_SENTENCES, UNPROCESSABLE
from neurovoyance.chain.reverts import KNOWN_REVERTS

NAMES = {cls.solidity_name: cls for cls in KNOWN_REVERTS.values()}


def test_every_hint_belongs_to_an_error_of_the_contracts() -> None:
    assert set(HINTS) | set(OPENZEPPELIN_SENTENCES) | UNPROCESSABLE <= set(NAMES)


def test_hints_are_the_default_of_their_class() -> None:
    for name, hint in HINTS.items():
        assert NAMES[name].default_hint == hint
        assert hint.endswith(".")


def test_errors_of_openzeppelin_are_told_in_our_words() -> None:
    foreign = {name for name in NAMES if "__" not in name}
    assert foreign == set(OPENZEPPELIN_SENTENCES)
