"""The chain's side of journeys that take days: time, money and what the contracts' books say.

Place: beside the tests of this folder. The browser's driver keeps this thread's event loop, so that
everything here runs on a loop of its own, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.e2e.dapp.world import BANK, World, computed

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.channels import AllotmentTerms, Channels
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.events import ExitExecuted
from neurovoyance.chain.history import history
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet
from neurovoyance.cli.demo_canary import CanaryStory, play_canary
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.cli.local_chain import connect
from neurovoyance.client.filetypes import installed_model
from neurovoyance.client.models import keep_manifest
from neurovoyance.client.opening import open_from_profile
from neurovoyance.node.enrolment import enrol
from neurovoyance.protocol.vouchers import (
    Receipt,
    SignedVoucher,
    Voucher,
    receipts_tree,
    sign_voucher,
)
from neurovoyance.tokenomics.emission import CLAIM_FIRST, CLAIM_LAST

WAIT_S = 90.0
STORY_S = 240.0
"""For work of several steps, each of which may take that long."""
GAS_WEI = 10**18
LOCK_MULTIPLE = 5
_T = TypeVar("_T")


def new_wallet() -> Wallet:
    """Return an account that nothing is known of yet."""
    return Wallet.from_raw_key("0x" + secrets.token_hex(32), chain_id=DEVNET_CHAIN_ID)


class Days:
    """A network's chain, to be asked and moved forward; close it at the end.

    Attributes:
        contracts: of the network; their methods are for :meth:`do`.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._chain = self.do(connect(world.rpc_url, folder))
        self._control = ChainControl(self._chain.rpc)
        self.contracts = Contracts(self._chain, world.network.known_deployment)

    def do(self, work: Coroutine[Any, Any, _T], wait_s: float = WAIT_S) -> _T:
        """Return what some work on the other loop comes to."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(wait_s)

    def close(self) -> None:
        """End connection, loop and thread."""
        self.do(self._chain.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- time ---

    def epoch(self) -> int:
        """Return the week that the chain is in."""
        return self.do(self._chain.time_s()) // EPOCH_S

    def pass_s(self, seconds: int) -> None:
        """Let chain time pass."""
        self.do(self._control.increase_time(seconds))

    def to_epoch(self, epoch: int) -> None:
        """Go to the beginning of a week, if it is not there yet."""
        missing_s = epoch * EPOCH_S + 1 - self.do(self._chain.time_s())
        if missing_s > 0:
            self.pass_s(missing_s)

    # --- money ---

    def fund(self, account: str, amount_wei: int) -> None:
        """Give an account NVY, and what the network's fees need."""
        self.do(self._funded(account, amount_wei))

    async def _funded(self, account: str, amount_wei: int) -> None:
        await self._chain.transfer_native(BANK, account, GAS_WEI)
        if amount_wei:
            await self.contracts.token.transfer(BANK, account, amount_wei)

    def enrol(self, owner: Wallet, stake_wei: int) -> None:
        """Give an account its stake, and make it a provider."""
        self.fund(owner.address, stake_wei)
        operator = new_wallet().address
        self.do(enrol(self.contracts, owner, operator, "http://127.0.0.1:1", stake_wei))

    def earn(self, provider: Wallet, amount_wei: int) -> None:
        """Let a provider earn a fee: somebody's voucher, redeemed and settled."""
        payer = new_wallet()
        self.fund(payer.address, amount_wei)
        self.do(self._earned(provider, payer, amount_wei))

    @property
    def _channels(self) -> Channels:
        return Channels(self._chain, self.contracts.deployment.channels)

    def reserve(self, payer: Wallet, payee: str, amount_wei: int) -> bytes:
        """Let an account with that much reserve it for a payee; return the channel."""
        return self.do(self._reserved(payer, payee, amount_wei))

    async def _reserved(self, payer: Wallet, payee: str, amount_wei: int) -> bytes:
        salt = secrets.token_bytes(32)
        await self.contracts.token.approve(payer, self.contracts.deployment.market, amount_wei)
        await self.contracts.market.deposit(payer, amount_wei)
        terms = AllotmentTerms(payee, amount_wei, LOCK_MULTIPLE)
        await self._channels.open(payer, salt, [terms])
        return await self._channels.channel_id_of(payer.address, salt)

    def end(self, payer: Wallet, channel_id: bytes) -> int:
        """Let a channel's client give notice; return when it ends, unix seconds."""
        return self.do(self._ended(payer, channel_id))

    async def _ended(self, payer: Wallet, channel_id: bytes) -> int:
        await self._channels.request_close(payer, channel_id)
        return (await self._channels.channel_of(channel_id)).closes_at_s

    async def _earned(self, provider: Wallet, payer: Wallet, amount_wei: int) -> None:
        deployment, channels = self.contracts.deployment, self._channels
        channel_id = await self._reserved(payer, provider.address, amount_wei)
        receipt = Receipt(work=bytes(32), start_wei=0, end_wei=amount_wei)
        voucher = Voucher(
            channel_id=channel_id,
            payee=provider.address,
            cumulative_wei=amount_wei,
            receipts_root=receipts_tree([receipt]).root,
            max_leaf_wei=amount_wei,
            expiry_s=await self._chain.time_s() + EPOCH_S,
        )
        signature = sign_voucher(
            voucher, payer.account, chain_id=DEVNET_CHAIN_ID, channels=deployment.channels
        )
        await channels.redeem(provider, SignedVoucher(voucher=voucher, signature=signature))
        window_s = (await channels.channel_of(channel_id)).window_s
        await self._control.increase_time(window_s + 1)
        await channels.settle(payer, channel_id, provider.address)

    def books(self, account: str, behind: Sequence[str] = ()) -> dict[str, int]:
        """Return where an account's NVY are, wei, by the names of its page; without zeros.

        Args:
            account: whose.
            behind: providers that it delegated to.
        """
        found = self.do(self._books(account)) | self.do(self._delegations(account, behind))
        return {name: wei for name, wei in found.items() if wei}

    async def _books(self, account: str) -> dict[str, int]:
        all_, vault = self.contracts, self.contracts.vault
        stake = await all_.stakes.stake_of(account)
        return {
            "Wallet": await all_.token.balance_of_wei(account),
            "Free in the market": await all_.market.free_of_wei(account),
            "Stake, free to back jobs": stake.own_wei - stake.locked_wei,
            "Stake, locked behind work": stake.locked_wei,
            "Stake on its way out": stake.unbonding_wei,
            "Fees, before their split": await all_.fee_router.unharvested_of_wei(account),
            "Pay for audits and judging": await all_.market.earned_of_wei(account),
            "Vested rewards": await vault.releasable_of_wei(account),
            "Rewards that vest week by week": await vault.unvested_of_wei(account),
            "Emission to claim": await self._claimable(account),
        }

    async def _delegations(self, account: str, behind: Sequence[str]) -> dict[str, int]:
        stakes = self.contracts.stakes
        found = [await stakes.delegation_of(provider, account) for provider in behind]
        return {
            "Delegated to providers": sum(one.amount_wei for one in found),
            "Delegations on their way out": sum(one.unbonding_wei for one in found),
            "Rewards of delegations": sum(
                [await stakes.reward_of_wei(provider, account) for provider in behind]
            ),
        }

    async def _claimable(self, account: str) -> int:
        present, emission = await self._chain.time_s() // EPOCH_S, self.contracts.emission
        rewards = [
            await emission.reward_of(account, epoch)
            for epoch in range(present - CLAIM_LAST, present - CLAIM_FIRST + 1)
            if (await emission.weight_of(account, epoch)).is_registered
        ]
        return sum(one.work_wei + one.avail_wei - one.delegated_wei for one in rewards)

    def exit_of(self, account: str) -> ExitExecuted:
        """Return what the vault's newest early exit of an account came to."""
        return self.do(self._exit_of(account))

    async def _exit_of(self, account: str) -> ExitExecuted:
        deployment = self.contracts.deployment
        found = await history(
            self._chain,
            deployment.contract_addresses(),
            int(account, 16),
            start_block=deployment.deploy_block,
        )
        return [event for event in found if isinstance(event, ExitExecuted)][-1]

    # --- the protocol's own work ---

    def draw_canary(self) -> CanaryStory:
        """Have a node of this network drawn, and see it pass."""
        return self.do(self._drawn(), STORY_S)

    def compute(self) -> str:
        """Have the sample model run once; return the job, revealed and not confirmed."""
        return self.do(self._computed(), STORY_S)

    async def _computed(self) -> str:
        network = self._world.network
        async with await open_from_profile(
            network.home, gateway_port=network.content_port
        ) as client:
            return await computed(client, secrets.randbelow(1_000_000))

    def register(self, provider: str, epoch: int) -> None:
        """Enter a provider's weights for a week, in the one after it."""
        self.to_epoch(epoch + 1)
        self.do(self.contracts.emission.register(BANK, provider))

    async def _drawn(self) -> CanaryStory:
        network = self._world.network
        async with await open_from_profile(
            network.home, gateway_port=network.content_port
        ) as client:
            storage = client.session.storage
            await storage.provide(await storage.add(installed_model().path))
            await keep_manifest(storage, shipped_manifest())
            return await play_canary(network, client)
