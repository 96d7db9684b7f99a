"""Standing offers: one canonical form, a digest that binds everything, early refusals in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.protocol.errors import NeurovoyanceError, SignatureError, SpecError
from neurovoyance.protocol.ids import keccak256
from neurovoyance.protocol.standing_offers import (
    HELD_MAX,
    STANDING_MAX_BYTES,
    SignedStandingOffer,
    StandingOffer,
    parse_standing_offer,
    recover_standing_signer,
    standing_offer_message,
)

from .made_offers import CHAIN_ID, MARKET, NOW_S, account, body, offer, owner, signed

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "offers.json").read_text(encoding="utf-8")
)


def digest_of(some: StandingOffer, chain_id: int, market: str) -> bytes:
    message = standing_offer_message(some, chain_id=chain_id, market=market)
    return keccak256(b"\x19" + message.version + message.header + message.body)


@pytest.mark.parametrize("vector", VECTORS["offers"])
def test_vectors(vector: dict[str, Any]) -> None:
    some = StandingOffer.model_validate(vector["offer"])
    chain_id = int(vector["chain_id"])
    assert some.canonical_bytes().decode() == vector["canonical"]
    assert "0x" + keccak256(some.canonical_bytes()).hex() == vector["body_hash"]
    assert "0x" + digest_of(some, chain_id, vector["market"]).hex() == vector["digest"]
    whole = SignedStandingOffer.model_validate(
        {"offer": vector["offer"], "signature": vector["signature"]}
    )
    signer = recover_standing_signer(whole, chain_id=chain_id, market=vector["market"])
    assert signer == vector["signer"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["why"])
def test_refused_vectors(vector: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        parse_standing_offer(json.dumps(vector["signed"]).encode())


def test_what_is_sent_is_read_again_and_names_its_signer() -> None:
    read = parse_standing_offer(signed().wire_bytes())
    assert read == signed()
    assert recover_standing_signer(read, chain_id=CHAIN_ID, market=MARKET) == account(1).address
    assert json.loads(read.offer.canonical_bytes()) == body() | {
        "min_lock_wei": "0",
        "devices": [{"device": "cpu", "per_second_wei": "1000000000000000", "per_unit_wei": "0"}],
    }


CHANGES: list[dict[str, Any]] = [
    {"provider": owner(2)},
    {"endpoint": "https://node.example:8421"},
    {"seq": 2},
    {"issued_s": NOW_S - 1},
    {"expires_s": NOW_S + 901},
    {"base_price_wei": "10000000000000001"},
    {"devices": [{"device": "cpu", "per_second_wei": "1000000000000001"}]},
    {"held": []},
    {"held": [{"model_id": "0x" + "11" * 32, "load_ms": 121}]},
    {"job_classes": ["TENSOR", "EXACT"]},
    {"slots": 3},
    {"occupied": 0},
    {"max_runtime_s": 3_601},
    {"memory_bytes": 0},
    {"lock_multiple": 21},
    {"min_lock_wei": "1"},
]


def test_every_field_changes_the_digest() -> None:
    assert {next(iter(change)) for change in CHANGES} == set(StandingOffer.model_fields)
    digests = {digest_of(offer(**change), CHAIN_ID, MARKET) for change in [{}, *CHANGES]}
    digests |= {digest_of(offer(), CHAIN_ID + 1, MARKET), digest_of(offer(), CHAIN_ID, owner(9))}
    assert len(digests) == len(CHANGES) + 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"extra": 1}, "extra"),
        ({"seq": 0}, "seq"),
        ({"expires_s": NOW_S}, "expires_s"),
        ({"expires_s": NOW_S + 3_601}, "expires_s"),
        ({"endpoint": "ftp://x"}, "endpoint|URL"),
        ({"endpoint": "http://x/" + "y" * 256}, "endpoint"),
        ({"base_price_wei": str(2**96)}, "base_price_wei"),
        ({"base_price_wei": 0.5}, "base_price_wei"),
        ({"devices": []}, "devices"),
        ({"devices": [{"device": "cpu"}] * 2}, "devices: each"),
        ({"devices": [{"device": "CPU"}]}, "devices.0.device"),
        ({"held": [{"model_id": "0x11"}]}, "held.0.model_id"),
        ({"held": [{"model_id": "0x" + "11" * 32}] * 2}, "held: each"),
        ({"job_classes": ["BEST"]}, "job_classes"),
        ({"lock_multiple": 0}, "lock_multiple"),
        ({"provider": "0x1"}, "not an address"),
        ({"slots": True}, "slots"),
    ],
)
def test_faults_are_named(change: dict[str, Any], words: str) -> None:
    raw = json.dumps({"offer": body(**change), "signature": "0x" + "00" * 65}).encode()
    with pytest.raises(SpecError, match=words):
        parse_standing_offer(raw)


def test_the_largest_sound_offer_fits_and_anything_longer_is_not_read() -> None:
    held = [{"model_id": f"0x{n:064x}", "load_ms": 2**32 - 1} for n in range(HELD_MAX)]
    assert len(signed(held=held).wire_bytes()) < STANDING_MAX_BYTES
    with pytest.raises(SpecError, match="longer than"):
        parse_standing_offer(b" " * (STANDING_MAX_BYTES + 1))


def test_a_signature_that_is_none_is_a_signature_error() -> None:
    whole = SignedStandingOffer(offer=offer(), signature=b"\xff" * 65)
    with pytest.raises(SignatureError, match="standing offer's signature"):
        recover_standing_signer(whole, chain_id=CHAIN_ID, market=MARKET)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["offer", "signature", "seq"]), inner, max_size=3)
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_junk_is_refused_with_an_error_of_ours(raw: bytes) -> None:
    with pytest.raises(NeurovoyanceError):
        parse_standing_offer(raw)
