"""A stream tells every event once, and what was taken back."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.marketplace.market_events import (
    batch_of,
    busy_market,
    index_blocks,
    job_id,
    position,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.api.stream import STREAMS_MAX, Changes, Mark, Stream
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import RateLimited, SpecError


def drain(stream: Stream) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while part := stream.look():
        found += [(mark, kind) for mark, kind, _ in part]
    return found


def test_every_event_comes_once_and_a_rollback_is_told(
    database: Database, store: IndexStore
) -> None:
    blocks = busy_market(40)
    index_blocks(store, blocks[:3], "a", 1)
    stream = Stream(database, Changes(), None, Mark(0, 0))
    first = drain(stream)
    assert len(first) == sum(len(block) for block in blocks[:3])
    replaced = busy_market(40, chain="b")[2]
    back = batch_of(position(store), replaced, Checkpoint(3, "0xb"), 2)
    store.apply(back, times(replaced))
    second = drain(stream)
    assert second[0][1] == "rollback"
    assert len(second) == 1 + len(replaced)
    index = [kind for _, kind in first].index("JobPosted")
    resumed = Stream(database, Changes(), None, Mark.parse(first[index][0]))
    assert "rollback" not in [kind for _, kind in drain(resumed)]


def test_one_job_can_be_followed_alone(database: Database, store: IndexStore) -> None:
    index_blocks(store, busy_market(20), "a", 9)
    stream = Stream(database, Changes(), "0x" + job_id(3).hex(), Mark(0, 0))
    assert [kind for _, kind in drain(stream)] == [
        "JobPosted",
        "StakeLocked",
        "JobAssigned",
        "JobCommitted",
        "StakeUnlocked",
        "JobSettled",
    ]


async def test_a_waiting_stream_is_woken_by_a_change(database: Database, store: IndexStore) -> None:
    changes = Changes()
    iterator = aiter(Stream(database, changes, None, None))
    async with asyncio.timeout(90):
        assert (await anext(iterator))[1] == "ping"
        index_blocks(store, busy_market(1)[:1], "a", 1)
        waiting = asyncio.ensure_future(anext(iterator))
        await asyncio.sleep(0)
        changes.tell()
        assert (await waiting)[1] == "Deposited"
        assert changes.streams == 1
    await iterator.aclose()  # type: ignore[attr-defined]
    assert changes.streams == 0


def test_streams_are_limited_and_marks_are_checked() -> None:
    changes = Changes()
    changes.streams = STREAMS_MAX
    with pytest.raises(RateLimited):
        changes.admit()
    for text in ("", "1", "1.2.3", "-1.0", "١.0", "9" * 30 + ".0"):
        with pytest.raises(SpecError):
            Mark.parse(text)
    assert str(Mark.parse("12.3")) == "12.3"
