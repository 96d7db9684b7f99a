"""EIP-4361: what the grammar allows is read, everything else is refused, nothing is replayed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.marketplace.api.siwe import (
    AGE_MAX_S,
    SignIn,
    check_message,
    check_signature,
    parse_message,
)
from neurovoyance.protocol.errors import SignatureError, SpecError

KEY = Account.from_key(b"\1" * 32)
NOW_S = 1_800_000_000
ISSUED = datetime.fromtimestamp(NOW_S, UTC).isoformat().replace("+00:00", "Z")
PLAIN = (
    f"localhost:8650 wants you to sign in with your Ethereum account:\n{KEY.address}\n\n\n"
    f"URI: http://localhost:8650/in\nVersion: 1\nChain ID: 31337\nNonce: abcdefgh12345678\n"
    f"Issued At: {ISSUED}"
)
# The EIP's own example, with a checksummed address.
EXAMPLE = """https://example.com wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""


def check(message: SignIn, now_s: float = NOW_S) -> None:
    check_message(message, domains={"localhost:8650"}, chain_id=31337, now_s=now_s)


def test_the_example_of_the_eip_is_read() -> None:
    found = parse_message(EXAMPLE)
    assert (found.scheme, found.domain, found.chain_id) == ("https", "example.com", 1)
    assert (found.nonce, found.issued_at_s) == ("32891756", 1_633_019_124)


def test_a_plain_message_of_this_moment_is_taken() -> None:
    check(parse_message(PLAIN))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 1", "Version: 2"),
        ("\n\n\n", "\n\n"),
        (KEY.address, KEY.address.lower()),
        ("Nonce: abcdefgh12345678", "Nonce: short"),
        ("Nonce: abcdefgh12345678", "Nonce: abc efgh"),
        ("Chain ID: 31337", "Chain ID: x"),
        ("URI: ", "Uri: "),
        (ISSUED, ISSUED[:-1]),
        (ISSUED, "2027-13-45T00:00:00Z"),
        (ISSUED, ISSUED + "\n"),
        (ISSUED, ISSUED + "\nRequest ID: 1\nNot Before: " + ISSUED),
        ("\n", "\r\n"),
        (" wants", "  wants"),
    ],
)
def test_a_message_that_breaks_the_grammar_is_refused(old: str, new: str) -> None:
    with pytest.raises(SpecError):
        parse_message(PLAIN.replace(old, new))


@given(st.integers(0, len(PLAIN) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_goes_unnoticed(place: int, character: str) -> None:
    """Every change is refused, reads differently, or breaks the signature."""
    text = PLAIN[:place] + character + PLAIN[place + 1 :]
    if text == PLAIN:
        return
    signature = bytes(KEY.sign_message(encode_defunct(text=PLAIN)).signature)
    with pytest.raises((SpecError, SignatureError)):
        check_signature(text, parse_message(text), signature)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"domain": "evil.example"}, "not this service"),
        ({"uri": "http://evil.example/"}, "URI"),
        ({"scheme": "https"}, "scheme"),
        ({"chain_id": 1}, "Chain ID"),
        ({"issued_at_s": NOW_S + 61}, "future"),
        ({"issued_at_s": NOW_S - AGE_MAX_S - 1}, "ago"),
        ({"expires_at_s": NOW_S}, "Expiration"),
        ({"not_before_s": NOW_S + 61}, "Not Before"),
    ],
)
def test_a_message_for_another_place_or_time_is_refused(
    change: dict[str, object], word: str
) -> None:
    with pytest.raises(SpecError, match=word):
        check(replace(parse_message(PLAIN), **change))  # type: ignore[arg-type]


def test_another_key_does_not_sign_in() -> None:
    other = Account.from_key(b"\2" * 32)
    signature = bytes(other.sign_message(encode_defunct(text=PLAIN)).signature)
    with pytest.raises(SignatureError, match="another key"):
        check_signature(PLAIN, parse_message(PLAIN), signature)
