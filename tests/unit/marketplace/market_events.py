"""A market's events by the hand of the test: true to the books, in blocks that can be replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent, LogMeta, RawJobSpec
from neurovoyance.chain.events import Batch, Rollback
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.folding import BlockTime
from neurovoyance.marketplace.indexer.schema import ENTITIES, GROWING
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import Address, JobId, keccak256, parse_address
from neurovoyance.protocol.lifecycle import JobState


def address(number: int) -> Address:
    return parse_address("0x" + f"{number:040x}")


MARKET = address(0xAA)
DEPLOYMENT = Deployment(31337, "0x" + "11" * 32, 1, address(1), address(2), address(3), MARKET)
SPEC = RawJobSpec(b"\7" * 32, b"\x01\x55" + b"\0" * 34, 1, 2, b"\0" * 32, 0, 60, 600, b"", 0)
PRICE_WEI, LOCK_WEI = 7 * 10**17, 3 * 10**18


def block_hash(chain: str, number: int) -> str:
    return "0x" + keccak256(f"{chain} {number}".encode()).hex()


def job_id(number: int) -> JobId:
    return JobId(keccak256(number.to_bytes(8, "big")))


@dataclass
class Maker:
    """Makes the events of one block."""

    chain: str
    number: int
    made: list[ChainEvent] = field(default_factory=list)

    def add(self, kind: type[ChainEvent], *values: Any) -> None:
        meta = LogMeta(
            MARKET,
            self.number,
            block_hash(self.chain, self.number),
            "0x" + keccak256(f"tx {self.chain} {self.number}".encode()).hex(),
            len(self.made),
        )
        self.made.append(kind(meta, *values))


def start(maker: Maker, who: int) -> None:
    """A client pays in, a provider registers and stakes."""
    client, provider = address(100 + who), address(200 + who)
    maker.add(on_chain.Deposited, client, 10**24)
    maker.add(on_chain.ProviderRegistered, provider, address(300 + who))
    maker.add(on_chain.Staked, provider, 10**24, 10**24)


def take(maker: Maker, number: int, who: int) -> None:
    client, provider = address(100 + who), address(200 + who)
    posted = (job_id(number), client, SPEC, b"\0" * 32, 10**18, 0, 9_000, "")
    maker.add(on_chain.JobPosted, *posted)
    maker.add(on_chain.StakeLocked, provider, job_id(number), LOCK_WEI)
    maker.add(on_chain.JobAssigned, job_id(number), client, provider, PRICE_WEI, LOCK_WEI, 9_100)


def settle(maker: Maker, number: int, who: int) -> None:
    provider = address(200 + who)
    maker.add(on_chain.JobCommitted, job_id(number), b"\1" * 32, 0, b"\2" * 36, 1, 9_200)
    maker.add(on_chain.StakeUnlocked, provider, job_id(number), LOCK_WEI)
    maker.add(on_chain.JobSettled, job_id(number), provider, PRICE_WEI)


def refund(maker: Maker, number: int, who: int) -> None:
    provider = address(200 + who)
    maker.add(on_chain.JobInvalid, job_id(number), PRICE_WEI)
    maker.add(on_chain.StakeUnlocked, provider, job_id(number), LOCK_WEI)


def harvest(maker: Maker, who: int, amount_wei: int) -> None:
    maker.add(on_chain.Harvested, address(200 + who), amount_wei)


def expire(maker: Maker, number: int) -> None:
    maker.add(on_chain.JobExpired, job_id(number), JobState.UNMATCHED, 10**18)


def busy_market(jobs: int, per_block: int = 20, chain: str = "a") -> list[list[ChainEvent]]:
    """Return blocks of a market where every job is taken in one block and settled in the next."""
    first = Maker(chain, 1)
    for who in range(8):
        start(first, who)
    blocks = [first.made]
    for begin in range(0, jobs, per_block):
        for act in (take, settle):
            maker = Maker(chain, len(blocks) + 1)
            for number in range(begin, min(jobs, begin + per_block)):
                act(maker, number, number % 8)
            blocks.append(maker.made)
    return blocks


def times(events: list[ChainEvent]) -> dict[int, BlockTime]:
    return {
        e.meta.block_number: BlockTime(e.meta.block_hash, 1_000_000 + 12 * e.meta.block_number)
        for e in events
    }


def batch_of(
    base: Checkpoint, events: list[ChainEvent], to: Checkpoint, rollback_to: int | None = None
) -> Batch:
    items: tuple[ChainEvent | Rollback, ...] = tuple(events)
    if rollback_to is not None:
        items = (Rollback(rollback_to), *items)
    first = (base.block_number if rollback_to is None else rollback_to) + 1
    return Batch(items, first, to.block_number, to.block_hash, base)


def position(store: IndexStore) -> Checkpoint:
    return store.position() or Checkpoint(DEPLOYMENT.deploy_block - 1, "")


def index_blocks(store: IndexStore, blocks: list[list[ChainEvent]], chain: str, size: int) -> None:
    """Index blocks 1, 2, ... in batches of ``size`` blocks."""
    for begin in range(0, len(blocks), size):
        part = blocks[begin : begin + size]
        end = begin + len(part)
        events = [event for block in part for event in block]
        to = Checkpoint(end, block_hash(chain, end))
        store.apply(batch_of(position(store), events, to), times(events))


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table that the chain alone decides."""
    with database.reader.connect() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in (*GROWING, *ENTITIES)
        }


def fresh(folder: Path, name: str = "index") -> Iterator[tuple[Database, IndexStore]]:
    database = Database(f"sqlite:///{folder / name}.sqlite")
    try:
        yield database, IndexStore(database, DEPLOYMENT)
    finally:
        database.close()


def shown(reading: Reading, table: Table, key: str) -> dict[str, Any]:
    """Return one row as callers of the service see it."""
    row: dict[str, Any] = json.loads(reading.one(table, key))
    return row
