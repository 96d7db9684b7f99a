"""Metrics are told on the loopback interface alone, and to no page of the web."""

from __future__ import annotations

from contextlib import AsyncExitStack

import aiohttp
import pytest
from tests.unit.node.conftest import Station
from tests.unit.node.operations.sampling import make_sampler

from neurovoyance.node.operations.metrics_api import metrics_app, metrics_listener, tell_metrics
from neurovoyance.node.process import served
from neurovoyance.protocol.errors import ConfigError


async def test_the_owner_reads_them_and_a_page_of_the_web_does_not(station: Station) -> None:
    sampler, _ = make_sampler(station, station.folder)
    with metrics_listener(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        async with served(metrics_app(sampler), listener), aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{port}/metrics"
            async with http.get(url) as answer:
                assert answer.status == 200
                assert answer.content_type == "text/plain"
                assert "neurovoyance_node_jobs{" in await answer.text()
            async with http.get(url, headers={"Host": "evil.example"}) as answer:
                assert answer.status == 400
            with pytest.raises(ConfigError, match="cannot tell"), metrics_listener(port):
                pass


async def test_without_a_port_nothing_listens(station: Station) -> None:
    sampler, gate = make_sampler(station, station.folder)
    settings = sampler._settings
    assert settings.metrics_port is None
    async with AsyncExitStack() as stack:
        await tell_metrics(settings, station.agent, gate, lambda: 0, served, stack)
        assert not stack._exit_callbacks  # type: ignore[attr-defined]
