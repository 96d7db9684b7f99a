"""A duty under a lock that expires: one process at a time does it, another soon after a death.

Place: in each worker, around every duty. The lock is renewed while the duty runs and given back
when it is told to stop; who cannot renew it stops before it expires. A Redis that started moments
ago may have forgotten a holder, so its first lock is held for a while before the duty begins. What
a duty writes is consistent in its own transactions: the lock saves work, it keeps no truth.

Never: a cancelled call to Redis, whose client may swallow the cancellation.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from neurovoyance.marketplace.background import Duty
from neurovoyance.marketplace.queued.broker import LEASE_S, REDIS_ERRORS, Names

_log = logging.getLogger(__name__)
_RENEWALS = 5
_GIVEN_UP = 0.6
"""Part of the lease after which a holder without an answer of Redis stops."""


@dataclass(frozen=True, slots=True)
class Work:
    """A duty, and how it tells what keeps it from its end; empty text if nothing does."""

    duty: Duty
    trouble: Callable[[], str] = str


class Leases:
    """What one worker holds.

    Args:
        redis: where locks are.
        names: of the market.
        worker: name of this worker, for people.
        lease_s: after this silence a lock is free.
        settle_s: a Redis must have run for this long before its locks are trusted.
    """

    def __init__(
        self,
        redis: Redis,
        names: Names,
        worker: str,
        *,
        lease_s: float = LEASE_S,
        settle_s: float | None = None,
    ) -> None:
        self._redis = redis
        self._names = names
        self._worker = worker
        self._lease_s = lease_s
        self._settle_s = lease_s + 1 if settle_s is None else settle_s
        self._stop = asyncio.Event()
        self._held: set[str] = set()

    def stop(self) -> None:
        """End every duty that is held, and take none any more; call it in the loop's thread."""
        self._stop.set()

    async def hold(self, name: str, work: Work) -> bool:
        """Do a duty until told to stop or until the lock is lost; False if another one does it."""
        if name in self._held or self._stop.is_set():
            return False
        lock = Lock(
            self._redis,
            self._names.lock(name),
            timeout=self._lease_s,
            blocking=False,
            thread_local=False,
        )
        self._held.add(name)
        try:
            if not await lock.acquire(token=f"{self._worker} {secrets.token_hex(8)}"):
                return False
            if await self._settled(lock):
                await self._do(name, lock, work)
            else:
                await _give_back(lock)
        except REDIS_ERRORS as error:
            _log.warning("lock_not_taken duty=%s kind=%s", name, type(error).__name__)
            return False
        finally:
            self._held.discard(name)
        return True

    async def _settled(self, lock: Lock) -> bool:
        """Wait until whoever a restarted Redis forgot has noticed; False if told to stop."""
        while not self._stop.is_set():
            server = await self._redis.info("server")
            if float(server["uptime_in_seconds"]) >= self._settle_s:
                return True
            await self._wait(self._lease_s / _RENEWALS)
            await lock.reacquire()
        return False

    async def _do(self, name: str, lock: Lock, work: Work) -> None:
        _log.info("duty_begun name=%s worker=%s", name, self._worker)
        task = asyncio.ensure_future(work.duty())
        try:
            has_lock = await self._renewed(name, lock, work, task)
        finally:
            is_over = task.done()
            task.cancel()
            await asyncio.wait([task])
        if is_over:
            error = None if task.cancelled() else task.exception()
            _log.error("duty_failed name=%s", name, exc_info=error)
            # The lock runs out by itself: that is the pause before the next attempt.
            with suppress(*REDIS_ERRORS):
                await self._say(name, f"The work {name} ended; see the worker's log.", lock)
        elif has_lock:
            await _give_back(lock)
        _log.info("duty_over name=%s worker=%s", name, self._worker)

    async def _renewed(self, name: str, lock: Lock, work: Work, task: asyncio.Future[None]) -> bool:
        """Renew until the duty ends or has to; return whether the lock is still this one's."""
        renewed_s = time.monotonic()
        while True:
            begun_s = time.monotonic()
            try:
                await lock.reacquire()
                renewed_s = begun_s
                await self._say(name, work.trouble())
            except LockError:
                _log.warning("lock_lost duty=%s", name)
                return False
            except REDIS_ERRORS as error:
                _log.warning("lock_not_renewed duty=%s kind=%s", name, type(error).__name__)
                if time.monotonic() - renewed_s > _GIVEN_UP * self._lease_s:
                    return False
            await self._wait(self._lease_s / _RENEWALS, task)
            if task.done() or self._stop.is_set():
                return True

    async def _say(self, name: str, trouble: str, ended: Lock | None = None) -> None:
        words = {"worker": self._worker, "trouble": trouble}
        if ended is not None:
            words["ended"] = secrets.token_hex(8)
        await self._redis.set(
            self._names.state(name), json.dumps(words), px=round(1_000 * self._lease_s)
        )

    async def _wait(self, seconds: float, *until: asyncio.Future[None]) -> None:
        """Wait for a while, for being told to stop, or for a future."""
        told = asyncio.create_task(self._stop.wait())
        waited: list[asyncio.Future[Any]] = [told, *until]
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()


async def _give_back(lock: Lock) -> None:
    """Free a lock for another one at once; what fails here costs it the lease."""
    with suppress(*REDIS_ERRORS):
        await lock.release()
