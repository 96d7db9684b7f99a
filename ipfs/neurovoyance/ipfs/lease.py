"""Leases: an operation's claim that what it uses is not evicted, by any process, until it ends.

Place: around every operation of :mod:`.embedded`. A lease is a row in the index with an expiry, so
one left by a killed process ends by itself within an hour.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.index import BlockIndex

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LEASE_S = 3600
RENEW_S = 600


class Workers:
    """Runs blocking jobs in a pool of threads, away from the event loop."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def run(self, job: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Start ``job(*args)`` in a worker thread and return its future."""
        return asyncio.get_running_loop().run_in_executor(self._pool, job, *args)


@asynccontextmanager
async def lease(index: BlockIndex, workers: Workers, root: Cid | None) -> AsyncIterator[None]:
    """Protect ``root`` and every block used from now on until the context ends."""
    token = uuid.uuid4().hex
    binary = None if root is None else root.binary
    started_ns = time.time_ns()

    def renew() -> None:
        index.put_lease(token, binary, started_ns, int(time.time()) + LEASE_S)

    async def keep() -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await workers.run(renew)

    await workers.run(renew)
    keeper = asyncio.ensure_future(keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await workers.run(index.remove_lease, token)
