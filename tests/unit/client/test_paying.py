"""Channels and tasks are opened when they are used, and not where there are none."""

from __future__ import annotations

import pytest

from neurovoyance.client.client import AsyncClient
from neurovoyance.protocol.errors import ConfigError


async def test_a_market_without_channels_says_so(client: AsyncClient) -> None:
    with pytest.raises(ConfigError, match="no payment channels"):
        _ = client.channels
    with pytest.raises(ConfigError, match="no payment channels"):
        _ = client.tasks
