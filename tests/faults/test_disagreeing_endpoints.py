"""Two endpoints that disagree: one serves blocks and events of a branch that never was.

The liar stands before the true endpoint, as a cheap public one may. It fails from time to time, so
that a reader meets both stories. Whoever reads notices at the first hash that does not fit.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.faults.accounts import everybody_leaves
from tests.integration.chain.rpc_proxy import RpcProxy, answer
from tests.integration.test_market_service import Market, market_on
from tests.unit.marketplace.market_events import contents
from tests.unit.node.content import publish
from tests.worlds import WAIT_S, Start, World, check_result, finish, nodes, world

from neurovoyance.chain import ChainClient, Contracts
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import hex_of, keccak256

__all__ = ["nodes", "world"]


class Liar(RpcProxy):
    """An endpoint with a branch of its own above a block: other hashes, and no events at all.

    Attributes:
        fork: the last block that it shares with the true chain; None while it tells the truth.
        fails_every: of so many questions one is answered with nonsense; 0 for none.
        lies: answers that differed from the truth.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.fork: int | None = None
        self.fails_every = 0
        self.lies = 0
        self._asked = 0
        self.hook = self._answer

    async def _answer(self, method: str, body: bytes) -> bytes | None:
        self._asked += 1
        if self.fails_every and self._asked % self.fails_every == 0:
            return b"nonsense"
        if self.fork is None or method not in ("eth_getBlockByNumber", "eth_getLogs"):
            return None
        result = json.loads(await self.forward(body)).get("result")
        changed = self._changed(result)
        self.lies += changed != result
        return answer(body, result=changed)

    def _changed(self, result: Any) -> Any:
        assert self.fork is not None
        if isinstance(result, list):
            return [log for log in result if int(log["blockNumber"], 16) <= self.fork]
        if result is None or int(result["number"], 16) <= self.fork:
            return result
        forged = keccak256(b"forged" + bytes.fromhex(result["hash"][2:]))
        return {**result, "hash": hex_of(forged)}


@asynccontextmanager
async def lying(url: str) -> AsyncIterator[Liar]:
    async with Liar(url) as liar:
        yield liar


async def test_a_node_between_two_stories_is_paid_once(world: World, nodes: Start) -> None:
    async with lying(world.devnet.url) as liar:
        world.settings["rpc_urls"] = [liar.url, world.devnet.url]
        liar.fork, liar.fails_every = await world.chain.block_number(), 7
        process = await nodes()
        job_id = await world.post(await publish(world.storage))
        await finish(world, job_id, process)
        assert liar.lies
        async with asyncio.timeout(WAIT_S):  # the node notices, if it has not yet
            while '"event": "reorganisation"' not in world.log():
                await asyncio.sleep(0.05)
        await check_result(world, job_id)
        events = await world.events(job_id)
        for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
            assert sum(isinstance(event, kind) for event in events) == 1
        await everybody_leaves(world)


async def test_an_index_between_two_stories_ends_with_the_true_one(tmp_path: Path) -> None:
    with DevnetThread(block_interval_s=None) as devnet:
        async with market_on(devnet.url, tmp_path) as market, lying(devnet.url) as liar:
            misled = await _misled(market, liar, tmp_path)
            honest = Database(f"sqlite:///{tmp_path / 'honest.sqlite'}")
            contracts = market.contracts
            store = IndexStore(honest, contracts.deployment)
            await Indexer(contracts.client, contracts.deployment, store).to_head()
            assert contents(misled) == contents(honest)
            for database in (misled, honest):
                database.close()


async def _misled(market: Market, liar: Liar, folder: Path) -> Database:
    """Index a busy market while the first endpoint lies, and go on after it died."""
    database = Database(f"sqlite:///{folder / 'misled.sqlite'}")
    first = await market.hire()
    async with await ChainClient.connect(
        [liar.url, market.contracts.client.rpc.health()[0].label], state_dir=folder / "misled"
    ) as client:
        deployment = market.contracts.deployment
        indexer = Indexer(client, deployment, IndexStore(database, deployment))
        await indexer.to_head()
        liar.fork = await Contracts(client, deployment).client.block_number()
        await market.finish(first)
        await market.hire()
        await indexer.to_head()
        assert liar.lies
        assert not indexer.progress.rollbacks, "alone the liar is believed, until another speaks"
        liar.fails_every = 1
        await indexer.to_head()
        assert indexer.progress.rollbacks == 1
    return database
