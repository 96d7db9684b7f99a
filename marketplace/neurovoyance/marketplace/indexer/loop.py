"""The loop that keeps the index at the head of the chain.

Place: run by the service as a background task, or to the head once by ``market reindex``. It asks
the chain for a batch and for the times of its blocks, and hands both to the store; an outage is
waited out, of the chain or of the database; a reorganisation in between reads again.

Never: a rule; what events mean is ``folding``'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from neurovoyance.chain.client import ChainClient, parse_block
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import Batch, EventCursor
from neurovoyance.chain.rpc_errors import WrongChain
from neurovoyance.marketplace.indexer.folding import BlockTime
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import InternalError, RpcError

_log = logging.getLogger(__name__)
_HEADERS_PER_REQUEST = 200


@dataclass(slots=True)
class Progress:
    """How far the index is; shown by the health route and counted in metrics.

    Attributes:
        follower: who follows the chain, in words; empty if nobody does.
    """

    block: int = -1
    events: int = 0
    batches: int = 0
    rollbacks: int = 0
    last_error: str = ""
    chain_time_s: int = 0
    follower: str = "this service"

    def position(self) -> tuple[int, int]:
        """Return where the index is: equal positions, equal rows, as far as this process knows."""
        return self.block, self.batches


class Indexer:
    """Follows one chain into one store.

    Args:
        client: the chain.
        deployment: the contracts.
        store: where events go.
        confirmations: how many blocks to stay behind the head.
        poll_s: pause when there is nothing new.
        on_change: called after every batch that changed something.
        progress: what others watch; a new one if None.
    """

    def __init__(
        self,
        client: ChainClient,
        deployment: Deployment,
        store: IndexStore,
        *,
        confirmations: int = 0,
        poll_s: float = 1.0,
        chunk_blocks: int = 2_000,
        on_change: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._store = store
        self._poll_s = poll_s
        self._on_change = on_change
        self._cursor = EventCursor(
            client,
            deployment.contract_addresses(),
            "index",
            state_path=store,
            start_block=deployment.deploy_block,
            confirmations=confirmations,
            chunk_blocks=chunk_blocks,
        )
        self.progress = progress or Progress()

    async def step(self) -> bool:
        """Take in one batch; return whether there was one.

        Raises:
            RpcError: no endpoint answered consistently; nothing moved.
        """
        batch = await self._cursor.read()
        if not batch.moves:
            self._note(batch, 0)
            return False
        times = await self._times(batch)
        count = await asyncio.to_thread(self._store.apply, batch, times)
        self._note(batch, count)
        if batch.items:
            self._on_change()
        return True

    async def to_head(self) -> Progress:
        """Take in everything that there is, then return."""
        while await self.step():
            pass
        return self.progress

    async def run(self) -> None:
        """Follow the chain until cancelled; errors are noted and tried again.

        Raises:
            WrongChain: the endpoint serves another chain; going on would mix two.
        """
        while True:
            try:
                moved = await self.step()
                self.progress.chain_time_s = await self._client.time_s()
                self.progress.last_error = ""
            except WrongChain:
                raise
            except (RpcError, InternalError) as error:
                self.progress.last_error = error.message
                _log.warning("index_step_failed error=%s", error)
                moved = False
            except SQLAlchemyError as error:
                # The database restarts, or its disk is full; a batch is one transaction.
                self.progress.last_error = "The database does not take the index now."
                _log.warning("index_not_written kind=%s", type(error).__name__, exc_info=error)
                moved = False
            if not moved:
                await asyncio.sleep(self._poll_s)

    def _note(self, batch: Batch, count: int) -> None:
        progress = self.progress
        progress.block = batch.to_block
        if batch.moves:
            progress.events += count
            progress.batches += 1
            progress.rollbacks += batch.rollback is not None

    async def _times(self, batch: Batch) -> dict[int, BlockTime]:
        """Return hash and time of the blocks that hold events; RpcError if the chain moved on."""
        hashes = {
            item.meta.block_number: item.meta.block_hash
            for item in batch.items
            if isinstance(item, ChainEvent)
        }
        numbers = sorted(hashes)
        found: dict[int, BlockTime] = {}
        for start in range(0, len(numbers), _HEADERS_PER_REQUEST):
            part = numbers[start : start + _HEADERS_PER_REQUEST]
            calls = [("eth_getBlockByNumber", [hex(number), False]) for number in part]
            answers = await self._client.rpc.request_all(calls)
            for number, answer in zip(part, answers, strict=True):
                block = None if answer is None else parse_block(answer)
                if block is None or block.hash != hashes[number]:
                    raise RpcError("The chain changed while its blocks were read; read again.")
                found[number] = BlockTime(block.hash, block.timestamp_s)
        return found
