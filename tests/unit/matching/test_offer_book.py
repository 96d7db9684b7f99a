"""The book holds the newest sound offer of each provider; all others are counted by cause."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.protocol.made_offers import CHAIN_ID, MARKET, NOW_S, account, owner, signed

from neurovoyance.matching.offer_book import DROPPED_WORDS, Dropped, OfferBook, Standing
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.standing_offers import (
    CLOCK_TOLERANCE_S,
    STANDING_MAX_BYTES,
    SignedStandingOffer,
)

STAKE_WEI = 1_000


def book(max_offers: int = 10) -> OfferBook:
    return OfferBook(
        chain_id=CHAIN_ID, market=MARKET, min_stake_wei=STAKE_WEI, max_offers=max_offers
    )


def standing(number: int = 1, stake_wei: int = STAKE_WEI) -> Standing:
    return Standing(Address(account(number).address), stake_wei, stake_wei)


def put(
    into: OfferBook, offer: SignedStandingOffer, number: int = 1, now_s: int = NOW_S
) -> Dropped | None:
    read = into.read(offer.wire_bytes(), now_s)
    return read if isinstance(read, Dropped) else into.admit(read, standing(number), now_s)


def test_a_sound_offer_is_listed_until_it_is_over() -> None:
    some = book()
    assert put(some, signed()) is None
    assert [item.signed for item in some.live(NOW_S + 900)] == [signed()]
    assert some.live(NOW_S + 901) == []
    assert not some.dropped


@pytest.mark.parametrize(
    ("offer", "now_s", "cause"),
    [
        (signed(), NOW_S + 901, Dropped.EXPIRED),
        (signed(), NOW_S - CLOCK_TOLERANCE_S - 1, Dropped.FUTURE),
        (signed(by=2), NOW_S, Dropped.SIGNATURE),
    ],
)
def test_unsound_offers_are_dropped_and_counted(
    offer: SignedStandingOffer, now_s: int, cause: Dropped
) -> None:
    some = book()
    assert put(some, offer, now_s=now_s) is cause
    assert some.dropped == {cause: 1}
    assert len(some) == 0


def test_oversized_and_malformed_bytes_are_dropped_unread() -> None:
    some = book()
    assert some.read(b"x" * (STANDING_MAX_BYTES + 1), NOW_S) is Dropped.OVERSIZED
    assert some.read(b"{}", NOW_S) is Dropped.MALFORMED
    assert some.dropped == {Dropped.OVERSIZED: 1, Dropped.MALFORMED: 1}


def test_another_market_and_junk_are_no_signature() -> None:
    other = OfferBook(chain_id=CHAIN_ID + 1, market=MARKET, min_stake_wei=0)
    assert put(other, signed()) is Dropped.SIGNATURE
    junk = SignedStandingOffer(offer=signed().offer, signature=b"\xff" * 65)
    assert put(book(), junk) is Dropped.SIGNATURE


def test_without_stake_nobody_is_listed() -> None:
    some = book()
    assert some.admit(signed(), standing(stake_wei=STAKE_WEI - 1), NOW_S) is Dropped.UNSTAKED


def test_a_higher_number_replaces_and_a_lower_one_never_comes_back() -> None:
    some = book()
    assert put(some, signed(seq=5)) is None
    version = some.version
    assert put(some, signed(seq=5)) is None, "the same again"
    assert some.version == version
    assert put(some, signed(seq=5, slots=9)) is Dropped.OLDER
    assert put(some, signed(seq=4)) is Dropped.OLDER
    short = signed(seq=6, expires_s=NOW_S + 10)
    assert put(some, short) is None
    assert [item.signed for item in some.live(NOW_S)] == [short]
    assert some.live(NOW_S + 11) == []
    assert put(some, signed(seq=5), now_s=NOW_S + 11) is Dropped.OLDER
    assert some.dropped == {Dropped.OLDER: 3}


def test_a_full_book_takes_no_newcomer_until_one_is_over() -> None:
    some = book(max_offers=1)
    assert put(some, signed(1)) is None
    assert put(some, signed(2), 2) is Dropped.FULL
    assert put(some, signed(1, seq=2, expires_s=NOW_S + 5)) is None
    assert put(some, signed(2), 2, now_s=NOW_S + 6) is None


def test_every_cause_has_words() -> None:
    assert set(DROPPED_WORDS) == set(Dropped)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 4)), max_size=6))
def test_in_whatever_order_they_come_the_newest_stays(arrivals: list[tuple[int, int]]) -> None:
    some = book()
    for number, seq in arrivals:
        put(some, signed(number, seq=seq), number)
    newest = {owner(number): max(s for n, s in arrivals if n == number) for number, _ in arrivals}
    listed = {item.signed.offer.provider: item.signed.offer.seq for item in some.live(NOW_S)}
    assert listed == newest


def test_a_follower_hears_of_every_change_once() -> None:
    some = book()
    assert put(some, signed()) is None
    assert [item and item.signed for item in some.take_changes().values()] == [signed()]
    assert some.take_changes() == {}
    newer = signed(seq=2, expires_s=NOW_S + 60)
    assert put(some, newer) is None
    assert put(some, signed(2), 2) is None
    some.expire(NOW_S + 60)
    assert {item and item.signed for item in some.take_changes().values()} == {newer, signed(2)}
    some.expire(NOW_S + 61)
    assert some.take_changes() == {owner(1): None}
    assert [item.signed for item in some.live(NOW_S + 61)] == [signed(2)]
