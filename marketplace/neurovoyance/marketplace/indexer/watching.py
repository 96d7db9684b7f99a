"""Following an index that another process writes: its position is read again and again.

Place: in the service where workers follow the chain. It keeps the same :class:`Progress` that an
indexer of this process would, and tells the streams. The index is the truth; who writes it is told
by others and only shown.

Never: a write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.indexer.schema import CHECKPOINT, EVENT, REORG
from neurovoyance.protocol.errors import RpcError

_log = logging.getLogger(__name__)
LOOK_S = 0.25
TIME_S = 1.0


class Standing(NamedTuple):
    """What tells one state of an index from another.

    Attributes:
        block: newest block; -1 if none.
        block_hash: its hash, which a replaced block of the same number changes.
        born: of the newest event.
        reorg: number of the newest rollback.
    """

    block: int
    block_hash: str
    born: int
    reorg: int


def standing_of(database: Database) -> Standing:
    """Return where an index stands now; four lookups by key, blocking."""
    newest = select(CHECKPOINT).order_by(CHECKPOINT.c.block_number.desc()).limit(1)
    with database.reader.connect() as connection:
        at = connection.execute(newest).first()
        born = connection.scalar(select(func.max(EVENT.c.born))) or 0
        reorg = connection.scalar(select(func.max(REORG.c.number))) or 0
    block, block_hash = (-1, "") if at is None else at
    return Standing(block, block_hash, born, reorg)


class IndexWatch:
    """Keeps the progress of an index that others write.

    Args:
        database: where it is.
        progress: what is kept.
        on_change: called in the loop's thread when there are new events or a rollback.
        time_s: the chain's own time.
        doer: tells who follows the chain, and what keeps it from doing so; empty for nothing.
        look_s: pause between looks.
    """

    def __init__(
        self,
        database: Database,
        progress: Progress,
        *,
        on_change: Callable[[], None],
        time_s: Callable[[], Awaitable[int]],
        doer: Callable[[], tuple[str, str]],
        look_s: float = LOOK_S,
    ) -> None:
        self._database = database
        self._progress = progress
        self._on_change = on_change
        self._time_s = time_s
        self._doer = doer
        self._look_s = look_s
        self._at: Standing | None = None
        self._chain_trouble = ""
        self._asked_s = float("-inf")

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(self._look_s)

    async def step(self) -> None:
        """Look once, at the index, at the chain's time and at who follows."""
        trouble = await self._look() or await self._clock()
        worker, told = self._doer()
        if not worker and not told:
            told = "Nobody follows the chain: no worker has taken it up."
        self._progress.follower = worker
        self._progress.last_error = told or trouble

    async def _look(self) -> str:
        try:
            now = await asyncio.to_thread(standing_of, self._database)
        except SQLAlchemyError as error:
            _log.warning("index_not_read kind=%s", type(error).__name__)
            return "The database does not give the index now."
        self._note(now)
        return ""

    def _note(self, now: Standing) -> None:
        was, self._at = self._at, now
        if now == was:
            return
        progress = self._progress
        progress.block = now.block
        progress.batches += 1
        if was is None:
            return
        progress.rollbacks += max(0, now.reorg - was.reorg)
        if (now.born, now.reorg) != (was.born, was.reorg):
            self._on_change()

    async def _clock(self) -> str:
        loop = asyncio.get_running_loop()
        if loop.time() - self._asked_s >= TIME_S:
            self._asked_s = loop.time()
            try:
                self._progress.chain_time_s = await self._time_s()
                self._chain_trouble = ""
            except RpcError as error:
                self._chain_trouble = error.message
        return self._chain_trouble
