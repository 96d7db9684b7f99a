"""What stops the start; the running service is tests/integration."""

from __future__ import annotations

import socket

import pytest

from neurovoyance.marketplace.serving import _bound, opened
from neurovoyance.marketplace.settings import make_settings
from neurovoyance.protocol.errors import ConfigError


def test_a_taken_port_is_named(settings_given: dict[str, object]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)):
            _bound(make_settings({**settings_given, "port": port}, {}))


async def test_a_missing_deployment_stops_before_anything_is_opened(
    settings_given: dict[str, object],
) -> None:
    with pytest.raises(ConfigError, match="deployment"):
        async with opened(make_settings(settings_given, {})):
            pass
