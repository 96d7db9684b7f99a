from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.unit.ipfs.serving import Served

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway_client import Timeouts

MakeStore = Callable[..., EmbeddedBackend]
Serve = Callable[[Starlette], str]


@pytest.fixture
async def make_store(tmp_path: Path) -> AsyncIterator[MakeStore]:
    """Make stores that are closed at the end; private peers are allowed unless said otherwise."""
    made: list[EmbeddedBackend] = []

    def make(name: str = "store", **settings: object) -> EmbeddedBackend:
        settings.setdefault("allow_private_addresses", True)
        settings.setdefault("timeouts", Timeouts(connect_s=10, read_s=30, block_s=60))
        store = EmbeddedBackend(tmp_path / name, **settings)  # type: ignore[arg-type]
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve ASGI apps on loopback until the test ends; returns the base URL."""
    running: list[Served] = []

    def start(app: Starlette) -> str:
        running.append(Served(app))
        return running[-1].url

    yield start
    for served in running:
        served.stop()
