"""A node's parts on a chain with courts and the token economy; canaries use the certified model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.unit.node.conftest import (
    AUDITOR,
    AUDITOR_KEY,
    OPERATOR,
    OWNER,
    STAKE_WEI,
    Station,
    make_station,
)
from tests.unit.node.content import ROWS, publish_certified

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import deploy
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.emission import Canaries, Emission
from neurovoyance.chain.events import EventCursor
from neurovoyance.chain.genesis import AuditSettings, CanaryModel, EconomySettings
from neurovoyance.chain.rewards import EPOCH_S, FeeRouter, Vault
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.canary_book import CanaryBook
from neurovoyance.node.canary_duty import CanaryDuty
from neurovoyance.node.enrolment import enrol, take_seats
from neurovoyance.node.offering import OfferSigner
from neurovoyance.node.reward_duty import RewardDuty, Rewards
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import nvy

POOL = pool_of("cpu")


@dataclass
class Economy:
    """The station, and the duties that earn rewards."""

    station: Station
    canaries: Canaries
    book: CanaryBook
    duty: CanaryDuty
    rewards: Rewards
    reward_duty: RewardDuty
    cursor: EventCursor

    async def time_s(self) -> int:
        return await self.station.chain.time_s()

    async def turn(self) -> None:
        """Let the canary duty read the new events and sweep."""
        batch = await self.cursor.read()
        await self.duty.handle(batch.items)
        await self.cursor.commit(batch)
        await self.duty.sweep(await self.time_s())

    async def next_epoch(self) -> int:
        """Go to the next epoch; return it."""
        now_s = await self.time_s()
        await self.station.control.increase_time(EPOCH_S - now_s % EPOCH_S + 150)
        await self.station.control.mine()
        return await self.time_s() // EPOCH_S


@asynccontextmanager
async def economy_station(folder: Path) -> AsyncIterator[Economy]:
    """Deploy everything; one provider with seats, and one auditor without."""
    with DevnetThread(block_interval_s=0.2) as devnet:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                await ChainClient.connect([devnet.url], state_dir=folder / "chain", poll_s=0.02)
            )
            async with EmbeddedBackend(folder / "published") as storage:
                spec = await publish_certified(storage)
                document = await storage.get_block(cid_of_keccak(spec.model_id))
            bank = devnet_wallet(0)
            models = [CanaryModel(spec.model_id, POOL, ROWS, 60)]
            settings = replace(EconomySettings.local(Address(bank.address)), canary_models=models)
            audits = AuditSettings.local(min_bps=10_000)
            deployment = await deploy(client, bank, audits=audits, economy=settings)
            contracts = Contracts(client, deployment)
            for wallet, hot in ((OWNER, OPERATOR), (AUDITOR, AUDITOR_KEY)):
                await contracts.token.transfer(bank, wallet.address, STAKE_WEI)
                await enrol(contracts, wallet, hot.address, "http://127.0.0.1:1", STAKE_WEI)
            await take_seats(contracts, OWNER, [POOL], 3)
            await take_seats(contracts, AUDITOR, [POOL], 1)
            await contracts.token.approve(bank, deployment.registry, nvy("1000"))
            await contracts.registry.register(bank, document)
            control = ChainControl(client.rpc)
            station = await make_station(client, deployment, control, folder, stack)
            await publish_certified(station.storage)
            yield _parts(station, folder, stack)


def _parts(station: Station, folder: Path, stack: AsyncExitStack) -> Economy:
    client, deployment = station.contracts.client, station.contracts.deployment
    canaries = Canaries(client, deployment.canaries)
    book = CanaryBook(folder / "canaries.sqlite", {"market": deployment.market})
    stack.callback(book.close)
    signer = OfferSigner(
        Address(OWNER.address), OPERATOR.account, client.chain_id, deployment.market,
        station.journal,
    )  # fmt: skip
    rewards = Rewards(
        Emission(client, deployment.emission),
        canaries,
        FeeRouter(client, deployment.fee_router),
        Vault(client, deployment.vault),
    )
    cursor = EventCursor(
        client,
        deployment.contract_addresses(),
        "canaries",
        state_path=folder / "canary-events.sqlite",
        start_block=deployment.deploy_block,
    )
    stack.callback(cursor.close)
    return Economy(
        station,
        canaries,
        book,
        CanaryDuty(station.chain, canaries, book, station.intake, signer),
        rewards,
        RewardDuty(station.chain, rewards, threshold_wei=1),
        cursor,
    )
