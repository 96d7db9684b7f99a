"""What the settings say about where executions run."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from tests.unit.node.farm.conftest import RedisServer

from neurovoyance.node.farm.opening import open_pool, warm_policy
from neurovoyance.node.farm.queued import QueuedPool
from neurovoyance.protocol.errors import ConfigError


def settings(folder: Path, **changes: Any) -> Any:
    values = {"warm_bytes": 1 << 30, "data_dir": folder, "farm_redis": None, "farm_name": "f"}
    return SimpleNamespace(**{**values, **changes})


def test_the_folder_of_warm_children_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "warm" / "left behind").mkdir(parents=True)
    policy = warm_policy(settings(tmp_path))
    assert policy is not None
    assert policy.memory_bytes == 1 << 30
    assert list((tmp_path / "warm").iterdir()) == []
    assert warm_policy(settings(tmp_path, warm_bytes=0)) is None


async def test_a_farm_is_opened_or_the_node_does_not_start(
    server: RedisServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        assert await open_pool(settings(tmp_path), stack) is None
        url = SecretStr(server.url)
        pool = await open_pool(settings(tmp_path, farm_redis=url), stack)
        assert isinstance(pool, QueuedPool)
    with pytest.raises(ConfigError):
        async with AsyncExitStack() as stack:
            nobody = SecretStr(f"unix://{tmp_path / 'none.sock'}")
            await open_pool(settings(tmp_path, farm_redis=nobody), stack)
