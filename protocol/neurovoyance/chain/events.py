"""Events of the contracts from a persistent cursor, in order, safe under reorganisation.

Place: what nodes, clients and indexers read the chain with. A reader gets batches; it lets them
take effect and then commits, so after a crash the last batch comes again and nothing is skipped.
When blocks that were delivered are no longer part of the chain, the next batch begins with
:class:`Rollback` and then holds the new chain's events.

A reader that keeps up asks block by block, by hash (``few_blocks``). One that is behind asks for a
block range, its end block and the position of one endpoint together and compares them, so a
reorganisation in between or an endpoint that lags cannot tear a hole.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurovoyance.chain import _generated_events as generated
from neurovoyance.chain import wire
from neurovoyance.chain._generated_events import *  # noqa: F403 - the classes are this module's API
from neurovoyance.chain._generated_events import EVENT_CLASSES
from neurovoyance.chain.checkpoints import Checkpoint, CheckpointStore, Positions
from neurovoyance.chain.client import Block, ChainClient, parse_block
from neurovoyance.chain.event_base import ChainEvent, LogMeta, RawJobSpec
from neurovoyance.chain.few_blocks import LogFilter, blocks_between, logs_of_block
from neurovoyance.chain.logs import RawLog, decode_log, parse_log
from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused, WrongChain
from neurovoyance.protocol.errors import InternalError, RpcError
from neurovoyance.protocol.ids import keccak256

_log = logging.getLogger(__name__)
_TEAR_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Rollback:
    """Blocks above ``to_block`` were replaced: forget everything their events caused."""

    to_block: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What happened in a range of blocks.

    Attributes:
        items: a :class:`Rollback` first if there was one, then events in the order of the chain.
        from_block: first block of the range.
        to_block: last block of the range; below ``from_block`` when there was nothing to read.
        to_hash: hash of ``to_block``; "" when that is before the first block.
        base: the position that the batch stands on.
    """

    items: tuple[ChainEvent | Rollback, ...]
    from_block: int
    to_block: int
    to_hash: str
    base: Checkpoint

    @property
    def rollback(self) -> Rollback | None:
        """The rollback at its beginning, if any."""
        first = self.items[0] if self.items else None
        return first if isinstance(first, Rollback) else None

    @property
    def moves(self) -> bool:
        """Whether committing it changes the position."""
        return self.to_block != self.base.block_number or self.rollback is not None


class EventCursor:
    """Reads the events of some contracts from where it last committed.

    Args:
        client: the chain.
        addresses: the contracts, see :meth:`Deployment.contract_addresses`.
        name: tells readers apart that share a file.
        state_path: SQLite file of the positions, or what keeps them instead; whoever keeps them
            together with the events advances them itself and never calls :meth:`commit`.
        start_block: first block ever read, usually ``Deployment.deploy_block``.
        confirmations: how many blocks to stay behind the head; 0 reads up to it.
        chunk_blocks: longest range of one request; halved when a node finds it too large.
        poll_s: pause of the iterators when there is nothing new.
        outage_s: how long the iterators wait out an RPC outage before they raise RpcError.

    Attributes:
        head: the newest block that :meth:`read` has seen; None while it has seen none.
    """

    def __init__(
        self,
        client: ChainClient,
        addresses: Iterable[str],
        name: str,
        *,
        state_path: Path | Positions,
        start_block: int,
        confirmations: int = 0,
        chunk_blocks: int = 2_000,
        poll_s: float = 1.0,
        outage_s: float = 600.0,
    ) -> None:
        self._client = client
        self._addresses = sorted(set(addresses))
        self._topics = ["0x" + topic.hex() for topic in EVENT_CLASSES]
        self._wanted = LogFilter(tuple(self._addresses), tuple(self._topics))
        self._store: Positions
        if isinstance(state_path, Path):
            # Other contracts or another chain are another reader: a position means nothing to them.
            identity = f"{client.chain_id} {client.genesis_hash} {self._addresses}"
            reader = f"{name}:{keccak256(identity.encode()).hex()[:16]}"
            self._store = CheckpointStore(state_path, reader)
        else:
            self._store = state_path
        self._start_block = start_block
        self._confirmations = confirmations
        self._chunk_max = self._chunk = max(1, chunk_blocks)
        self._poll_s = poll_s
        self._outage_s = outage_s
        self.head: Block | None = None

    def close(self) -> None:
        """Close the file of positions."""
        self._store.close()

    def position(self) -> int:
        """Return the last block whose events were committed."""
        return self._base().block_number

    def _base(self) -> Checkpoint:
        return self._store.position() or Checkpoint(self._start_block - 1, "")

    async def read(self) -> Batch:
        """Return what follows the committed position, at most one chunk; may be empty.

        Raises:
            RpcError: no endpoint answered consistently; nothing moved, reading again is safe.
        """
        base = self._base()
        step = await self._step(base) if base.block_hash else None
        if step is not None:
            return step
        head, rollback_to = await self._ancestor(base)
        start = base if rollback_to is None else rollback_to
        target = head - self._confirmations
        if target > start.block_number:
            last, events = await self._range(start, target)
        else:
            last, events = start, ()
        items: tuple[ChainEvent | Rollback, ...] = events
        if rollback_to is not None:
            items = (Rollback(start.block_number), *events)
        return Batch(items, start.block_number + 1, last.block_number, last.block_hash, base)

    async def commit(self, batch: Batch) -> None:
        """Move the position past a batch; call it when the items took effect.

        Raises:
            InternalError: the batch does not follow the position (an older one, or committed).
        """
        if batch.base != self._base():
            raise InternalError("The batch does not follow the cursor's position; read again.")
        if not batch.moves:
            return
        rollback = batch.rollback
        to = Checkpoint(batch.to_block, batch.to_hash) if batch.to_hash else None
        self._store.advance(to, rolled_back_to=None if rollback is None else rollback.to_block)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield batches with items for ever; the caller commits each before asking for the next.

        A batch that was not committed comes again.
        """
        down_since: float | None = None
        while True:
            try:
                batch = await self.read()
                down_since = None
            except WrongChain:
                raise
            except RpcError as error:
                down_since = down_since or time.monotonic()
                if time.monotonic() - down_since > self._outage_s:
                    raise
                _log.warning("event_read_failed error=%s", error)
                await asyncio.sleep(self._poll_s)
                continue
            if batch.items:
                yield batch
            elif batch.moves:
                await self.commit(batch)
            else:
                await asyncio.sleep(self._poll_s)

    async def __aiter__(self) -> AsyncIterator[ChainEvent | Rollback]:
        """Yield items for ever; a batch is committed when the item after its last is asked for."""
        async for batch in self.batches():
            for item in batch.items:
                yield item
            await self.commit(batch)

    async def _step(self, base: Checkpoint) -> Batch | None:
        """Return what follows when that is little, as it usually is; None for the long way."""
        self.head = head = parse_block(
            await self._client.rpc.request("eth_getBlockByNumber", ["latest", False])
        )
        if head.hash == base.block_hash:
            return Batch((), base.block_number + 1, base.block_number, base.block_hash, base)
        if self._confirmations:
            return None
        client, known = self._client, (base.block_number, base.block_hash)
        blocks = await blocks_between(client, *known, head)
        if blocks is None:
            return None
        events: list[ChainEvent] = []
        for block in blocks:
            logs = await logs_of_block(client, block, self._wanted)
            if logs is None:
                return None
            events += (event for log in logs if (event := decode_log(log)) is not None)
        return Batch(tuple(events), base.block_number + 1, head.number, head.hash, base)

    async def _ancestor(self, base: Checkpoint) -> tuple[int, Checkpoint | None]:
        """Return the head, and the position to walk back to when the chain no longer has ours."""
        if not base.block_hash:
            return await self._client.block_number(), None
        latest, ours = await self._client.rpc.request_all(
            [
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getBlockByNumber", [hex(base.block_number), False]),
            ]
        )
        self.head = parse_block(latest)
        head = self.head.number
        if ours is not None and parse_block(ours).hash == base.block_hash:
            return head, None
        kept = self._store.newest_first(min(head, base.block_number))
        for index, checkpoint in enumerate(kept):
            block = await self._client.rpc.request(
                "eth_getBlockByNumber", [hex(checkpoint.block_number), False]
            )
            if block is None or parse_block(block).hash != checkpoint.block_hash:
                continue
            if index == 0 and head < base.block_number:
                # All that this shorter chain can show is ours: the endpoint lags, or a
                # reorganisation is under way. Wait until it reaches our height and compare then.
                return base.block_number, None
            return head, checkpoint
        if not kept and head < base.block_number:
            return base.block_number, None
        return head, Checkpoint(self._start_block - 1, "")

    async def _range(
        self, start: Checkpoint, target: int
    ) -> tuple[Checkpoint, tuple[ChainEvent, ...]]:
        first = start.block_number + 1
        tears = 0
        while True:
            last = min(target, first + self._chunk - 1)
            try:
                found = await self._read_range(start, first, last)
            except RpcError as error:
                if not _is_too_large(error) or last == first:
                    raise
                self._chunk = max(1, (last - first + 1) // 2)
                _log.info("event_range_halved blocks=%d", self._chunk)
                continue
            if found is not None:
                self._chunk = min(self._chunk_max, self._chunk * 2)
                return found
            tears += 1
            if tears >= _TEAR_RETRIES:
                raise RpcError("The chain changed while its events were read; read again.")

    async def _read_range(
        self, start: Checkpoint, first: int, last: int
    ) -> tuple[Checkpoint, tuple[ChainEvent, ...]] | None:
        """Return the events of a range with its end; None when the chain changed meanwhile."""
        wanted = {
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "address": self._addresses,
            "topics": [self._topics],
        }
        end_block = ("eth_getBlockByNumber", [hex(last), False])
        calls: list[tuple[str, list[Any]]] = [end_block, ("eth_getLogs", [wanted]), end_block]
        if start.block_hash:
            calls.append(("eth_getBlockByNumber", [hex(start.block_number), False]))
        before, raw_logs, after, *base = await self._client.rpc.request_all(calls)
        if before is None or after is None or None in base:
            raise RpcError("The endpoint lags behind another one; read again.")
        end = parse_block(after)
        if parse_block(before).hash != end.hash or end.number != last:
            return None
        if base and parse_block(base[0]).hash != start.block_hash:
            return None
        logs = self._checked_logs(raw_logs, first, end.number, end.hash)
        events = tuple(event for log in logs if (event := decode_log(log)) is not None)
        return Checkpoint(end.number, end.hash), events

    def _checked_logs(self, value: Any, first: int, last: int, last_hash: str) -> list[RawLog]:
        unique: dict[tuple[int, int], RawLog] = {}
        hashes = {last: last_hash}
        for item in wire.sequence(value, "logs"):
            if isinstance(item, dict) and item.get("removed") is True:
                continue
            log = parse_log(item)
            meta = log.meta
            if meta.address not in self._addresses or not first <= meta.block_number <= last:
                raise RpcError("The RPC endpoint answered with logs that were not asked for.")
            if hashes.setdefault(meta.block_number, meta.block_hash) != meta.block_hash:
                raise RpcError("The RPC endpoint answered with logs of two chains at once.")
            unique[meta.block_number, meta.log_index] = log
        return [unique[key] for key in sorted(unique)]


def _is_too_large(error: RpcError) -> bool:
    """Whether a smaller range may succeed: the node declined, or its answer was over the limit."""
    return isinstance(error, RpcRefused) or isinstance(error.__cause__, ResponseTooLarge)


__all__ = [
    *(cls.__name__ for cls in EVENT_CLASSES.values()),
    "EVENT_CLASSES",
    "Batch",
    "ChainEvent",
    "EventCursor",
    "LogMeta",
    "RawJobSpec",
    "Rollback",
    "generated",
]
