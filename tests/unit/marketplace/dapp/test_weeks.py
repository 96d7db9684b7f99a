"""Weeks sum what was claimed and split in them, over all providers, without gaps."""

from __future__ import annotations

from tests.unit.marketplace.market_events import Maker, address, index_blocks

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.dapp.weeks import weeks_of
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.money import EPOCH_S
from neurovoyance.marketplace.indexer.store import IndexStore

NOTHING = dict.fromkeys(("emission_wei", "work_wei", "avail_wei", "fees_wei", "burned_wei"), "0")


def test_a_week_is_the_sum_of_its_providers(database: Database, store: IndexStore) -> None:
    maker = Maker("a", 1)
    for who, epoch in ((200, 5), (201, 5), (200, 3)):
        maker.add(on_chain.FeesSplit, address(who), epoch, 100, 4, 3, 2, 1, 50, 40)
        maker.add(on_chain.EmissionClaimed, address(who), epoch, 7, 20, 5, 10, 17)
    index_blocks(store, [maker.made], "a", 1)
    found = weeks_of(database, 6 * EPOCH_S + 1, 3)
    assert found["emission_wei"] == str(3 * 27), "of all time, older weeks too"
    sums = dict(zip(NOTHING, map(str, (54, 14, 40, 200, 8)), strict=True))
    assert found["items"] == [
        {"epoch": 4, "start_s": 4 * EPOCH_S, **NOTHING},
        {"epoch": 5, "start_s": 5 * EPOCH_S, **sums},
        {"epoch": 6, "start_s": 6 * EPOCH_S, **NOTHING},
    ]


def test_no_week_is_before_the_first(database: Database, store: IndexStore) -> None:
    found = weeks_of(database, EPOCH_S, 9)
    assert ([week["epoch"] for week in found["items"]], found["emission_wei"]) == ([0, 1], "0")
