"""Progress and streams follow an index that another process writes, rollbacks included."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    batch_of,
    busy_market,
    index_blocks,
    position,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.api.stream import Changes, Mark, Stream
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.indexer.watching import IndexWatch, standing_of
from neurovoyance.protocol.errors import RpcError


class Watched:
    """A watch over a database, and all that it can be told."""

    def __init__(self, database: Database) -> None:
        self.progress, self.changes = Progress(), Changes()
        self.told = 0
        self.doer = ("one", "")
        self.is_chain_away = False
        self.watch = IndexWatch(
            database,
            self.progress,
            on_change=self._tell,
            time_s=self._time_s,
            doer=lambda: self.doer,
            look_s=0.01,
        )

    def _tell(self) -> None:
        self.told += 1
        self.changes.tell()

    async def _time_s(self) -> int:
        if self.is_chain_away:
            raise RpcError("No endpoint answers.")
        return 77


async def test_every_change_is_seen_and_nothing_else_is_told(
    database: Database, store: IndexStore, tmp_path: Path
) -> None:
    watched = Watched(Database(f"sqlite:///{tmp_path / 'index.sqlite'}"))
    progress, blocks = watched.progress, busy_market(6, 2)
    await watched.watch.step()
    assert (progress.block, progress.last_error, progress.follower) == (-1, "", "one")
    at = progress.position()
    index_blocks(store, blocks[:4], "a", 1)
    await watched.watch.step()
    assert (progress.block, watched.told, progress.chain_time_s) == (4, 1, 77)
    assert progress.position() != at
    at = progress.position()
    await watched.watch.step()
    assert (progress.position(), watched.told) == (at, 1)
    store.apply(batch_of(position(store), [], Checkpoint(5, "0x5"), None), {})
    await watched.watch.step()
    assert (progress.block, watched.told) == (5, 1), "a block without events wakes nobody"


async def test_a_stream_hears_every_event_once_and_rollbacks_from_another_process(
    database: Database, store: IndexStore
) -> None:
    watched, heard = Watched(database), list[tuple[str, str]]()
    blocks, other = busy_market(20, 4), busy_market(20, 4, chain="b")
    index_blocks(store, blocks[:1], "a", 1)

    async def listen() -> None:
        async for mark, kind, _ in Stream(database, watched.changes, None, Mark(0, 0)):
            if kind != "ping":
                heard.append((mark.partition(".")[0], kind))

    tasks = [asyncio.create_task(listen()), asyncio.create_task(watched.watch.run())]
    async with asyncio.timeout(14):  # a stream that nobody wakes looks again after 15 s
        for number in (2, 3):
            events = blocks[number - 1]
            to = Checkpoint(number, f"0x{number}")
            store.apply(batch_of(position(store), events, to), times(events))
        first = sum(map(len, blocks[:3]))
        while len(heard) < first:
            await asyncio.sleep(0.01)
        kept = store.newest_first()[1]
        events = list(other[kept.block_number])
        to = Checkpoint(kept.block_number + 1, "0x" + "b" * 64)
        store.apply(batch_of(position(store), events, to, kept.block_number), times(events))
        while len(heard) < first + 1 + len(events) or not watched.progress.rollbacks:
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [kind for _, kind in heard].count("rollback") == 1
    assert heard[first][1] == "rollback"
    assert len(set(heard[:first])) == first
    assert watched.progress.rollbacks == 1


async def test_health_says_who_does_not_do_what(database: Database, store: IndexStore) -> None:
    watched = Watched(database)
    for doer, words in (
        (("", ""), "Nobody follows"),
        (("", "Redis does not answer."), "Redis does not answer."),
        (("one", "No endpoint answers."), "No endpoint"),
        (("one", ""), ""),
    ):
        watched.doer = doer
        await watched.watch.step()
        assert words in watched.progress.last_error
        assert bool(watched.progress.last_error) == bool(words)
        assert watched.progress.follower == doer[0]
    watched = Watched(database)
    watched.is_chain_away = True
    await watched.watch.step()
    assert watched.progress.last_error == "No endpoint answers."


async def test_a_database_that_is_away_is_said_so(database: Database, tmp_path: Path) -> None:
    watched = Watched(Database(f"sqlite:///{tmp_path / 'empty.sqlite'}"))
    await watched.watch.step()
    assert "database" in watched.progress.last_error
    IndexStore(database, DEPLOYMENT)
    assert standing_of(database).block == -1
