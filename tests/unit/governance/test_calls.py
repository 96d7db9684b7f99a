"""Calls are read back from calldata alone, and what is unknown is called so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from neurovoyance.chain.governing import key_bytes
from neurovoyance.governance.calls import call_of, contract_at, decode_call, decode_calls
from neurovoyance.governance.intentions import (
    Intention,
    ParameterChange,
    Payment,
    SlashReduction,
    clause_of,
)

from .wishes import address_of, deployment, intentions

HERE = deployment()


@given(intentions)
def test_every_intention_is_read_back_from_its_call(item: Intention) -> None:
    call = call_of(HERE, item, "a reason")
    found = decode_call(HERE, call.address, call.data)
    plain = replace(item, before=None) if isinstance(item, ParameterChange) else item
    assert found.intention == plain
    assert found.words == clause_of(plain)
    assert found.note == ("a reason" if isinstance(item, Payment) else "")


def test_calls_go_to_the_contracts_of_the_deployment() -> None:
    assert contract_at(HERE, call_of(HERE, ParameterChange("burnBps", 1), "").address) == (
        "ProtocolParams"
    )
    assert contract_at(HERE, HERE.votes) == "votes"
    assert contract_at(HERE, address_of(10**6)) == ""


@pytest.mark.parametrize(
    ("target", "data", "words"),
    [
        (HERE.params, b"", "unknown function 0x of ProtocolParams"),
        (HERE.params, b"\x12\x34\x56\x78", "unknown function 0x12345678 of ProtocolParams"),
        (address_of(10**6), b"\x12\x34\x56\x78", "not part of this deployment"),
        (HERE.votes, b"\x12\x34\x56\x78", "unknown function 0x12345678 of votes"),
    ],
)
def test_what_is_unknown_is_said_to_be(target: str, data: bytes, words: str) -> None:
    found = decode_call(HERE, target, data)
    assert words in found.words
    assert found.intention is None


def test_a_call_with_wrong_arguments_will_fail() -> None:
    call = call_of(HERE, ParameterChange("burnBps", 450), "")
    [found] = decode_calls(HERE, [call.address], [call.data[:40]])
    assert "will fail" in found.words


def test_trailing_bytes_are_not_hidden() -> None:
    call = call_of(HERE, ParameterChange("burnBps", 450), "")
    found = decode_call(HERE, call.address, call.data + bytes(32))
    assert found.intention is None
    assert found.words.startswith("calls ProtocolParams.set")


def test_an_unknown_parameter_is_no_intention() -> None:
    known = call_of(HERE, ParameterChange("burnBps", 450), "").data
    data = known[:4] + key_bytes("fish") + known[36:]
    assert decode_call(HERE, HERE.params, data).intention is None
    slash = call_of(HERE, SlashReduction(bytes(32), 5), "")
    assert decode_call(HERE, HERE.params, slash.data).intention is None
