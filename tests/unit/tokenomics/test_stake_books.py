"""The stake side of the bookkeeper by itself."""

from types import SimpleNamespace as Event

import pytest

from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.books import Books
from neurovoyance.tokenomics.entries import JobEntry
from neurovoyance.tokenomics.stake_books import STAKE_HANDLERS, require

JOB, SLASH = b"\1" * 32, b"\2" * 32
SHARES = 1_000 * 10**6


def delegated() -> Books:
    """A provider with 1,000 wei of own stake and as much delegated; one job of it was rejected."""
    books = Books()
    books.jobs[JOB] = JobEntry("c", 10_000, 0, provider="p", ended_in=JobState.REJECTED)
    books.apply("Staked", Event(provider="p", amount_wei=1_000, own_wei=1_000))
    event = Event(provider="p", delegator="d", amount_wei=1_000, shares=SHARES)
    books.apply("Delegated", event)
    return books


def booked() -> Books:
    books = delegated()
    event = Event(provider="p", slash_id=SLASH, from_pool_wei=50, from_unbonding_wei=0)
    books.apply("DelegationSlashed", event)
    event = Event(slash_id=SLASH, job_id=JOB, provider="p", amount_wei=100, ready_at_s=9)
    books.apply("SlashBooked", event)
    return books


def test_require_says_what_is_wrong() -> None:
    require(True, "nothing")
    with pytest.raises(InternalError, match="something"):
        require(False, "something")
    assert "Delegated" in STAKE_HANDLERS


def test_delegated_stake_is_held_until_it_is_paid() -> None:
    books = delegated()
    event = Event(provider="p", delegator="d", shares=SHARES, amount_wei=1_000, ready_at_s=5)
    books.apply("UndelegationRequested", event)
    assert (books.stake_manager_wei, books.delegated_wei) == (2_000, 1_000)
    books.apply("UndelegationWithdrawn", Event(provider="p", delegator="d", amount_wei=1_000))
    assert books.stake_manager_wei == 1_000


def test_other_shares_are_noticed() -> None:
    event = Event(provider="p", delegator="e", amount_wei=1_000, shares=SHARES + 1)
    with pytest.raises(InternalError, match="shares differ"):
        delegated().apply("Delegated", event)


def test_another_slash_of_a_pool_is_noticed() -> None:
    event = Event(provider="p", slash_id=SLASH, from_pool_wei=51, from_unbonding_wei=0)
    with pytest.raises(InternalError, match="pool's slash differs"):
        delegated().apply("DelegationSlashed", event)


def test_a_booked_slash_moves_and_a_vote_returns_it() -> None:
    books = booked()
    assert (books.held_wei, books.stake_manager_wei) == (100, 2_000)
    event = Event(slash_id=SLASH, amount_wei=40, to_own_wei=30, to_pool_wei=30)
    books.apply("SlashReduced", event)
    assert (books.stake_of("p").own_wei, books.delegated_wei) == (980, 980)
    assert (books.held_wei, books.stake_manager_wei) == (40, 2_000)
    with pytest.raises(InternalError, match="not lowered"):
        books.apply("SlashReduced", event)


def test_the_vault_adds_to_a_split() -> None:
    books = booked()
    books.apply("VestingSlashed", Event(account="p", slash_id=SLASH, amount_wei=100))
    split = {"burned_wei": 60, "to_client_wei": 30, "to_finder_wei": 50, "to_judges_wei": 30}
    books.apply("SlashFinalized", Event(slash_id=SLASH, to_insurance_wei=30, **split))
    assert (books.burned_wei, books.insurance_wei, books.held_wei) == (60, 30, 0)
    books.apply("VestingSlashed", Event(account="p", slash_id=SLASH, amount_wei=10))
    event = Event(slash_id=SLASH, amount_wei=10, burned_wei=3, to_insurance_wei=7)
    books.apply("VestingSlashSplit", event)
    assert books.stake_manager_wei == 950 + 950 + 37


def test_rewards_are_owed_until_taken() -> None:
    books = delegated()
    books.apply("RewardNotified", Event(provider="p", amount_wei=10**12))
    owed_wei = books.pool_of("p").owed_wei("d")
    taken = Event(provider="p", delegator="d", amount_wei=owed_wei)
    books.apply("RewardTaken", taken)
    with pytest.raises(InternalError, match="reward differs"):
        books.apply("RewardTaken", taken)
