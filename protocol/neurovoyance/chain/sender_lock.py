"""One sender per key: a lock that holds among the tasks of a process and among processes.

Place: under ``sender``. The lock file lies beside the keystore, so that two programs with
different state directories but the same key still take turns.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from neurovoyance.protocol.errors import ConfigError, TransactionError

_RETRY_S = 0.02


class SenderLock:
    """Mutual exclusion by ``flock``; the kernel frees it when the holder dies."""

    def __init__(self, path: Path, *, timeout_s: float = 60.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._tasks = asyncio.Lock()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold the lock inside an ``async with``.

        Raises:
            TransactionError: another process held it for longer than the time-out.
            ConfigError: the lock file cannot be made.
        """
        async with self._tasks:
            descriptor = self._open()
            try:
                await self._acquire(descriptor)
                yield
            finally:
                os.close(descriptor)

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                f"The lock file {self._path} cannot be made: {error.strerror}.",
                hint="The keystore's directory must be writable for its owner.",
                path=str(self._path),
            ) from error

    async def _acquire(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TransactionError(
                        f"Another process has held this key for {self._timeout_s:g} s; nothing "
                        "was sent.",
                        hint="End the other program that sends with the same key, or wait.",
                        lock=str(self._path),
                    ) from None
                await asyncio.sleep(_RETRY_S)
