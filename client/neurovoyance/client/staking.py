"""Stake, delegate, release and leave, for whoever holds tokens: facts and actions.

Place: under ``cli`` and whoever writes a wallet on the SDK. Reads everything fresh from the
contracts; allowances are given for exactly what a call takes. Never: a key that is not the
session's own, or an action that the contract would refuse without saying why first.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.contracts import Contracts, DelegationRecord, StakeRecord
from neurovoyance.chain.events import ExitExecuted
from neurovoyance.chain.reverts import EmissionControllerNothingToHandOn
from neurovoyance.chain.rewards import EPOCH_S, ExitRecord
from neurovoyance.client.session import Session
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import Address

CLAIM_FIRST_EPOCHS = 2
CLAIM_LAST_EPOCHS = 9


@dataclass(frozen=True, slots=True)
class StakeView:
    """What an account staked; amounts in wei, times in unix seconds.

    Attributes:
        stake: its own stake, as a provider.
        age_s: loyalty of that stake.
        weight_wei: own and counted delegated stake, which availability emission goes by.
        delegation: what it delegated to ``provider``; None if no provider was named.
        reward_wei: emission that waits for it as a delegator there.
    """

    stake: StakeRecord
    age_s: int
    weight_wei: int
    provider: str = ""
    delegation: DelegationRecord | None = None
    reward_wei: int = 0


@dataclass(frozen=True, slots=True)
class RewardsView:
    """What an account earned and when it gets it; wei, unix seconds.

    Attributes:
        fees_wei: fees of finished jobs, before their split.
        paid_work_wei: pay for audits and judging, not split.
        releasable_wei, unvested_wei: in the vault.
        schedule_wei: what becomes releasable in each of the next 26 weeks.
        exit: the announced early exit.
        allowance_wei: what could leave early in this week.
        penalty_wei: what leaving with all of it now would cost.
        next_epoch_s: when the next part vests.
        claimable: emission by epoch that can be claimed now.
    """

    fees_wei: int
    paid_work_wei: int
    releasable_wei: int
    unvested_wei: int
    schedule_wei: tuple[int, ...]
    exit: ExitRecord
    allowance_wei: int
    penalty_wei: int
    next_epoch_s: int
    claimable: dict[int, int]


def require_economy(contracts: Contracts) -> None:
    """Raise ConfigError where a network has no rewards, delegation or votes."""
    if not contracts.has_economy:
        raise ConfigError(
            "This network was deployed without the token economy: nothing vests, and stake cannot "
            "be delegated.",
            hint="Use a network that has it, for example `neurovoyance up --economy`.",
            faults=["deployment: no economy"],
        )


async def stake_view(session: Session, provider: str = "") -> StakeView:
    """Return what the session's account staked, and delegated to a provider if one is named."""
    stakes, address = session.contracts.stakes, str(session.address)
    epoch = await session.chain.time_s() // EPOCH_S
    weight_wei = sum(await stakes.weight_at_wei(address, epoch))
    delegation = await stakes.delegation_of(provider, address) if provider else None
    reward_wei = await stakes.reward_of_wei(provider, address) if provider else 0
    record = await stakes.stake_of(address)
    age_s = await stakes.age_of_s(address)
    return StakeView(record, age_s, weight_wei, provider, delegation, reward_wei)


async def add_stake(session: Session, amount_wei: int) -> Receipt:
    """Stake more of the account's tokens; the account must be registered as a provider."""
    contracts = session.contracts
    await contracts.token.approve(session.wallet, contracts.deployment.stake_manager, amount_wei)
    return await contracts.stakes.stake(session.wallet, amount_wei)


async def delegate(session: Session, provider: str, amount_wei: int) -> Receipt:
    """Put tokens behind a provider; they can be slashed with it and leave after unbonding."""
    contracts = session.contracts
    require_economy(contracts)
    await contracts.token.approve(session.wallet, contracts.deployment.stake_manager, amount_wei)
    return await contracts.stakes.delegate(session.wallet, provider, amount_wei)


async def undelegate(session: Session, provider: str, amount_wei: int | None) -> Receipt:
    """Start taking a delegation back: an amount, rounded down to whole shares, or all of it."""
    require_economy(session.contracts)
    stakes = session.contracts.stakes
    held = await stakes.delegation_of(provider, str(session.address))
    shares = held.shares
    if amount_wei is not None and held.amount_wei:
        shares = min(held.shares, held.shares * amount_wei // held.amount_wei)
    return await stakes.request_undelegation(session.wallet, provider, shares)


async def rewards_view(session: Session) -> RewardsView:
    """Return what the session's account earned, what vests and what it can take."""
    contracts, address = session.contracts, str(session.address)
    require_economy(contracts)
    vault, time_s = contracts.vault, await session.chain.time_s()
    unvested_wei = await vault.unvested_of_wei(address)
    return RewardsView(
        fees_wei=await contracts.fee_router.unharvested_of_wei(address),
        paid_work_wei=await contracts.market.earned_of_wei(address),
        releasable_wei=await vault.releasable_of_wei(address),
        unvested_wei=unvested_wei,
        schedule_wei=await vault.schedule_of_wei(address),
        exit=await vault.exit_of(address),
        allowance_wei=await vault.allowance_of_wei(address),
        penalty_wei=await vault.penalty_of_wei(address, unvested_wei) if unvested_wei else 0,
        next_epoch_s=(time_s // EPOCH_S + 1) * EPOCH_S,
        claimable=await claimable(session),
    )


async def claimable(session: Session) -> dict[int, int]:
    """Return the emission that the account can claim now, wei by epoch."""
    emission, address = session.contracts.emission, str(session.address)
    now = await session.chain.time_s() // EPOCH_S
    found = {}
    for epoch in range(now - CLAIM_LAST_EPOCHS, now - CLAIM_FIRST_EPOCHS + 1):
        if (await emission.weight_of(address, epoch)).is_registered:
            reward = await emission.reward_of(address, epoch)
            found[epoch] = reward.work_wei + reward.avail_wei
    return found


async def claim_all(session: Session) -> list[int]:
    """Claim the emission of every epoch that can be claimed; return the epochs."""
    require_economy(session.contracts)
    epochs = list(await claimable(session))
    for epoch in epochs:
        await session.contracts.emission.claim(session.wallet, str(session.address), epoch)
    return epochs


async def claim_delegated(session: Session, provider: Address) -> Receipt:
    """Take the account's part of a provider's emission, also of what it has not claimed yet.

    Sharing the delegators' part out at once keeps it from those who join the pool later.
    """
    require_economy(session.contracts)
    emission, wallet = session.contracts.emission, session.wallet
    now = await session.chain.time_s() // EPOCH_S
    for epoch in range(now - CLAIM_LAST_EPOCHS, now - CLAIM_FIRST_EPOCHS + 1):
        if (await emission.weight_of(provider, epoch)).has_to_hand_on:
            with suppress(EmissionControllerNothingToHandOn):  # somebody was quicker
                await emission.hand_on(wallet, provider, epoch)
    return await emission.claim_delegated(wallet, provider)


async def leave(session: Session, max_penalty_bps: int) -> ExitExecuted:
    """Execute the announced early exit, as far as this week's limit goes."""
    require_economy(session.contracts)
    receipt = await session.contracts.vault.execute_exit(session.wallet, max_penalty_bps)
    return receipt.one(ExitExecuted)
