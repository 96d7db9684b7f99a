"""One transaction a batch; any reorganisation leaves what the final chain alone would have left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    PRICE_WEI,
    Maker,
    batch_of,
    busy_market,
    contents,
    expire,
    fresh,
    harvest,
    index_blocks,
    position,
    refund,
    settle,
    start,
    take,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer import schema
from neurovoyance.marketplace.indexer.store import IndexStore, drop_index
from neurovoyance.protocol.errors import ConfigError, InternalError
from neurovoyance.protocol.ids import keccak256

Spec = tuple[tuple[int, ...], ...]
ROOT = Path(__file__).resolve().parents[4]


@dataclass
class Simulated:
    """A chain that obeys the market's rules; a block is a list of wishes, some of them possible."""

    blocks: list[list[ChainEvent]]
    hashes: list[str]

    @classmethod
    def of(cls, spec: Spec) -> Simulated:
        started: set[int] = set()
        live: dict[int, int] = {}
        earned: dict[int, int] = {}
        made = cls([], [])
        count = 0
        for number, wishes in enumerate(spec, 1):
            maker = Maker("", number)
            for wish in wishes:
                who, act = wish % 3, wish // 3
                if who not in started:
                    start(maker, who)
                    started.add(who)
                elif act == 0:
                    take(maker, count, who)
                    live[count] = who
                    count += 1
                elif act in (1, 2) and live:
                    job, owner = next(iter(live.items()))
                    del live[job]
                    (settle if act == 1 else refund)(maker, job, owner)
                    earned[owner] = earned.get(owner, 0) + (PRICE_WEI if act == 1 else 0)
                elif act == 3 and earned.get(who):
                    harvest(maker, who, earned.pop(who))
            prefix = repr(spec[:number]).encode()
            made.hashes.append("0x" + keccak256(prefix).hex())
            made.blocks.append(
                [replace(e, meta=e.meta._replace(block_hash=made.hashes[-1])) for e in maker.made]
            )
        return made

    def index(self, store: IndexStore, size: int) -> None:
        """Do as the event cursor does, until the head is reached."""
        while True:
            base = position(store)
            ancestor, rolled = base, None
            if base.block_hash:
                kept = [c for c in store.newest_first(len(self.blocks)) if self._has(c)]
                ancestor = kept[0] if kept else Checkpoint(DEPLOYMENT.deploy_block - 1, "")
                rolled = None if ancestor == base else ancestor.block_number
            end = min(len(self.blocks), ancestor.block_number + size)
            if end == ancestor.block_number and rolled is None:
                return
            events = [e for block in self.blocks[ancestor.block_number : end] for e in block]
            to = Checkpoint(end, self.hashes[end - 1]) if end else Checkpoint(0, "")
            store.apply(batch_of(base, events, to, rolled), times(events))

    def _has(self, checkpoint: Checkpoint) -> bool:
        return self.hashes[checkpoint.block_number - 1] == checkpoint.block_hash


WISHES = st.lists(st.integers(0, 11), min_size=1, max_size=5).map(tuple)
FORKS = st.lists(
    st.tuples(st.integers(0, 6), st.lists(WISHES, min_size=1, max_size=5), st.integers(1, 4)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(FORKS)
def test_any_reorganisations_leave_what_the_final_chain_alone_leaves(
    forks: list[tuple[int, list[tuple[int, ...]], int]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec: Spec = ()
        for database, store in fresh(folder, "lived"):
            for depth, added, size in forks:
                spec = spec[: max(0, len(spec) - depth)] + tuple(added)
                Simulated.of(spec).index(store, size)
            lived = contents(database)
        for database, store in fresh(folder, "anew"):
            Simulated.of(spec).index(store, 1_000)
            anew = contents(database)
    assert lived == anew
    assert '"fault": ""' in dict(anew["book"])["totals"]


def test_a_batch_that_does_not_follow_changes_nothing(tmp_path: Path) -> None:
    for database, store in fresh(tmp_path):
        blocks = busy_market(4)
        index_blocks(store, blocks[:2], "a", 1)
        before = contents(database)
        stale = batch_of(Checkpoint(1, "0x"), blocks[2], Checkpoint(3, "0x3"))
        with pytest.raises(InternalError, match="read again"):
            store.apply(stale, times(blocks[2]))
        assert contents(database) == before
        index_blocks(store, [], "a", 1)


def test_processes_that_take_turns_leave_what_one_leaves(tmp_path: Path) -> None:
    blocks = busy_market(60, 4)
    for database, first in fresh(tmp_path, "shared"):
        stores = (first, IndexStore(database, DEPLOYMENT))
        for number, block in enumerate(blocks, 1):
            store = stores[number // 3 % 2]
            to = Checkpoint(number, f"0x{number}")
            store.apply(batch_of(position(store), block, to), times(block))
        shared = contents(database)
    for database, store in fresh(tmp_path, "alone"):
        index_blocks(store, blocks, "a", 1_000)
        assert contents(database) == shared


def test_a_failure_half_way_leaves_the_batch_before(tmp_path: Path) -> None:
    for database, store in fresh(tmp_path):
        first, second = busy_market(4)[:2]
        index_blocks(store, [first], "a", 1)
        before = contents(database)
        with pytest.raises(KeyError):
            store.apply(batch_of(position(store), second, Checkpoint(2, "0x2")), {})
        assert contents(database) == before
        store.apply(batch_of(position(store), second, Checkpoint(2, "0x2")), times(second))
        assert position(store) == Checkpoint(2, "0x2")


def test_what_nobody_can_roll_back_to_is_forgotten(tmp_path: Path) -> None:
    for database, store in fresh(tmp_path):
        with database.writer.begin() as connection:
            connection.execute(
                insert(schema.UNDO),
                [{"at_block": 1, "place": "job", "entity": "0x", "before": None}],
            )
            rows = [{"block_number": n, "block_hash": f"0x{n}"} for n in range(1, 1_101)]
            connection.execute(insert(schema.CHECKPOINT), rows)
        store.apply(batch_of(position(store), [], Checkpoint(1_101, "0xe")), {})
        with database.reader.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(schema.CHECKPOINT)) == 1_024
            assert connection.scalar(select(func.min(schema.UNDO.c.at_block))) == 1_101


def test_another_chains_index_is_not_touched(tmp_path: Path) -> None:
    for database, _ in fresh(tmp_path):
        other = replace(DEPLOYMENT, genesis_hash="0x" + "22" * 32)
        with pytest.raises(ConfigError, match="another chain"):
            IndexStore(database, other)
        drop_index(database)
        IndexStore(database, other)


def test_clearing_empties_everything(tmp_path: Path) -> None:
    for database, store in fresh(tmp_path):
        index_blocks(store, busy_market(4), "a", 2)
        store.clear()
        assert {name for name, rows in contents(database).items() if rows} == set()
        assert store.position() is None


KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from sqlalchemy import event
from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from tests.unit.marketplace.market_events import *

def work(statements):
    database = Database(f"sqlite:///{sys.argv[1]}")
    left = [statements]
    @event.listens_for(database.writer, "before_cursor_execute")
    def before(*_):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    @event.listens_for(database.writer, "commit")
    def committing(_):
        before()
    store = IndexStore(database, DEPLOYMENT)
    for number in range(position(store).block_number, len(blocks)):
        to = Checkpoint(number + 1, block_hash("a", number + 1))
        store.apply(batch_of(position(store), blocks[number], to), times(blocks[number]))

blocks = busy_market(60, 4)
for statements in (*range(30, 60, 3), 97, 140, 10**9):
    child = os.fork()
    if child == 0:
        work(statements)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_process_that_is_killed_anywhere_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite"
    search = os.pathsep.join(part for part in (*sys.path, str(ROOT)) if part)
    command = [sys.executable, "-c", KILLED, str(path), search]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    ends = [int(line) for line in done.stdout.split()]
    assert ends[:10] == [-signal.SIGKILL] * 10
    assert ends[-1] == 0
    killed = Database(f"sqlite:///{path}")
    for database, store in fresh(tmp_path, "whole"):
        index_blocks(store, busy_market(60, 4), "a", 1_000)
        assert contents(killed) == contents(database)
    killed.close()


def test_a_job_that_nobody_took_comes_back(tmp_path: Path) -> None:
    for database, store in fresh(tmp_path):
        first, taken = Maker("a", 1), Maker("a", 2)
        start(first, 0)
        take(taken, 0, 0)
        listed = taken.made[:1]
        ended = Maker("a", 3)
        expire(ended, 0)
        index_blocks(store, [first.made, listed, ended.made], "a", 1)
        with database.reader.connect() as connection:
            job = connection.execute(select(schema.JOB)).one()
            money = connection.execute(select(schema.BALANCE).order_by("party")).first()
        assert (job.refunded_wei, job.max_price_wei) == (10**18, 10**18)
        assert money is not None
        assert (money.free_wei, money.escrow_wei) == (10**24, 0)
