"""Prices, refusals, and how much may be promised at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.execution_values import Terms
from neurovoyance.node.journal import Journal
from neurovoyance.node.offering import (
    OFFER_VALID_S,
    OfferSigner,
    PricePolicy,
    Room,
    has_room_to_accept,
    quote,
    refusal_for_offer,
    refusal_for_stake,
)
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.signing import OFFER_MAX_S, recover_offer_signer
from neurovoyance.protocol.units import UINT96_MAX, nvy

POLICY = PricePolicy(
    base_price_wei=10, price_per_second_wei=3, lock_multiple=20, min_lock_wei=100, max_runtime_s=600
)
SPEC = JobSpec(model_id=b"\x01" * 32, input_cid=b"\x02" * 36, max_runtime_s=60)
STAKED = nvy("2000")
ROOM = Room(
    slots=2, occupied=0, promised=0, own_stake_wei=STAKED, free_stake_wei=STAKED, promised_wei=0
)
CLIENT = Address("0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
MARKET = "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"


def cause_of(result: Terms | Refusal | None) -> RefusalCause | None:
    return result.cause if isinstance(result, Refusal) else None


def test_the_price_is_base_plus_rate_times_the_longest_runtime() -> None:
    assert POLICY.terms(SPEC) == Terms(price_wei=10 + 3 * 60, lock_wei=20 * 190)


def test_the_lock_is_never_below_either_minimum() -> None:
    cheap = replace(POLICY, base_price_wei=0, price_per_second_wei=0)
    assert cheap.terms(SPEC).lock_wei == 100
    assert cheap.terms(SPEC, min_lock_wei=101).lock_wei == 101


@given(
    base=st.integers(0, 10**24),
    rate=st.integers(0, 10**20),
    multiple=st.integers(5, 100),
    runtime_s=st.integers(1, 14_400),
)
def test_terms_are_exact_integers_that_rise_with_the_runtime(
    base: int, rate: int, multiple: int, runtime_s: int
) -> None:
    policy = PricePolicy(base, rate, multiple, 0, 14_400)
    terms = policy.terms(SPEC.model_copy(update={"max_runtime_s": runtime_s}))
    assert terms.price_wei - rate * runtime_s == base
    assert terms.lock_wei == multiple * terms.price_wei
    assert type(terms.price_wei) is int


def test_a_price_at_the_clients_maximum_is_taken_and_one_wei_less_refused() -> None:
    assert quote(POLICY, SPEC, 190, 0) == Terms(190, 3_800)
    refused = quote(POLICY, SPEC, 189, 0)
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.PRICE
    assert "0.00000000000000019 NVY" in refused.message


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"job_class": JobClass.GENERATION}, RefusalCause.CLASS),
        ({"job_class": JobClass.TRAINING}, RefusalCause.CLASS),
        ({"max_runtime_s": 601}, RefusalCause.TIME),
    ],
)
def test_a_job_of_another_kind_is_refused_with_its_cause(
    change: dict[str, object], cause: RefusalCause
) -> None:
    assert cause_of(quote(POLICY, SPEC.model_copy(update=change), UINT96_MAX, 0)) is cause


def test_a_lock_beyond_the_markets_record_is_refused() -> None:
    assert cause_of(quote(POLICY, SPEC, UINT96_MAX, UINT96_MAX + 1)) is RefusalCause.STAKE


def test_stake_below_the_protocols_minimum_takes_no_job() -> None:
    poor = replace(ROOM, own_stake_wei=nvy("999"))
    assert cause_of(refusal_for_stake(1, poor)) is RefusalCause.STAKE


def test_promised_stake_is_not_promised_twice() -> None:
    assert refusal_for_stake(STAKED, ROOM) is None
    assert cause_of(refusal_for_stake(STAKED, replace(ROOM, promised_wei=1))) is RefusalCause.STAKE


def test_offers_stop_where_all_taken_at_once_could_not_be_computed_in_time() -> None:
    assert refusal_for_offer(1, replace(ROOM, occupied=2, promised=1)) is None
    full = replace(ROOM, occupied=2, promised=2)
    assert cause_of(refusal_for_offer(1, full)) is RefusalCause.BUSY


def test_a_listing_needs_a_free_slot_and_no_overbooking() -> None:
    assert has_room_to_accept(1, replace(ROOM, occupied=1))
    assert not has_room_to_accept(1, replace(ROOM, occupied=2))
    assert not has_room_to_accept(1, replace(ROOM, promised=4))
    assert not has_room_to_accept(STAKED + 1, ROOM)


def test_an_offer_is_journalled_valid_for_minutes_and_signed_by_the_operator(
    tmp_path: Path,
) -> None:
    account = Account.create()
    provider = Address("0xcccccccccccccccccccccccccccccccccccccccc")
    journal = Journal(tmp_path / "journal.sqlite", {"chain_id": "31337"})
    signer = OfferSigner(provider, account, 31337, MARKET, journal)
    offer, signature = signer.sign(SPEC, CLIENT, Terms(190, 3_800), 1_000)
    assert offer.valid_until_s == 1_000 + OFFER_VALID_S <= 1_000 + OFFER_MAX_S
    recovered = recover_offer_signer(offer, signature, chain_id=31337, market=MARKET)
    assert recovered == account.address
    [record] = journal.live_offers(1_000)
    assert (record.nonce, record.lock_wei) == (offer.nonce, 3_800)
    assert journal.live_offers(offer.valid_until_s + 1) == []
    journal.close()


def test_two_offers_never_share_a_nonce(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", {"chain_id": "31337"})
    signer = OfferSigner(CLIENT, Account.create(), 31337, MARKET, journal)
    nonces = {signer.sign(SPEC, CLIENT, Terms(1, 1), 0)[0].nonce for _ in range(5)}
    assert len(nonces) == 5
    journal.close()
