"""A chain with courts, and the reads of one enrolled owner on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.node.conftest import CLIENT, LIMITS, OPERATOR, OWNER, STAKE_WEI

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.disputing.casebook import Casebook
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.enrolment import enrol
from neurovoyance.node.intake import Intake
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import nvy

ENDPOINT = "http://127.0.0.1:9"


@dataclass
class Bench:
    """What the parts of the duty stand on."""

    folder: Path
    court: CourtSide
    storage: EmbeddedBackend
    content: Content
    intake: Intake
    runtime: OnnxRuntime


@pytest.fixture(scope="package")
def courts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DevnetThread, Deployment]]:
    folder = tmp_path_factory.mktemp("courts")
    with DevnetThread(block_interval_s=0.2) as devnet:
        yield devnet, asyncio.run(_prepared(devnet.url, folder))


async def _prepared(url: str, folder: Path) -> Deployment:
    async with await ChainClient.connect([url], state_dir=folder, poll_s=0.02) as chain:
        bank = devnet_wallet(0)
        deployment = await deploy(chain, bank, audits=AuditSettings.local())
        contracts = Contracts(chain, deployment)
        await contracts.token.transfer(bank, OWNER.address, STAKE_WEI)
        await contracts.token.transfer(bank, CLIENT.address, nvy("500"))
        await contracts.token.approve(CLIENT, deployment.market, nvy("500"))
        await contracts.market.deposit(CLIENT, nvy("500"))
        await enrol(contracts, OWNER, OPERATOR.address, ENDPOINT, STAKE_WEI)
        return deployment


@pytest.fixture
async def bench(courts: tuple[DevnetThread, Deployment], tmp_path: Path) -> AsyncIterator[Bench]:
    devnet, deployment = courts
    async with (
        await ChainClient.connect([devnet.url], state_dir=tmp_path / "chain", poll_s=0.02) as chain,
        EmbeddedBackend(tmp_path / "store", allow_private_addresses=True) as storage,
        OnnxRuntime(keep_warm=False) as runtime,
    ):
        book = Casebook(tmp_path / "disputes.sqlite", {"market": deployment.market})
        court = CourtSide(Contracts(chain, deployment), OPERATOR, Address(OWNER.address), book)
        content = Content(storage, tmp_path / "disputes", allow_private=True, timeout_s=10)
        intake = Intake(storage, runtime, LIMITS, tmp_path / "files", allow_private_addresses=True)
        yield Bench(tmp_path, court, storage, content, intake, runtime)
        book.close()
