"""What stands for the chain and the nodes behind the pages, and a real chain where it matters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.chains import connect
from tests.unit.marketplace.market_events import DEPLOYMENT

from neurovoyance.chain import Contracts, deploy, devnet_wallet
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.api.app import make_parts
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.faucet import GRANT_GAS_WEI, GRANT_WEI
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.settings import make_settings

FAUCET = devnet_wallet(9)


@pytest.fixture
def parts(
    database: Database, store: IndexStore, accounts: Accounts, settings_given: dict[str, object]
) -> Parts:
    """Parts over an empty index, which is quick to make."""
    settings = make_settings(settings_given, {})
    return make_parts(settings, DEPLOYMENT, database, Progress(), port=80, accounts=accounts)


@dataclass
class ScriptedChain:
    """Answers what it is told to, and notes what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        self.asked.append((method, list(params)))
        answer = self.answers.get(method, "0x1")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def broadcast(self, method: str, params: Sequence[Any]) -> Any:
        self.told.append(method)
        return await self.request(method, params)


@pytest.fixture
def chain() -> ScriptedChain:
    return ScriptedChain()


@pytest.fixture(scope="module")
def devnet() -> Iterator[str]:
    with DevnetThread() as running:
        yield running.url


@pytest.fixture
async def contracts(devnet: str, tmp_path: Path) -> AsyncIterator[Contracts]:
    """A market of its own on the module's chain, with money for three grants."""
    async with await connect(devnet, tmp_path / "state") as client:
        bank = devnet_wallet(0)
        path = tmp_path / "deployment.json"
        made = Contracts(client, await deploy(client, bank, path=path))
        await made.token.transfer(bank, FAUCET.address, 3 * GRANT_WEI)
        assert await client.balance_wei(FAUCET.address) > 3 * GRANT_GAS_WEI
        yield made
