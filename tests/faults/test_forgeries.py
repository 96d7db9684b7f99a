"""Signatures and secrets that were not given: no change, no other place, no second use passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.marketplace.api.test_siwe import KEY, NOW_S, PLAIN, check
from tests.unit.node.test_control_api import Spy, ask
from tests.unit.node.test_voucher_book import CLIENT, HERE, delegated, voucher

from neurovoyance.marketplace.api.siwe import check_signature, parse_message
from neurovoyance.node.control_api import ControlApi
from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.signing import Offer, recover_offer_signer, sign_offer
from neurovoyance.protocol.vouchers import SignedVoucher, recover_voucher_client

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OTHER_PLACE = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
OPERATOR = Account.from_key("0x" + "45" * 32)
OFFER = Offer(
    provider=Account.from_key("0x" + "46" * 32).address,
    spec_hash=b"\1" * 32,
    price_wei=10**18,
    lock_wei=10**19,
    valid_until_s=1_800_000_000,
    nonce=7,
)
SIGNATURE = sign_offer(OFFER, OPERATOR, chain_id=31337, market=MARKET)
PLACES = st.tuples(st.sampled_from([1, 31337, 31338]), st.sampled_from([MARKET, OTHER_PLACE]))
BITS = st.integers(0, 64 * 8 - 1)
TOKEN = "0123456789abcdef" * 4


def flipped(signature: bytes, bit: int) -> bytes:
    value = int.from_bytes(signature, "big") ^ (1 << (len(signature) * 8 - 1 - bit))
    return value.to_bytes(len(signature), "big")


def mirrored(signature: bytes) -> bytes:
    """The other signature of the same key and message, which curves allow and we do not."""
    high = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])


def signer(read: Callable[[], str]) -> str | None:
    try:
        return read()
    except (SignatureError, SpecError):
        return None


@given(place=PLACES, change=st.sampled_from(sorted(Offer.model_fields)), data=st.data())
@settings(max_examples=60)
def test_an_offer_holds_only_as_it_was_signed_and_where(
    place: tuple[int, str], change: str, data: st.DataObject
) -> None:
    values: dict[str, Any] = {
        "provider": st.just(OPERATOR.address),
        "client": st.just(OPERATOR.address),
        "spec_hash": st.binary(min_size=32, max_size=32),
        "valid_until_s": st.integers(0, 2**64 - 1),
        "nonce": st.integers(0, 2**256 - 1),
    }
    value = data.draw(values.get(change, st.integers(0, 2**96 - 1)))
    changed = OFFER.model_copy(update={change: value})
    found = recover_offer_signer(changed, SIGNATURE, chain_id=place[0], market=place[1])
    is_same = changed == OFFER and place == (31337, MARKET)
    assert (found == OPERATOR.address) is is_same


@given(bit=BITS)
@settings(max_examples=60)
def test_no_bit_of_a_signature_can_change(bit: int) -> None:
    def offer() -> str:
        broken = flipped(SIGNATURE, bit)
        return recover_offer_signer(OFFER, broken, chain_id=31337, market=MARKET)

    def paid() -> str:
        signed = voucher(10)
        broken = signed.model_copy(update={"signature": flipped(signed.signature, bit)})
        return recover_voucher_client(broken, **HERE)

    assert signer(offer) != OPERATOR.address
    assert signer(paid) != CLIENT.address


@pytest.mark.parametrize(
    "other", [mirrored, lambda s: s[:64] + bytes([s[64] - 27]), lambda s: s[:64] + bytes([62])]
)
def test_a_form_that_the_contract_refuses_is_refused_before(
    other: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(SignatureError):
        recover_offer_signer(OFFER, other(SIGNATURE), chain_id=31337, market=MARKET)
    signed = voucher(10)
    forged = signed.model_copy(update={"signature": other(signed.signature)})
    with pytest.raises(SignatureError):
        recover_voucher_client(forged, **HERE)


@pytest.mark.parametrize("length", [0, 64, 66])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureError):
        recover_offer_signer(OFFER, (SIGNATURE + b"\0")[:length], chain_id=31337, market=MARKET)


@given(place=PLACES, change=st.sampled_from(["payee", "cumulative_wei", "expiry_s", "channel_id"]))
@settings(max_examples=40)
def test_a_voucher_pays_only_whom_and_what_it_says(place: tuple[int, str], change: str) -> None:
    values = {
        "payee": OPERATOR.address,
        "cumulative_wei": 11,
        "expiry_s": 1,
        "channel_id": b"\2" * 32,
    }
    signed = voucher(10)
    forged = signed.model_copy(
        update={"voucher": signed.voucher.model_copy(update={change: values[change]})}
    )
    here = {"chain_id": place[0], "channels": place[1]}
    assert signer(lambda: recover_voucher_client(forged, **here)) != CLIENT.address
    at_home = place == (31337, HERE["channels"])
    found = signer(lambda: recover_voucher_client(signed, **here))
    assert (found == CLIENT.address) is at_home


@given(bit=BITS)
@settings(max_examples=40)
def test_a_delegate_needs_the_whole_permission(bit: int) -> None:
    signed: SignedVoucher = delegated(NOW_S)
    assert recover_voucher_client(signed, **HERE) == CLIENT.address
    assert signed.permission is not None
    forged = signed.model_copy(update={"permission": flipped(signed.permission, bit)})
    assert signer(lambda: recover_voucher_client(forged, **HERE)) != CLIENT.address


def test_an_offers_signature_is_no_vouchers() -> None:
    offer = sign_offer(OFFER, CLIENT, chain_id=31337, market=HERE["channels"])
    forged = voucher(10).model_copy(update={"signature": offer})
    assert signer(lambda: recover_voucher_client(forged, **HERE)) != CLIENT.address


@given(bit=BITS, later_s=st.integers(-(10**6), 10**6))
@settings(max_examples=40)
def test_a_sign_in_is_of_its_key_and_its_minutes(bit: int, later_s: int) -> None:
    signed = bytes(KEY.sign_message(encode_defunct(text=PLAIN)).signature)
    message = parse_message(PLAIN)
    check_signature(PLAIN, message, signed)
    with pytest.raises(SignatureError):
        check_signature(PLAIN, message, flipped(signed, bit))
    try:
        check(message, NOW_S + later_s)
    except SpecError:
        assert not -60 <= later_s <= 600
    else:
        assert -60 <= later_s <= 600


@given(guess=st.text("0123456789abcdef", max_size=80) | st.binary(max_size=80))
@settings(max_examples=60)
def test_no_guess_is_the_owners_token(guess: str | bytes) -> None:
    spy = Spy()
    text = guess if isinstance(guess, str) else guess.decode("latin-1")
    api = ControlApi(spy, TOKEN)  # type: ignore[arg-type]
    status, _ = asyncio.run(ask(api, text, b'{"rest": true}'))
    assert (status, spy.wishes) == (403, [])


@given(cut=st.integers(0, 63))
def test_a_part_of_the_owners_token_is_not_the_token(cut: int) -> None:
    spy = Spy()
    api = ControlApi(spy, TOKEN)  # type: ignore[arg-type]
    for given_token in (TOKEN[:cut], TOKEN[cut + 1 :], TOKEN + TOKEN[:cut] + "0"):
        assert asyncio.run(ask(api, given_token, b'{"rest": true}'))[0] == 403
    assert asyncio.run(ask(api, TOKEN))[0] == 200
    assert not spy.wishes
