"""The time to a result is what two blocks say, of settled jobs alone, and no mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.marketplace.market_events import (
    SPEC,
    Maker,
    index_blocks,
    job_id,
    settle,
    start,
    take,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.dapp import latency
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import hex_of

BLOCK_S = 12
MODEL = hex_of(SPEC.model_id)


def reveal(maker: Maker, number: int) -> None:
    maker.add(on_chain.JobRevealed, job_id(number), b"\1" * 32, b"\2" * 36, b"\3" * 32, b"", 9_999)


@pytest.fixture
def told(database: Database, store: IndexStore) -> Database:
    """Jobs 0 to 2 taken in block 1, revealed in 2, 4 and 4; the last one is not settled."""
    first, second, last = (Maker("a", number) for number in (1, 2, 4))
    start(first, 0)
    for number in range(3):
        take(first, number, 0)
    reveal(second, 0)
    reveal(last, 1)
    reveal(last, 2)
    settle(last, 0, 0)
    settle(last, 1, 0)
    index_blocks(store, [first.made, second.made, [], last.made], "a", 4)
    return database


def test_only_settled_jobs_count(told: Database) -> None:
    with told.reader.connect() as connection:
        assert {m: sorted(s) for m, s in latency.latencies(connection).items()} == {
            MODEL: [BLOCK_S, 3 * BLOCK_S]
        }
        assert latency.latencies(connection, MODEL).keys() == {MODEL}
        assert latency.latencies(connection, "0x" + "ff" * 32) == {}


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_what_is_said_was_measured(seconds: list[int]) -> None:
    said = latency.wire(seconds)
    assert {said["latency_s"], said["latency_p90_s"]} <= set(seconds)
    assert min(seconds) <= said["latency_s"] <= said["latency_p90_s"] <= max(seconds)
    assert said["latency_jobs"] == len(seconds)


def test_nothing_measured_is_nothing_said() -> None:
    assert latency.wire([]) == {"latency_s": None, "latency_p90_s": None, "latency_jobs": 0}
    assert latency.wire([9, 1, 2])["latency_s"] == 2
