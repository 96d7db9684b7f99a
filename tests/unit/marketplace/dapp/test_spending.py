"""What was spent is what left for good: no deposit, no escrow, no refund, no withdrawal."""

from __future__ import annotations

import pytest
from tests.unit.marketplace.indexer.test_movements import CHANNEL_ID, transfer
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    PRICE_WEI,
    Maker,
    address,
    batch_of,
    block_hash,
    index_blocks,
    position,
    refund,
    settle,
    start,
    take,
    times,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.dapp.spending import DAY_S, WEEK_S, spending_of
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore

CLIENT, PROVIDER = address(100), address(200)
SETTLED_S = 1_000_000 + 12 * 2


@pytest.fixture
def spent(database: Database, store: IndexStore) -> Database:
    """Of three jobs one is paid, one refunded, one under way; then a withdrawal."""
    first, paid, back, out = (Maker("a", number) for number in (1, 2, 3, 4))
    start(first, 0)
    for number in range(3):
        take(first, number, 0)
    settle(paid, 0, 0)
    refund(back, 1, 0)
    out.add(on_chain.Withdrawn, CLIENT, 10**18)
    transfer(out, DEPLOYMENT.token, DEPLOYMENT.market, CLIENT, 10**18)
    index_blocks(store, [first.made, paid.made, back.made, out.made], "a", 4)
    return database


@pytest.mark.parametrize(
    ("now_s", "day_wei", "week_wei"),
    [
        (SETTLED_S + DAY_S - 1, PRICE_WEI, PRICE_WEI),
        (SETTLED_S + DAY_S, 0, PRICE_WEI),
        (SETTLED_S + WEEK_S - 1, 0, PRICE_WEI),
        (SETTLED_S + WEEK_S, 0, 0),
    ],
)
def test_a_paid_job_is_its_price_until_it_is_too_old(
    spent: Database, now_s: int, day_wei: int, week_wei: int
) -> None:
    assert spending_of(spent, CLIENT, now_s) == {
        "day_wei": str(day_wei),
        "week_wei": str(week_wei),
        "live_jobs": 1,
        "open_channels": 0,
        "time_s": now_s,
    }


def test_whoever_earns_or_only_holds_money_spends_nothing(spent: Database) -> None:
    for account in (PROVIDER, address(9_999)):
        found = spending_of(spent, account, SETTLED_S)
        assert (found["week_wei"], found["live_jobs"]) == ("0", 0)


def test_a_chat_costs_what_was_redeemed(database: Database, store: IndexStore) -> None:
    first, second, third = (Maker("a", number) for number in (1, 2, 3))
    first.add(on_chain.ChannelOpened, CHANNEL_ID, CLIENT, 60)
    first.add(on_chain.PayeeAllotted, CHANNEL_ID, PROVIDER, 50, 50, 20, 0)
    second.add(on_chain.VoucherRedeemed, CHANNEL_ID, PROVIDER, 20, 20, bytes(32), 5, 99)
    index_blocks(store, [first.made, second.made], "a", 2)
    found = spending_of(database, CLIENT, SETTLED_S)
    assert (found["week_wei"], found["open_channels"]) == ("20", 1)
    third.add(on_chain.ReserveReturned, CHANNEL_ID, PROVIDER, 30)
    transfer(third, DEPLOYMENT.token, address(9), CLIENT, 30)
    to = Checkpoint(3, block_hash("a", 3))
    store.apply(batch_of(position(store), third.made, to), times(third.made))
    assert spending_of(database, CLIENT, SETTLED_S)["week_wei"] == "20", "the rest came back"


def test_a_listing_that_was_withdrawn_cost_nothing(database: Database, store: IndexStore) -> None:
    first, second = Maker("a", 1), Maker("a", 2)
    start(first, 0)
    take(first, 1, 0)
    refund(second, 1, 0)
    index_blocks(store, [first.made, second.made], "a", 2)
    found = spending_of(database, CLIENT, SETTLED_S)
    assert (found["week_wei"], found["live_jobs"]) == ("0", 0)
