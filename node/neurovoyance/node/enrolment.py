"""Becoming a provider: keys, registration, stake, seats. Every step may be repeated.

Place: called by the command line before a node is started; the owner's key is needed here and
nowhere else in the node. Never: a second registration, or stake or seats beyond what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.wallet import KeyRole, Wallet
from neurovoyance.protocol.errors import ConfigError, InsufficientFunds
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.units import format_nvy
from neurovoyance.tokenomics.params import default_of

PERMIT_VALID_S = 3_600
SEATS_PER_CALL = 50
"""The stake manager takes so many in one call."""


def make_operator_key(path: Path, password: str) -> Wallet:
    """Make the hot key of a node, or open it if the file is there already.

    Raises:
        AccessDenied: the file is there and has another password.
        ConfigError: the password is too short, or the disk refuses.
    """
    if path.exists():
        return Wallet.open(path, password)
    return Wallet.create(path, password, role=KeyRole.OPERATOR)


async def enrol(
    contracts: Contracts, owner: Wallet, operator: Address, endpoint: str, stake_wei: int
) -> int:
    """Register a provider and bring its stake up to an amount; return its own stake in wei.

    Repeating it changes nothing: what is registered stays, a different operator is replaced, and
    only the part of the stake that is missing is added. An endpoint is announced with the
    registration; later changes are the node's to announce.

    Args:
        contracts: of the chain.
        owner: the cold key; it holds the tokens and receives the earnings.
        operator: address of the hot key.
        endpoint: URL at which the node answers.
        stake_wei: own stake that the provider should have in the end.

    Raises:
        ConfigError: the amount is below what the protocol asks of a provider.
        InsufficientFunds: the owner does not hold the missing tokens; nothing was sent.
        ChainError: a transaction failed; calling again goes on where it stopped.
    """
    least_wei = default_of("minSelfStakeWei")
    if stake_wei < least_wei:
        raise ConfigError(
            f"A stake of {format_nvy(stake_wei)} NVY is below the minimum of "
            f"{format_nvy(least_wei)} NVY; nothing was sent.",
            faults=["stake: below the minimum"],
        )
    provider = owner.address
    own_wei = (await contracts.stakes.stake_of(provider)).own_wei
    missing_wei = max(0, stake_wei - own_wei)
    held_wei = await contracts.token.balance_of_wei(provider)
    if held_wei < missing_wei:
        raise InsufficientFunds(
            f"The owner {provider} holds {format_nvy(held_wei)} NVY; {format_nvy(missing_wei)} "
            "NVY are missing for the stake. Nothing was sent.",
            held_wei=held_wei,
            needed_wei=missing_wei,
        )
    known = await contracts.stakes.operator_of(provider)
    if known == ZERO_ADDRESS:
        await contracts.stakes.register(owner, operator, endpoint)
    elif known != operator:
        await contracts.stakes.set_operator(owner, operator)
    if missing_wei:
        deadline_s = await contracts.client.time_s() + PERMIT_VALID_S
        permit = await contracts.token.sign_permit(
            owner, contracts.deployment.stake_manager, missing_wei, deadline_s
        )
        await contracts.stakes.stake_with_permit(owner, missing_wei, permit)
    return own_wei + missing_wei


def seats_by_default(own_wei: int) -> int:
    """Return how many seats half of a stake backs; the other half stays free for jobs."""
    return own_wei // 2 // default_of("seatWei")


async def take_seats(
    contracts: Contracts, owner: Wallet, pools: Sequence[bytes], seats: int | None = None
) -> int:
    """Bring an owner's seats in auditor pools up to a number; return how many it has.

    Seats are promises: who is drawn has to repeat jobs and judge disputes of the pool's models.
    Repeating it changes nothing; seats are never given up here. Missing ones are spread evenly over
    the pools.

    Args:
        contracts: of a chain with audits.
        owner: the cold key.
        pools: 12 bytes each; in any order.
        seats: in all pools together; None takes as many as half of the stake backs.

    Raises:
        ConfigError: seats are wanted and no pool is named.
        StakeManagerSeatsUnbacked: the stake does not back so many.
        ChainError: a transaction failed; calling again goes on where it stopped.
    """
    stake = await contracts.stakes.stake_of(owner.address)
    wanted = seats_by_default(stake.own_wei) if seats is None else seats
    missing = max(0, wanted - stake.seats)
    if missing and not pools:
        raise ConfigError(
            "Seats are wanted and no auditor pool is named.",
            hint='Name one, such as pools = ["cpu"], or take no seats.',
            faults=["pools: empty"],
        )
    for index, pool in enumerate(pools):
        count = (missing + len(pools) - 1 - index) // len(pools)
        while count:
            part = min(count, SEATS_PER_CALL)
            await contracts.stakes.take_seats(owner, pool, part)
            count -= part
    return max(wanted, stake.seats)
