"""Finding the opening of a revealed result in the data of the transaction that revealed it.

Challenges on a real chain are in ``tests/integration/test_disputes.py``.
"""

from __future__ import annotations

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.challenging import salts_in
from neurovoyance.protocol.result import Opening

KEY, SALT = b"\x0b" * 32, b"\x05" * 32
OPENING = Opening(b"\x01" * 32, b"\x02" * 32, b"\x01U" + b"\x03" * 34, KEY, -3, SALT)


def test_the_salt_is_found_in_the_call_that_reveals() -> None:
    data = contract_abi("JobMarket").encode_call("reveal", (b"\x07" * 32, OPENING.as_abi()))
    assert salts_in(data, KEY) == [SALT]


def test_it_is_found_when_another_contract_carried_the_call() -> None:
    inner = contract_abi("JobMarket").encode_call("reveal", (b"\x07" * 32, OPENING.as_abi()))
    assert SALT in salts_in(b"\x11" * 4 + bytes(64) + inner, KEY)
    assert SALT in salts_in(b"\x11" * 7 + inner, KEY)


def test_data_without_the_key_or_cut_short_gives_nothing() -> None:
    assert salts_in(b"", KEY) == []
    assert salts_in(b"\x00" * 200, KEY) == []
    assert salts_in(b"\x00" * 4 + KEY + b"\x00" * 32, KEY) == []


def test_every_place_of_the_key_is_a_candidate_aligned_ones_first() -> None:
    aligned = KEY + bytes(32) + SALT
    data = bytes(4) + b"\x00" * 7 + KEY + bytes(32) + b"\x09" * 32 + bytes(25) + aligned
    assert salts_in(data, KEY)[0] == SALT
    assert b"\x09" * 32 in salts_in(data, KEY)
