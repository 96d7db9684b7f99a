"""Progress as server-sent events: every event of the chain once, and rollbacks.

Place: under the stream route. A stream reads the tables after each change, so it sees what the
index committed and nothing else; the id of the last event continues it after a break. Streams of
one process are woken by :class:`Changes`, which the indexer tells, or a watch over an index that
another process writes; without either they look again after a pause.

Never: an event that a rollback took back, without saying so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from neurovoyance.marketplace.api.reading import as_json
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import EVENT, LOGS_PER_BLOCK, REORG
from neurovoyance.protocol.errors import RateLimited, SpecError

STREAMS_MAX = 500
_PAGE = 200
_LOOK_AGAIN_S = 15.0


class Changes:
    """Wakes whoever waits for the index to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.streams = 0

    def admit(self) -> None:
        """Raise RateLimited when there are as many streams as there may be."""
        if self.streams >= STREAMS_MAX:
            raise RateLimited(f"There are {STREAMS_MAX} streams already; try again later.")

    def tell(self) -> None:
        """Wake everybody who waits now; call it in the loop's own thread."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next change, or after a pause."""
        event = self._event
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass


@dataclass(slots=True)
class Mark:
    """How far a stream is: the newest event sent, and the newest rollback known."""

    born: int
    reorg: int

    @classmethod
    def parse(cls, text: str) -> Mark:
        """Return the mark in an event's id; SpecError when it is none."""
        born, _, reorg = text.partition(".")
        if not all(
            part.isascii() and part.isdecimal() and len(part) < 19 for part in (born, reorg)
        ):
            raise SpecError("Last-Event-ID is not an id of this stream.", hint="Leave it out.")
        return cls(int(born), int(reorg))

    def __str__(self) -> str:
        return f"{self.born}.{self.reorg}"


class Stream:
    """One reader's stream.

    Args:
        database: the index.
        changes: who wakes it.
        subject: events about one job, dispute, proposal or party only; all if None.
        mark: where to go on; the newest event if None.
    """

    def __init__(
        self, database: Database, changes: Changes, subject: str | None, mark: Mark | None
    ) -> None:
        self._database = database
        self._changes = changes
        self._subject = subject
        self._mark = mark

    async def __aiter__(self) -> AsyncIterator[tuple[str, str, Any]]:
        """Yield ``(id, kind, data)``: kind ``rollback``, ``ping``, or an event's name."""
        changes = self._changes
        changes.streams += 1
        try:
            while True:
                found = await asyncio.to_thread(self.look)
                for item in found:
                    yield item
                if not found:
                    yield str(self._mark), "ping", {}
                    await changes.wait(_LOOK_AGAIN_S)
        finally:
            changes.streams -= 1

    def look(self) -> list[tuple[str, str, Any]]:
        """Return what is new, at most a page."""
        with self._database.reader.connect() as connection:
            newest = connection.scalar(select(func.max(REORG.c.number))) or 0
            if self._mark is None:
                born = connection.scalar(select(func.max(EVENT.c.born)))
                self._mark = Mark(born or 0, newest)
                return []
            mark = self._mark
            undone = select(func.min(REORG.c.to_block)).where(REORG.c.number > mark.reorg)
            to_block = connection.scalar(undone)
            mark.reorg = newest
            found: list[tuple[str, str, Any]] = []
            if to_block is not None and mark.born >= (to_block + 1) * LOGS_PER_BLOCK:
                mark.born = (to_block + 1) * LOGS_PER_BLOCK - 1
                found.append((str(mark), "rollback", {"to_block": to_block}))
            wanted = select(EVENT).where(EVENT.c.born > mark.born).order_by(EVENT.c.born)
            if self._subject is not None:
                wanted = wanted.where(EVENT.c.subject == self._subject)
            for row in connection.execute(wanted.limit(_PAGE)).mappings():
                mark.born = row["born"]
                found.append((str(mark), row["name"], as_json(EVENT, dict(row))))
            return found
