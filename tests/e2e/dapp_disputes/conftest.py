"""A network of its own with a liar in it: pages show how it is caught, and what becomes of money.

Three honest nodes, which are the auditors and referees too, and a fourth that rounds its weights
and swears that it did not. The test that wants it starts it; it asks for less than all others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.dapp.browser import ROOT
from tests.e2e.dapp.conftest import browser, executable, new_context, pages, tab, visitor
from tests.e2e.dapp.world import World
from tests.e2e.dapp_days.days import Days

from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_services import Services
from neurovoyance.client.filetypes import installed_model
from neurovoyance.client.models import keep_manifest
from neurovoyance.client.opening import open_from_profile
from neurovoyance.protocol.ids import hex_of

__all__ = ["browser", "executable", "new_context", "pages", "tab", "visitor"]


@pytest.fixture(scope="package")
def world(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The network; started by the main thread, before the browser."""
    home = tmp_path_factory.mktemp("disputes") / "home"
    network = LocalNetwork(
        home,
        node_count=4,
        audits=AuditSettings.local(min_bps=0, first_jobs=1),
        has_economy=True,
        cheats=1,
        services=Services(has_market=True),
    )
    try:
        yield asyncio.run(_populated(network))
    finally:
        network.stop()


@pytest.fixture(scope="package")
def chain(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    made = Days(world, tmp_path_factory.mktemp("chain"))
    yield made
    made.close()


async def _populated(network: LocalNetwork) -> World:
    await network.__aenter__()
    world = World(network)
    liar = network.nodes[-1].child
    # It contests what auditors find, where the demo's cheat would admit it.
    liar.arguments = ["tests.dishonest_node", "int8", *liar.arguments[1:]]
    liar.environment["PYTHONPATH"] = str(ROOT)
    async with await open_from_profile(network.home) as client:
        storage = client.session.storage
        await storage.provide(await storage.add(installed_model().path))
        await keep_manifest(storage, shipped_manifest())
        world.names["model"] = hex_of(shipped_manifest().model_id())
    return world
