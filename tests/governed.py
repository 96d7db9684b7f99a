"""A network with the token economy and voters, for tests of governance and of its commands.

The chain is the devnet on its own thread or an Anvil process. ``BANK`` staked six million NVY and
``FRIEND`` four, both delegated to themselves the day before, so proposals can be made at once;
``STRANGER`` has nothing. Every visit goes back to that state when it ends. Chain time moves by
whole days as governance does; nothing waits for a clock on the wall.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chains import anvil, connect

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import load_deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import Support
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.governance.acting import (
    prepare_execute,
    prepare_propose,
    prepare_queue,
    prepare_vote,
)
from neurovoyance.governance.drafting import draft
from neurovoyance.governance.proposals import Created, find_proposal, read_proposal
from neurovoyance.protocol.units import nvy

BANK, FRIEND, STRANGER = devnet_wallet(0), devnet_wallet(1), devnet_wallet(2)
BANK_WEI, FRIEND_WEI = nvy("6000000"), nvy("4000000")
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Network:
    """A running chain with contracts and voters."""

    kind: str
    url: str
    deployment: Path


@dataclass(slots=True)
class Visit:
    """One test's look at the network."""

    network: Network
    chain: ChainClient
    contracts: Contracts
    governance: Governance
    control: ChainControl

    async def propose(self, sentence: str) -> Created:
        """Draft and make a proposal as the bank."""
        made = await draft(self.governance, sentence)
        step = await prepare_propose(self.governance, made, BANK.address)
        await step.send(BANK)
        return await find_proposal(self.governance, hex(made.actions.proposal_id))

    async def go_to(self, time_s: int) -> None:
        """Let the chain's time come, if it has not."""
        wait_s = time_s - await self.chain.time_s()
        if wait_s > 0:
            await self.control.increase_time(wait_s)

    async def go_to_vote(self, created: Created) -> None:
        await self.go_to((await read_proposal(self.governance, created)).dates.votes_from_s)

    async def go_to_end(self, created: Created) -> None:
        await self.go_to((await read_proposal(self.governance, created)).dates.votes_until_s)

    async def vote(self, created: Created, support: Support = Support.FOR) -> None:
        """Wait for the vote and vote with both voters."""
        await self.go_to_vote(created)
        for wallet in (BANK, FRIEND):
            step = await prepare_vote(self.governance, created, wallet.address, support)
            await step.send(wallet)

    async def finish(self, created: Created) -> None:
        """Go on from a vote that was cast until the proposal was executed."""
        await self.go_to_end(created)
        await (await prepare_queue(self.governance, created)).send(STRANGER)
        await self.go_to((await read_proposal(self.governance, created)).eta_s)
        await (await prepare_execute(self.governance, created)).send(STRANGER)

    async def pass_it(self, sentence: str) -> Created:
        """Take a sentence from its proposal to its effect."""
        created = await self.propose(sentence)
        await self.vote(created)
        await self.finish(created)
        return created


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Network]:
    """Start a chain of a kind (``devnet`` or ``anvil``) with contracts and voters."""
    with ExitStack() as stack:
        if kind == "anvil":
            url = stack.enter_context(anvil()).url
        else:
            url = stack.enter_context(DevnetThread(block_interval_s=None)).url
        network = Network(kind, url, folder / "deployment.json")
        asyncio.run(_prepare(network, folder / "prepare"))
        yield network


async def _prepare(network: Network, folder: Path) -> None:
    async with await connect(network.url, folder) as chain:
        economy = EconomySettings.local(BANK.address)
        deployment = await deploy(
            chain, BANK, audits=AuditSettings.local(), economy=economy, path=network.deployment
        )
        contracts, governance = Contracts(chain, deployment), Governance(chain, deployment)
        await contracts.token.transfer(BANK, FRIEND.address, FRIEND_WEI)
        for wallet, operator, amount in ((BANK, 7, BANK_WEI), (FRIEND, 8, FRIEND_WEI)):
            await contracts.stakes.register(wallet, devnet_wallet(operator).address, "")
            await contracts.token.approve(wallet, deployment.stake_manager, amount)
            await contracts.stakes.stake(wallet, amount)
            await governance.votes.delegate(wallet, wallet.address)
        await ChainControl(chain.rpc).increase_time(DAY_S)


@asynccontextmanager
async def visiting(network: Network, folder: Path, *, undo: bool = True) -> AsyncIterator[Visit]:
    """Open the network for one test and undo what the test did."""
    async with await connect(network.url, folder / "state") as chain:
        control = ChainControl(chain.rpc)
        before = await control.snapshot() if undo else ""
        deployment = load_deployment(network.deployment, DEVNET_CHAIN_ID)
        try:
            yield Visit(
                network,
                chain,
                Contracts(chain, deployment),
                Governance(chain, deployment),
                control,
            )
        finally:
            assert not undo or await control.revert(before)


def make_home(network: Network, folder: Path, account: int) -> Path:
    """Write the home folder of one of the public accounts, for commands."""
    folder.mkdir(parents=True)
    profile = NetworkProfile(
        name="votes",
        chain_id=DEVNET_CHAIN_ID,
        rpc_urls=[network.url],
        deployment=str(network.deployment),
        devnet_account=account,
        poll_s=0.05,
    )
    save_profile(profile, folder / "network.json")
    return folder
