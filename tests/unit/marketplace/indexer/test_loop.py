"""The loop waits out an outage and never goes on with blocks that changed under it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    batch_of,
    block_hash,
    busy_market,
    position,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.rpc_errors import WrongChain
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer, Progress
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import RpcError


class Chain:
    """Answers headers, of whichever chain it is told."""

    chain_id, genesis_hash = 31337, "0x"

    def __init__(self) -> None:
        self.rpc = self
        self.name = "a"

    async def request_all(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        return [self.header(int(call[1][0], 16)) for call in calls]

    def header(self, number: int) -> dict[str, str]:
        return {
            "number": hex(number),
            "hash": block_hash(self.name, number),
            "parentHash": block_hash(self.name, number - 1),
            "timestamp": hex(1_000_000 + 12 * number),
        }

    async def time_s(self) -> int:
        return 1_234


def made(store: IndexStore, chain: Chain, progress: Progress | None = None) -> Indexer:
    client = cast(ChainClient, chain)
    return Indexer(client, DEPLOYMENT, store, poll_s=0.001, progress=progress)


async def test_a_batch_whose_blocks_changed_is_read_again(
    store: IndexStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain()
    indexer = made(store, chain)
    [first, *_] = busy_market(2)

    async def read() -> Any:
        return batch_of(position(store), first, Checkpoint(1, block_hash("a", 1)))

    monkeypatch.setattr(indexer._cursor, "read", read)
    chain.name = "b"
    with pytest.raises(RpcError, match="read again"):
        await indexer.step()
    assert store.position() is None
    chain.name = "a"
    assert await indexer._times(await read()) == times(first)
    assert await indexer.step()
    assert (indexer.progress.block, indexer.progress.events) == (1, len(first))


async def test_an_outage_is_noted_and_waited_out(
    store: IndexStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress()
    indexer = made(store, Chain(), progress)
    seen: list[str] = []
    answers: list[Exception | bool] = [
        RpcError("It is down."),
        True,
        OperationalError("INSERT", {}, ValueError("the disk is full")),
        WrongChain("another chain"),
    ]

    async def step() -> bool:
        seen.append(progress.last_error)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(indexer, "step", step)
    async with asyncio.timeout(90):
        with pytest.raises(WrongChain):
            await indexer.run()
    assert seen == ["", "It is down.", "", "The database does not take the index now."]
    assert progress.chain_time_s == 1_234
