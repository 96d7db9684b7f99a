"""The JSON forms of what is fixed."""

from __future__ import annotations

import json

import pytest
from tests.unit.node.disputing.court import facts

from neurovoyance.node.disputing.forms import Finding, Reason, dump, load
from neurovoyance.protocol.audit import DisputeFacts, DisputeKind, RefereeVote
from neurovoyance.protocol.errors import InternalError


def test_facts_come_back_with_the_same_hash() -> None:
    known = facts(DisputeKind.BAD_ENVELOPE, price_wei=2**96 - 1, is_late=True)
    found = load(DisputeFacts, dump(known))
    assert found == known
    assert found.facts_hash() == known.facts_hash()


def test_bytes_are_hex_in_the_text() -> None:
    text = dump(Finding(RefereeVote.CLEAR, "It is right.", b"\xab" * 32))
    assert json.loads(text)["value"]["salt"] == "ab" * 32


@pytest.mark.parametrize("text", ["", "{}", '{"value": {"why": 1}}', '{"value": {}, "more": 1}'])
def test_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(InternalError):
        load(Reason, text)
