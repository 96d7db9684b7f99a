"""A real Redis for the duties of a market; skipped where redis-server is missing."""

from __future__ import annotations

import secrets

import pytest
from tests.unit.node.farm.conftest import RedisServer, server

from neurovoyance.marketplace.queued.broker import Names

__all__ = ["RedisServer", "server"]


@pytest.fixture
def names() -> Names:
    """Names that no other test uses."""
    return Names(secrets.token_hex(8))
