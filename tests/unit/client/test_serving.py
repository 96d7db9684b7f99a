"""Published content is served, nothing else is, and only on the host that was asked for."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from neurovoyance.client.serving import serve_storage
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.errors import ConfigError


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    async with EmbeddedBackend(tmp_path / "store") as made:
        yield made


async def test_only_what_is_on_offer_is_served(storage: EmbeddedBackend) -> None:
    offered, kept = await storage.add(b"for nodes"), await storage.add(b"for me")
    await storage.provide(offered)
    async with (
        serve_storage(storage, host="127.0.0.1", port=0) as url,
        aiohttp.ClientSession() as web,
    ):
        async with web.get(f"{url}/ipfs/{offered}?format=raw") as response:
            assert await response.read() == b"for nodes"
        async with web.get(f"{url}/ipfs/{kept}?format=raw") as response:
            assert response.status == 404


async def test_the_url_behind_a_forwarded_port_is_told_instead(storage: EmbeddedBackend) -> None:
    public = "https://files.example.org"
    async with serve_storage(storage, host="127.0.0.1", port=0, public_url=public) as url:
        assert url == public


async def test_a_taken_port_is_a_clear_error(storage: EmbeddedBackend) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
            async with serve_storage(storage, host="127.0.0.1", port=port):
                pass
