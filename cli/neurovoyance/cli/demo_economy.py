"""The part of the demo in which a fee is split, vests, leaves early, and a rate is voted on.

Place: under :mod:`.demo_run`, on its network, after the jobs. Every figure is read from events and
balances of the contracts and compared with the exact twins of ``tokenomics``; weeks and votes pass
by moving the private chain's clock. Never: a figure of the demo's own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import (
    EmissionClaimed,
    ExitExecuted,
    FeesSplit,
    PotsSwept,
    Released,
    VestingDeposited,
)
from neurovoyance.chain.governing import Governance, key_bytes
from neurovoyance.chain.governors import Actions, ProposalState, Support
from neurovoyance.chain.history import history
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.chain.wallet import Wallet
from neurovoyance.cli.demo_canary import CanaryStory, canary_json
from neurovoyance.cli.local_node import LocalNode
from neurovoyance.client.client import AsyncClient
from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.units import WEI_PER_NVY

_E = TypeVar("_E", bound=ChainEvent)

HOLDER_STAKE_WEI = 6_000_000 * WEI_PER_NVY
"""More than the Standard governor's least quorum of 5,000,000 NVY."""
WEEKS = 4
"""Weeks that pass before the first release."""
EXIT_MAX_WEI = 100 * WEI_PER_NVY
"""Most that the demo leaves early with: far under what one account may in a week."""
CHANGED_KEY = "burnBps"
CHANGED_TO = 450
_DAY_S = 86_400
_EXIT_NOTICE_S = _DAY_S
_MAX_PENALTY_BPS = 6_000


@dataclass(slots=True)
class EconomyStory:
    """What became of one provider's fees, and of one proposal; wei.

    Attributes:
        provider: name of the node whose fees are followed.
        slices: parts of the fees by name, in the order of the split; they sum to ``fees_wei``.
        released_wei: what vested in ``WEEKS`` weeks and was paid out.
        exit: the early exit: ``amount``, ``penalty``, ``paid``, and the penalty's sinks.
        canary: drawn for the provider before its fees were split.
        emission: what the reserve paid: ``work``, ``avail``; of it ``liquid`` and ``vested``.
        change: the parameter's value ``before`` and ``after`` the vote.
        days: chain time that all of this took.
    """

    provider: str = ""
    fees_wei: int = 0
    slices: dict[str, int] = field(default_factory=dict)
    swept: dict[str, int] = field(default_factory=dict)
    released_wei: int = 0
    exit: dict[str, int] = field(default_factory=dict)
    emission: dict[str, int] = field(default_factory=dict)
    change: dict[str, int] = field(default_factory=dict)
    votes_for_wei: int = 0
    days: float = 0.0
    canary: CanaryStory = field(default_factory=CanaryStory)
    faults: list[str] = field(default_factory=list)


async def play_economy(client: AsyncClient, node: LocalNode, canary: CanaryStory) -> EconomyStory:
    """Follow one provider's rewards through split, vesting and exit, and vote on a rate."""
    session = client.session
    play = _Play(session.contracts, node, ChainControl(session.chain.rpc))
    play.story.canary = canary
    play.story.faults += canary.faults
    began_s = await session.chain.time_s()
    await play.split()
    await play.emission_of_last_epoch()
    await play.release()
    await play.leave_early()
    await play.vote()
    play.story.days = (await session.chain.time_s() - began_s) / _DAY_S
    return play.story


class _Play:
    def __init__(self, contracts: Contracts, node: LocalNode, control: ChainControl) -> None:
        self._contracts, self._owner, self._control = contracts, node.owner, control
        self._chain = contracts.client
        self._governance = Governance(contracts.client, contracts.deployment)
        self._earned_epoch = 0
        self.story = EconomyStory(node.name)

    async def split(self) -> None:
        """Harvest: the split of every fee, the liquid part to the owner, a part into the vault."""
        story, owner = self.story, self._owner
        self._earned_epoch = await self._epoch()
        if await self._contracts.fee_router.unharvested_of_wei(owner.address):
            with suppress(ContractRevert):  # its node may be faster
                await self._contracts.harvest(owner, owner.address)
        splits = await self._events_of(FeesSplit)
        story.fees_wei = sum(split.fees_wei for split in splits)
        story.slices = {
            name: sum(getattr(split, field_name) for split in splits)
            for name, field_name in (
                ("to the provider at once", "liquid_wei"),
                ("to the provider, vesting", "vested_wei"),
                ("burned", "burned_wei"),
                ("to the treasury", "to_treasury_wei"),
                ("to insurance", "to_insurance_wei"),
                ("to the audit pool", "to_audits_wei"),
            )
        }
        self._require(sum(story.slices.values()) == story.fees_wei, "The slices are not the fees.")
        self._require(bool(story.fees_wei), f"{story.provider} earned no fee.")
        receipt = await self._contracts.fee_router.sweep(owner)
        swept = receipt.one(PotsSwept)
        story.swept = {
            "burned": swept.burned_wei,
            "treasury": swept.to_treasury_wei,
            "insurance": swept.to_insurance_wei,
            "audits": swept.to_audits_wei,
        }

    async def emission_of_last_epoch(self) -> None:
        """Register fees and score a week later, and claim what the reserve adds for them."""
        emission, owner = self._contracts.emission, self._owner
        if self._earned_epoch < await emission.first_epoch():
            # The first whole epoch after deployment is the first that emits.
            return
        await self._to_epoch(self._earned_epoch + 1)
        with suppress(ContractRevert):  # its node does the same
            await emission.register(owner, owner.address)
        await self._to_epoch(self._earned_epoch + 2)
        with suppress(ContractRevert):
            await emission.claim(owner, owner.address, self._earned_epoch)
        claims = await self._events_of(EmissionClaimed)
        self.story.emission = {
            name: sum(getattr(claim, f"{name}_wei") for claim in claims)
            for name in ("work", "avail", "liquid", "vested")
        }
        is_scored = self.story.canary.passed > 0
        self._require(bool(self.story.emission["avail"]) == is_scored, "A score earns, or nothing.")

    async def release(self) -> None:
        """Let weeks pass and take out what has vested."""
        vault, owner = self._contracts.vault, self._owner
        await self._to_epoch(self._earned_epoch + WEEKS)
        if await vault.releasable_of_wei(owner.address):
            with suppress(ContractRevert):
                await vault.release(owner, owner.address)
        released = await self._events_of(Released)
        self.story.released_wei = sum(event.amount_wei for event in released)
        deposits = await self._events_of(VestingDeposited)
        deposited_wei = sum(deposit.amount_wei for deposit in deposits)
        held_wei = await vault.held_of_wei(owner.address)
        self._require(
            deposited_wei == self.story.released_wei + held_wei,
            "What went into the vault is not what came out and what is left.",
        )
        self._require(self.story.released_wei > 0, "Nothing vested in weeks.")

    async def leave_early(self) -> None:
        """Announce an early exit of a part of what vests, wait the notice, pay the penalty."""
        vault, owner, story = self._contracts.vault, self._owner, self.story
        amount_wei = min(await vault.unvested_of_wei(owner.address) // 2, EXIT_MAX_WEI)
        await vault.request_exit(owner, amount_wei)
        await self._control.increase_time(_EXIT_NOTICE_S + 60)
        receipt = await vault.execute_exit(owner, _MAX_PENALTY_BPS)
        left = receipt.one(ExitExecuted)
        sinks = {
            "to those who stay": left.to_holders_wei,
            "burned": left.burned_wei,
            "to insurance": left.to_insurance_wei,
        }
        self._require(sum(sinks.values()) == left.penalty_wei, "The penalty's parts differ.")
        story.exit = {
            "amount": left.amount_wei,
            "penalty": left.penalty_wei,
            "paid": left.amount_wei - left.penalty_wei,
            **sinks,
        }

    async def vote(self) -> None:
        """Stake as a holder, propose another burn, vote, wait, and see the value apply."""
        holder, params = devnet_wallet(0), self._governance.params
        governor, story = self._governance.standard, self.story
        await self._stake(holder)
        story.change = {"before": await params.value_of(CHANGED_KEY)}
        actions = self._proposal()
        await governor.propose(holder, actions)
        await self._until(actions, ProposalState.ACTIVE)
        await governor.cast_vote_with_reason(
            holder, actions.proposal_id, Support.FOR, "less inflation of nothing"
        )
        story.votes_for_wei = (await governor.tally(actions.proposal_id)).for_wei
        await self._until(actions, ProposalState.SUCCEEDED)
        await governor.queue(holder, actions)
        ready_s = await governor.eta_s(actions.proposal_id)
        await self._to_time(ready_s + 1)
        await governor.execute(holder, actions)
        await self._to_epoch(await self._epoch() + 1)
        story.change["after"] = await params.value_of(CHANGED_KEY)
        self._require(story.change["after"] == CHANGED_TO, "The vote changed nothing.")

    def _proposal(self) -> Actions:
        call = self._governance.params.prepare("set", key_bytes(CHANGED_KEY), CHANGED_TO)
        return Actions(
            (self._contracts.deployment.params,),
            (0,),
            (call.data,),
            f"Set {CHANGED_KEY} to {CHANGED_TO}: burn 4.5 % of every fee.",
        )

    async def _stake(self, holder: Wallet) -> None:
        """Stake and delegate the votes to oneself, a tick before they are needed."""
        stakes, votes = self._contracts.stakes, self._governance.votes
        await stakes.register(holder, devnet_wallet(1).address, "http://127.0.0.1:1")
        await self._contracts.token.approve(
            holder, self._contracts.deployment.stake_manager, HOLDER_STAKE_WEI
        )
        await stakes.stake(holder, HOLDER_STAKE_WEI)
        await votes.delegate(holder, holder.address)
        await self._control.increase_time(await votes.tick_s() + 1)

    async def _until(self, actions: Actions, wanted: ProposalState) -> None:
        """Let days pass until a proposal is in a state; a fault if it never is."""
        governor = self._governance.standard
        for _ in range(30):
            found = await governor.state(actions.proposal_id)
            if found is wanted:
                return
            await self._control.increase_time(_DAY_S)
        self._require(False, f"The proposal is {found.name}, not {wanted.name}.")

    async def _epoch(self) -> int:
        return await self._chain.time_s() // EPOCH_S

    async def _to_epoch(self, epoch: int) -> None:
        await self._to_time(epoch * EPOCH_S + 1)

    async def _to_time(self, time_s: int) -> None:
        missing_s = time_s - await self._chain.time_s()
        if missing_s > 0:
            await self._control.increase_time(missing_s)

    async def _events_of(self, kind: type[_E]) -> list[_E]:
        deployment, subject = self._contracts.deployment, int(self._owner.address, 16)
        found = await history(
            self._chain,
            deployment.contract_addresses(),
            subject,
            start_block=deployment.deploy_block,
        )
        return [event for event in found if isinstance(event, kind)]

    def _require(self, condition: bool, fault: str) -> None:
        if not condition:
            self.story.faults.append(fault)


def economy_json(story: EconomyStory) -> dict[str, object]:
    """Return the story for programs; wei as decimal strings."""
    return {
        "provider": story.provider,
        "fees_wei": str(story.fees_wei),
        "slices_wei": {name: str(wei) for name, wei in story.slices.items()},
        "released_wei": str(story.released_wei),
        "exit_wei": {name: str(wei) for name, wei in story.exit.items()},
        "canary": canary_json(story.canary),
        "emission_wei": {name: str(wei) for name, wei in story.emission.items()},
        "changed": {"key": CHANGED_KEY, **story.change},
        "votes_for_wei": str(story.votes_for_wei),
        "days": round(story.days, 1),
    }
