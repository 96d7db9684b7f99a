"""A provider's delegators are worth what the pool says; its record is jobs, not an uptime."""

from __future__ import annotations

import pytest
from tests.unit.marketplace.market_events import (
    LOCK_WEI,
    PRICE_WEI,
    Maker,
    address,
    index_blocks,
    job_id,
    settle,
    start,
    take,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.dapp.provider_record import ProviderRecord
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.money import EPOCH_S
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.delegation import to_shares

PROVIDER, SMALL, LARGE = address(200), address(500), address(501)
NOW_S = 1_000_000 + 12 * 3


@pytest.fixture
def record(database: Database, store: IndexStore) -> ProviderRecord:
    first, second = Maker("a", 1), Maker("a", 2)
    start(first, 0)
    for number in range(3):
        take(first, number, 0)
    first.add(on_chain.Delegated, PROVIDER, SMALL, 100, to_shares(100, 0, 0))
    first.add(on_chain.Delegated, PROVIDER, LARGE, 300, to_shares(300, 100, 100 * 10**6))
    settle(second, 0, 0)
    late = JobState.PROVIDER_COMMIT_TIMEOUT
    second.add(on_chain.JobExpired, job_id(1), late, PRICE_WEI)
    second.add(on_chain.StakeUnlocked, PROVIDER, job_id(1), LOCK_WEI)
    second.add(on_chain.JobCancelled, job_id(2), PRICE_WEI)
    second.add(on_chain.StakeUnlocked, PROVIDER, job_id(2), LOCK_WEI)
    half = to_shares(300, 100, 100 * 10**6) // 2
    second.add(on_chain.UndelegationRequested, PROVIDER, LARGE, half, 150, 9_999_999)
    second.add(on_chain.EmissionRegistered, PROVIDER, 1, 5, 6, 9_500, 1)
    index_blocks(store, [first.made, second.made], "a", 2)
    return ProviderRecord(database)


def test_delegators_come_by_size_and_what_unbonds_is_apart(record: ProviderRecord) -> None:
    assert record.delegators(PROVIDER) == [
        {"delegator": LARGE, "staked_wei": "150", "leaving_wei": "150"},
        {"delegator": SMALL, "staked_wei": "100", "leaving_wei": "0"},
    ]
    assert record.delegators(SMALL) == []


def test_a_week_counts_jobs_that_ended_by_whether_their_deadlines_were_kept(
    record: ProviderRecord,
) -> None:
    *before, now = record.weeks(PROVIDER, NOW_S, 2)
    assert now == {"week_s": NOW_S // EPOCH_S * EPOCH_S, "kept": 1, "missed": 2}
    assert before == [{"week_s": (NOW_S // EPOCH_S - 1) * EPOCH_S, "kept": 0, "missed": 0}]
    assert record.weeks(SMALL, NOW_S, 1)[0]["missed"] == 0


def test_the_score_is_the_newest_that_was_counted(record: ProviderRecord) -> None:
    assert record.score(PROVIDER) == {"epoch": 1, "score_bps": 9_500}
    assert record.score(SMALL) is None
