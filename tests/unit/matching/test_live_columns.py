"""Whatever changes, and in whatever order, the rows are those of everybody who is listed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.protocol.made_offers import MARKET, offer

from neurovoyance.matching.candidates import Candidate, candidate_of
from neurovoyance.matching.live_columns import LiveColumns
from neurovoyance.matching.offer_book import Listed, Standing
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.standing_offers import SignedStandingOffer

from .made_candidates import address

BASE, STANDING = offer(), Standing(MARKET, 10**20, 10**20)
DEVICES = [
    {"device": "cpu", "per_second_wei": "5"},
    {"device": "cuda", "per_second_wei": "9"},
]


def listed(number: int, price_wei: int) -> Listed:
    """Return an offer as the book lists it; nobody looks at its signature here."""
    made = BASE.model_copy(update={"provider": address(number), "base_price_wei": price_wei})
    return Listed(SignedStandingOffer.model_construct(offer=made, signature=b""), STANDING)


def candidate(number: int, price_wei: int, record: Record) -> Candidate:
    made = candidate_of(
        listed(number, price_wei).signed.offer,
        operator=MARKET,
        free_stake_wei=STANDING.free_stake_wei,
        record=record,
    )
    assert made is not None
    return made


prices = st.dictionaries(st.integers(1, 6), st.none() | st.integers(1, 3), max_size=4)
records = st.none() | st.dictionaries(st.integers(1, 6), st.builds(Record, st.integers(0, 2)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(prices, records), max_size=5))
def test_rows_are_those_of_everybody_listed(
    turns: list[tuple[dict[int, int | None], dict[int, Record] | None]],
) -> None:
    live = LiveColumns()
    now: dict[int, int] = {}
    known: dict[int, Record] = {}
    for changes, told in turns:
        now = {n: price for n, price in (now | changes).items() if price is not None}
        known = known if told is None else told
        live.follow(
            {
                address(n): None if price is None else listed(n, price)
                for n, price in changes.items()
            },
            None if told is None else {address(n): record for n, record in told.items()},
        )
        expected = [candidate(n, price, known.get(n, Record())) for n, price in now.items()]
        assert sorted(map(repr, live.columns.candidates)) == sorted(map(repr, expected))


def test_rows_that_did_not_change_are_not_made_again() -> None:
    live = LiveColumns()
    first = live.follow({address(n): listed(n, n) for n in (1, 2, 3)})
    assert live.follow({}) is first
    second = live.follow({address(2): listed(2, 9), address(3): None})
    assert [one.base_price_wei for one in second.candidates] == [1, 9]
    assert second.candidates[0] is first.candidates[0]
    third = live.follow({}, {address(1): Record(), address(2): Record(3)})
    assert third.candidates[0] is first.candidates[0]
    assert third.candidates[1].record == Record(3)


def test_one_kind_of_device_is_another_question() -> None:
    live = LiveColumns()
    both = BASE.model_copy(update={"devices": offer(devices=DEVICES).devices})
    signed = SignedStandingOffer.model_construct(offer=both, signature=b"")
    live.follow({both.provider: Listed(signed, STANDING)})
    assert [one.device for one in live.columns.candidates] == ["cpu"]
    assert [one.device for one in live.of_device("cuda").candidates] == ["cuda"]
    assert live.of_device("tpu").candidates == ()
