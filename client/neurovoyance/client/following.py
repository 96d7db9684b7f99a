"""Follows the chain and writes what concerns this client into its journal.

Place: one per open client; :mod:`.jobs` waits on it, :mod:`.money` and :mod:`.receipts` read what
it wrote. Only the client's own jobs and money and the providers' announcements are kept. A batch
moves the cursor after it is in the journal, so a crash between the two repeats it without harm.
Never: a decision, or a transaction.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from typing import Any

from neurovoyance.chain.events import (
    ChainEvent,
    Collected,
    CourtPaid,
    Deposited,
    EndpointChanged,
    EventCursor,
    JobAssigned,
    JobPosted,
    OperatorChanged,
    ProviderRegistered,
    Rollback,
    SlashShareCredited,
    SlashSplit,
    Withdrawn,
)
from neurovoyance.client.journal import Journal, StoredEvent
from neurovoyance.protocol.errors import InternalError, RpcError
from neurovoyance.protocol.ids import hex_of

log = logging.getLogger(__name__)

_RETRY_S = 2.0


class Follower:
    """Keeps the journal's events level with the chain; start it once, stop it on closing."""

    def __init__(
        self, cursor: EventCursor, journal: Journal, address: str, *, poll_s: float
    ) -> None:
        self._cursor = cursor
        self._poll_s = poll_s
        self._block = cursor.position()
        self._journal = journal
        self._address = address
        self._jobs = journal.job_ids() | {
            event.job_id for event in journal.events_named("JobPosted") if event.job_id
        }
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.version = 0

    def start(self) -> None:
        """Begin to follow in the background."""
        self._task = asyncio.create_task(self._run(), name="client follower")

    async def stop(self) -> None:
        """End the background task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def watch(self, job_id: bytes) -> None:
        """Keep the events of a job that is about to be sent."""
        self._jobs.add(job_id)

    async def changed(self, seen: int, timeout_s: float) -> int:
        """Return the version once it differs from ``seen``, or after ``timeout_s`` seconds."""
        await self._wait(lambda: self.version != seen, timeout_s)
        return self.version

    async def reach(self, block_number: int, timeout_s: float = 10.0) -> None:
        """Wait until the events of a block are in the journal, at most ``timeout_s`` seconds."""
        await self._wait(lambda: self._block >= block_number, timeout_s)

    async def read_on(self) -> bool:
        """Take in the next events; False when there were none."""
        batch = await self._cursor.read()
        self._apply(batch.items)
        try:
            await self._cursor.commit(batch)
        except InternalError:
            # Another process of this account moved the shared position on; what it read is in the
            # journal that both write, so reading again goes on from there.
            log.info("chain.follow.shared")
            await asyncio.sleep(self._poll_s)
        self._block = batch.to_block
        async with self._changed:
            self.version += bool(batch.items)
            self._changed.notify_all()
        return bool(batch.items)

    async def _wait(self, is_there: Callable[[], bool], timeout_s: float) -> None:
        if self._task is not None and self._task.done():
            # It ends by a defect alone; without it no event would ever come, so say so.
            self._task.result()
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(is_there)
        except TimeoutError:
            pass

    async def _run(self) -> None:
        while True:
            try:
                if await self.read_on():
                    continue
                await asyncio.sleep(self._poll_s)
            except RpcError as error:
                log.warning("chain.follow.retry message=%s", error.message)
                await asyncio.sleep(_RETRY_S)

    def _apply(self, items: tuple[ChainEvent | Rollback, ...]) -> None:
        kept: list[StoredEvent] = []
        forget_above: int | None = None
        for item in items:
            if isinstance(item, Rollback):
                forget_above = item.to_block
            elif self._concerns_us(item):
                kept.append(stored_event(item))
        self._journal.apply_events(kept, forget_above)

    def _concerns_us(self, event: ChainEvent) -> bool:
        if isinstance(event, EndpointChanged | ProviderRegistered | OperatorChanged):
            return True
        if isinstance(event, Deposited | Withdrawn | SlashShareCredited | SlashSplit):
            return event.client == self._address
        if isinstance(event, Collected | CourtPaid):
            return self._address in (getattr(event, "from_", None), getattr(event, "to", None))
        if isinstance(event, JobPosted | JobAssigned) and event.client == self._address:
            self._jobs.add(event.job_id)
        job_id = getattr(event, "job_id", None)
        if job_id is not None and job_id not in self._jobs and self._journal.knows_job(job_id):
            # Sent by another process of this account since this one began.
            self._jobs.add(job_id)
        if job_id in self._jobs:
            return True
        # Own stake and earnings, if this account is a provider too.
        return getattr(event, "provider", None) == self._address


def stored_event(event: ChainEvent) -> StoredEvent:
    """Return an event in the form that the journal keeps."""
    job_id = getattr(event, "job_id", None)
    body = {
        field.name: _plain(getattr(event, field.name))
        for field in dataclasses.fields(event)
        if field.name != "meta"
    }
    return StoredEvent(
        name=type(event).__name__,
        block_number=event.meta.block_number,
        block_hash=event.meta.block_hash,
        log_index=event.meta.log_index,
        tx_hash=event.meta.tx_hash,
        job_id=bytes(job_id) if job_id is not None else None,
        body=body,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hex_of(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields:
            return {name: _plain(item) for name, item in zip(fields, value, strict=True)}
        return [_plain(item) for item in value]
    if isinstance(value, bool | str):
        return value
    # JSON numbers lose digits above 2**53, so all integers are decimal strings.
    return str(int(value))
