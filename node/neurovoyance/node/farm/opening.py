"""What the settings of a node say about where its executions run, put into effect.

Place: called once, by ``process``. Celery and the client of Redis are imported only where a farm is
asked for. Never: a start with a farm that cannot be reached; jobs would be taken and lost.
"""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from neurovoyance.node.farm.pool import ExecutionPool
from neurovoyance.node.logs import hide
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.node.settings import NodeSettings
from neurovoyance.protocol.errors import ConfigError


def warm_policy(settings: NodeSettings) -> WarmPolicy | None:
    """Return how much is kept warm, its folder made anew; None for nothing."""
    if not settings.warm_bytes:
        return None
    folder = settings.data_dir / "warm"
    # What an earlier process left behind when it was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return WarmPolicy(settings.warm_bytes, folder=folder)


async def open_pool(settings: NodeSettings, stack: AsyncExitStack) -> ExecutionPool | None:
    """Return the pool of a farm's workers, or None where this machine computes.

    Raises:
        ConfigError: Redis does not answer, or its client is not installed.
    """
    if settings.farm_redis is None:
        return None
    try:
        from neurovoyance.node.farm.queued import FarmSettings, QueuedPool
    except ImportError as error:
        raise ConfigError(
            f"A farm needs a package that is not installed: {error.name}.",
            hint="pip install 'neurovoyance[farm]'",
            faults=["farm_redis: its client is not installed"],
        ) from error
    url = settings.farm_redis.get_secret_value()
    hide(urlsplit(url).password or "")
    pool = QueuedPool(FarmSettings(url, settings.farm_name))
    stack.push_async_callback(pool.close)
    await pool.open()
    return pool
