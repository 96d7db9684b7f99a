"""What both sides of a staking world have to agree in, and how to read events without a node.

Place: under :mod:`.staking_world` and its test. Events are read by the ABI of the sources as they
are, named as the typed event classes name them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_abi.abi import decode
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic
from eth_utils.address import to_checksum_address
from tests.differential.solidity import compiled

from neurovoyance.chain.codegen import event_field
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.tokenomics.stakes import EPOCH_S

if TYPE_CHECKING:
    from tests.differential.staking_world import StakingWorld

CAP_WEI = 10**27


def check_all(world: StakingWorld) -> None:
    """Compare all state of the contracts, the twin and the bookkeeper."""
    world.touched = set(world.holders)
    check(world)


def check(world: StakingWorld) -> None:
    """Compare all sums, and what belongs to those whom the calls since the last time named."""
    twin, ask = world.twin, world.stakes.ask
    balance_wei = world.token.ask("balanceOf", world.stakes.address)
    assert balance_wei == twin.balance_wei == world.books.stake_manager_wei
    assert world.token.ask("balanceOf", world.market.address) == twin.to_market_wei
    assert CAP_WEI - world.token.ask("totalSupply") == twin.burned_wei == world.books.burned_wei
    totals = (twin.total_wei, twin.held_wei, twin.insurance_wei)
    assert (ask("totalStakeWei"), ask("heldWei"), ask("insuranceWei")) == totals
    assert (world.books.held_wei, world.books.insurance_wei) == totals[1:]
    for provider in world.providers:
        if provider in world.touched:
            _check_provider(world, provider)
    for holder in world.touched:
        assert world.votes.ask("unitsOf", holder) == twin.units[holder]
    for slash_id in world.slashes[-2:]:
        slash = twin.held[slash_id]
        held = (slash.verdict.provider, slash.amount_wei, slash.ready_at_s)
        found = ask("heldSlashOf", slash_id)
        found = (str(to_checksum_address(found[0])), *found[1:])
        assert found == ((ZERO_ADDRESS, 0, 0) if slash.is_final else held)
        assert ask("lossOf", slash_id)[1] == twin.loss_of(slash_id)
    world.touched = set()


def _check_provider(world: StakingWorld, provider: str) -> None:
    twin, ask = world.twin, world.stakes.ask
    account_, pool = twin.account(provider), twin.pool(provider)
    stake = account_.stake
    assert 0 <= stake.locked_wei <= stake.own_wei
    assert world.books.stake_of(provider) == stake
    unbonding = (stake.unbonding_wei, account_.ready_at_s)
    assert ask("stakeOf", provider) == (stake.own_wei, stake.locked_wei, 0, *unbonding)
    assert ask("ageOf", provider) == twin.age_of(provider, world.now_s)
    assert ask("hasPendingSlash", provider) == (account_.pending > 0)
    for epoch in (world.now_s // EPOCH_S - 1, world.now_s // EPOCH_S):
        expected = twin.weight_at(provider, epoch, world.now_s)
        assert tuple(ask("weightAt", provider, epoch)) == expected
    commission_bps = pool.commission_at(world.now_s)
    expected_pool = (pool.staked.assets_wei, pool.staked.shares, commission_bps)
    assert tuple(ask("poolStakeOf", provider)) == expected_pool
    leaving = (pool.leaving.assets_wei, pool.leaving.shares)
    assert tuple(ask("undelegatingOf", provider)) == leaving
    mirrored = world.books.pool_of(provider)
    assert (mirrored.staked, mirrored.leaving) == (pool.staked, pool.leaving)
    for delegator in world.holders[1:]:
        if delegator in world.touched:
            _check_delegation(world, provider, delegator)
    parts = [pool.staked.worth(d.shares) for d in pool.delegations.values()]
    assert sum(parts) <= pool.staked.assets_wei
    parts = [pool.leaving.worth(d.leaving_shares) for d in pool.delegations.values()]
    assert sum(parts) <= pool.leaving.assets_wei


def _check_delegation(world: StakingWorld, provider: str, delegator: str) -> None:
    pool = world.twin.pool(provider)
    mine = pool.of(delegator)
    unbonding_wei = pool.leaving.worth(mine.leaving_shares)
    ready_at_s = mine.ready_at_s if mine.leaving_shares else 0
    worth_wei = pool.staked.worth(mine.shares)
    expected = (mine.shares, worth_wei, unbonding_wei, ready_at_s)
    assert tuple(world.stakes.ask("delegationOf", provider, delegator)) == expected
    assert world.stakes.ask("rewardOf", provider, delegator) == pool.owed_wei(delegator)


def events_of(*parts: tuple[str, str]) -> dict[bytes, dict[str, Any]]:
    """Return the events of some contracts, by topic."""
    entries = [
        entry
        for source, name in parts
        for entry in compiled(source, name)["abi"]
        if entry["type"] == "event"
    ]
    return {bytes(event_abi_to_log_topic(entry)): entry for entry in entries}


def event_values(entry: dict[str, Any], topics: tuple[bytes, ...], data: bytes) -> dict[str, Any]:
    """Return the values of an event, named as the typed event classes name them."""
    indexed = [item for item in entry["inputs"] if item["indexed"]]
    plain = [item for item in entry["inputs"] if not item["indexed"]]
    packed = b"".join(topics)
    found = [*zip(indexed, decode(_types(indexed), packed), strict=True)]
    found += [*zip(plain, decode(_types(plain), data), strict=True)]
    return {
        event_field(item)[0]: str(to_checksum_address(v)) if item["type"] == "address" else v
        for item, v in found
    }


def _types(items: list[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(item) for item in items]
