"""A world for tests of tasks: channels on a devnet, one or two nodes as processes, a real client.

Import the fixture ``task_world`` by name; it has the token economy without audits, since nothing
here is audited on chain. The client's home folder lives through restarts of the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.content import tiny_model
from tests.worlds import Party, World, built, enrolled, free_port

from neurovoyance.chain.channels import AllotmentTerms, Channels
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.settings import ClientSettings, NetworkProfile
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import nvy

PRICE_WEI = 10**14 + 2 * 10**15
"""What a node asks by default for a task of two seconds."""


def inputs(count: int, first: int = 0) -> list[dict[str, np.ndarray]]:
    """Return inputs that differ: float32 (2, 3) each."""
    return [
        {"x": np.arange(6, dtype=np.float32).reshape(2, 3) + np.float32(first + number)}
        for number in range(count)
    ]


@dataclass
class TaskWorld:
    """The market, its providers' nodes, and a client that may be opened again and again.

    Attributes:
        model_path: an ONNX file, y = x @ W, float32 (n, 3) -> (n, 4).
        providers: those with channels; the first one is the world's.
        channel_id: of the client, with an allotment for every provider.
    """

    market: World
    model_path: Path
    providers: list[Party]
    channel_id: bytes = b""
    _running: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def channels(self) -> Channels:
        contracts = self.market.contracts
        return Channels(contracts.client, contracts.deployment.channels)

    async def start(
        self, number: int = 0, crash_at: str | None = None
    ) -> asyncio.subprocess.Process:
        """Start a provider's node, and wait until it answers unless it is to die."""
        process = await self.market.start_node(crash_at, self.providers[number])
        self._running.append(process)
        await self.providers[number].get("/v1/status")
        return process

    async def stop(self) -> None:
        """Kill every node that runs."""
        for process in self._running:
            if process.returncode is None:
                process.kill()
                await process.wait()

    @property
    def settings(self) -> ClientSettings:
        folder = self.market.folder
        profile = NetworkProfile(
            name="test",
            chain_id=31337,
            rpc_urls=[self.market.devnet.url],
            deployment=str(folder / "deployment.json"),
            poll_s=0.1,
            devnet_account=3,
        )
        return ClientSettings(home=folder / "home", profile=profile, profile_dir=folder)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[tuple[AsyncClient, PublishedModel]]:
        """Open the client, and publish the model as far as it is not."""
        async with await AsyncClient.open(self.settings, self.market.devnet.wallet(3)) as client:
            yield client, await client.publish(self.model_path)


@asynccontextmanager
async def task_market(folder: Path, providers: int = 1) -> AsyncIterator[TaskWorld]:
    """Build a world with channels; no node runs yet."""
    bank = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    audits, economy = AuditSettings.local(), EconomySettings.local(bank)
    async with built(folder, audits, economy) as market:
        made = TaskWorld(market, folder / "tiny.onnx", [market.provider])
        made.model_path.write_bytes(tiny_model())
        for number in range(1, providers):
            owner, operator = (market.devnet.wallet(3 + 2 * number + i) for i in range(2))
            party = Party(folder / f"provider{number}", owner, operator, free_port())
            await enrolled(market.contracts, market.devnet.wallet(0), party)
            made.providers.append(party)
        for party in made.providers:
            party.settings["pools"] = []
        async with made.client() as (client, _):
            terms = [AllotmentTerms(party.address, nvy("10"), 20) for party in made.providers]
            made.channel_id = await client.channels.open(terms)
        try:
            yield made
        finally:
            await made.stop()


@pytest.fixture
async def task_world(tmp_path: Path) -> AsyncIterator[TaskWorld]:
    """One provider."""
    async with task_market(tmp_path) as made:
        yield made
