"""A network for the pages: as ``neurovoyance up --audits --economy`` makes it, with things to show.

One job that was computed, one proposal, and voters. Chain time moves by a day once, before the job,
so that the proposal may be made; nothing else is simulated.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.governing import Governance
from neurovoyance.cli.catalogue import shipped_catalogue
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_services import Services
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.filetypes import input_of, installed_model
from neurovoyance.client.models import keep_manifest
from neurovoyance.client.opening import open_from_profile
from neurovoyance.governance.acting import prepare_propose
from neurovoyance.governance.drafting import draft
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.units import nvy

BANK = devnet_wallet(0)
BANK_OPERATOR = devnet_wallet(29)
VOTES_WEI = nvy("6000000")
DAY_S = 86_400
RICH, POOR = devnet_wallet(40), devnet_wallet(41)
"""Accounts for wallets: the first has NVY, both have what the network's fee needs."""
SENTENCE = "set burnBps to 4.5 percent because it is shown"
WAIT_S = 180.0


@dataclass(slots=True)
class World:
    """A running network.

    Attributes:
        names: what stands in addresses of pages: ids of a job, a provider, a proposal.
    """

    network: LocalNetwork
    names: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where pages and API are."""
        assert self.network.market is not None
        return self.network.market.url

    @property
    def rpc_url(self) -> str:
        """The chain's endpoint."""
        return self.network.rpc_url


def started(
    home: Path, *, jobs: int = 1, first_audits: int = 0, has_canaries: bool = False
) -> World:
    """Start a network and give it something to show.

    Its processes end with the thread that started them, so this has to be the main one.

    Args:
        home: folder of the network.
        jobs: to have computed.
        first_audits: how many of a provider's first jobs are audited whatever chance says.
        has_canaries: they can be drawn; then nodes leave it to their owners to collect rewards.
    """
    network = LocalNetwork(
        home,
        node_count=2,
        max_jobs=2,
        audits=AuditSettings.local(first_jobs=first_audits),
        has_economy=True,
        canary_models=shipped_catalogue() if has_canaries else (),
        collects=not has_canaries,
        services=Services(has_market=True),
    )
    return asyncio.run(_populated(network, jobs))


async def _populated(network: LocalNetwork, jobs: int) -> World:
    await network.__aenter__()
    world = World(network)
    try:
        async with await open_from_profile(network.home) as client:
            contracts = client.session.contracts
            world.names["proposal"] = await _proposed(contracts)
            world.names["voter"] = BANK.address
            for wallet in (RICH, POOR):
                await client.session.chain.transfer_native(BANK, wallet.address, 10**18)
            await contracts.token.transfer(BANK, RICH.address, nvy("50"))
            for number in range(jobs):
                world.names["job"] = await computed(client, number)
            record = await contracts.market.job(JobId(bytes.fromhex(world.names["job"][2:])))
            world.names["provider"] = record.provider
            world.names["model"] = hex_of(shipped_manifest().model_id())
            world.names["tx"] = await _newest_transaction(contracts)
    except BaseException:
        network.stop()
        raise
    return world


async def _newest_transaction(contracts: Contracts) -> str:
    number = await contracts.client.block_number()
    while True:
        block = await contracts.client.rpc.request("eth_getBlockByNumber", [hex(number), False])
        if block["transactions"]:
            return str(block["transactions"][-1])
        number -= 1


async def _proposed(contracts: Contracts) -> str:
    """Let the bank stake, become a voter, wait a day and propose something."""
    stakes, governance = contracts.stakes, Governance(contracts.client, contracts.deployment)
    await stakes.register(BANK, BANK_OPERATOR.address, "")
    await contracts.token.approve(BANK, contracts.deployment.stake_manager, VOTES_WEI)
    await stakes.stake(BANK, VOTES_WEI)
    await governance.votes.delegate(BANK, BANK.address)
    await ChainControl(contracts.client.rpc).increase_time(DAY_S)
    made = await draft(governance, SENTENCE)
    await (await prepare_propose(governance, made, BANK.address)).send(BANK)
    return str(made.actions.proposal_id)


async def computed(client: AsyncClient, number: int) -> str:
    """Have the sample model run once, and wait for the result."""
    model = installed_model()
    storage = client.session.storage
    await storage.provide(await storage.add(model.path))
    published = await keep_manifest(storage, shipped_manifest())
    features = model.read(f"import os  # {number}\nprint(os.sep)\n".encode() * 8)
    job = await client.submit(
        published, input_of([features]), max_price_wei=nvy("1"), confirm="never"
    )
    await asyncio.wait_for(job.result(), WAIT_S)
    return hex_of(job.current.job_id)
