"""The bookkeeper by itself; tests/differential holds it to the compiled contracts."""

from types import SimpleNamespace as Event

import pytest

from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.books import Books

JOB = b"\1" * 32


def funded() -> Books:
    books = Books()
    books.apply("Deposited", Event(client="c", amount_wei=100))
    books.apply("JobPosted", Event(job_id=JOB, client="c", max_price_wei=60))
    return books


def test_a_posted_job_reserves_its_maximum_price() -> None:
    books = funded()
    assert (books.free_wei["c"], books.reserved_wei("c"), books.market_wei) == (40, 60, 100)


def test_the_difference_to_the_maximum_price_returns() -> None:
    books = funded()
    books.apply(
        "JobAssigned", Event(job_id=JOB, client="c", provider="p", price_wei=50, lock_wei=9)
    )
    books.apply("JobSettled", Event(job_id=JOB, provider="p", paid_wei=50))
    job = books.jobs[JOB]
    assert (job.paid_wei, job.refunded_wei, job.ended_in) == (50, 10, JobState.SETTLED)
    assert (books.free_wei["c"], books.earned_wei["p"], books.market_wei) == (50, 50, 100)


def test_a_job_handed_back_returns_price_and_lock() -> None:
    books = funded()
    books.apply("Staked", Event(provider="p", amount_wei=100, own_wei=100))
    books.apply("StakeLocked", Event(job_id=JOB, provider="p", amount_wei=9))
    assigned = Event(job_id=JOB, client="c", provider="p", price_wei=50, lock_wei=9)
    books.apply("JobAssigned", assigned)
    books.apply("JobCancelled", Event(job_id=JOB, refund_wei=50))
    books.apply("StakeUnlocked", Event(job_id=JOB, provider="p", amount_wei=9))
    books.check()
    job, stake = books.jobs[JOB], books.stake_of("p")
    assert (job.ended_in, job.provider, job.paid_wei) == (JobState.CANCELLED, "p", 0)
    assert (books.free_wei["c"], stake.own_wei, stake.locked_wei) == (100, 100, 0)


def test_paying_twice_is_noticed() -> None:
    books = funded()
    settled = Event(job_id=JOB, provider="p", paid_wei=60)
    books.apply("JobSettled", settled)
    with pytest.raises(InternalError, match="an ended job moved"):
        books.apply("JobSettled", settled)


def test_a_refund_of_another_amount_is_noticed() -> None:
    with pytest.raises(InternalError, match="ended with a rest"):
        funded().apply("JobCancelled", Event(job_id=JOB, refund_wei=59))


def test_taking_more_than_is_free_is_noticed() -> None:
    books = funded()
    books.apply("Withdrawn", Event(client="c", amount_wei=41))
    with pytest.raises(InternalError, match="under zero"):
        books.check()


def audited() -> Books:
    """A job of one NVY with audits on; the pool is small, so the whole audit pay is held."""
    books = Books(audit_court="court")
    books.apply("Deposited", Event(client="c", amount_wei=500))
    spec = Event(audit_slots=1)
    books.apply("JobPosted", Event(job_id=JOB, client="c", max_price_wei=100, spec=spec))
    books.apply(
        "JobAssigned", Event(job_id=JOB, client="c", provider="p", price_wei=100, lock_wei=9)
    )
    books.apply("AuditTermsFrozen", Event(job_id=JOB, held_wei=100))
    return books


def test_a_drawn_audit_moves_what_is_held_into_the_pool() -> None:
    books = audited()
    assert books.jobs[JOB].escrow_wei == 200
    books.apply("AuditFeesPaid", Event(job_id=JOB, to_pool_wei=100, returned_wei=0))
    books.apply("CourtPaid", Event(court="court", to="auditor", amount_wei=100, as_earned=True))
    books.apply("AuditFeesPaid", Event(job_id=JOB, to_pool_wei=0, returned_wei=90))
    books.apply("JobSettled", Event(job_id=JOB, provider="p", paid_wei=10))
    books.check()
    job = books.jobs[JOB]
    assert (job.paid_wei, job.pool_wei, job.refunded_wei, job.put_in_wei) == (10, 100, 90, 200)
    assert (books.free_wei["c"], books.earned_wei["auditor"], books.market_wei) == (390, 100, 500)


def test_a_verdict_is_held_and_then_split() -> None:
    books = audited()
    books.apply("Staked", Event(provider="p", amount_wei=1_000, own_wei=1_000))
    books.apply("StakeLocked", Event(job_id=JOB, provider="p", amount_wei=9))
    moved = Event(job_id=JOB, to=JobState.REJECTED, refund_wei=200)
    books.apply("JobMoved", moved)
    books.apply("StakeUnlocked", Event(job_id=JOB, provider="p", amount_wei=9))
    booked = Event(slash_id=JOB, job_id=JOB, provider="p", amount_wei=59)
    books.apply("SlashBooked", booked)
    assert (books.stake_of("p").own_wei, books.held_wei, books.stake_manager_wei) == (941, 59, 1000)
    told = Event(
        slash_id=JOB,
        burned_wei=17,
        to_client_wei=8,
        to_finder_wei=14,
        to_judges_wei=8,
        to_insurance_wei=12,
    )
    books.apply("SlashFinalized", told)
    split = {"client": "c", "finder": "a", "court": "court"}
    books.apply("SlashSplit", Event(**vars(told) | split))
    books.check()
    assert (books.insurance_wei, books.burned_wei, books.held_wei) == (12, 17, 0)
    assert (books.free_wei["c"], books.free_wei["a"], books.free_wei["court"]) == (508, 14, 8)


def test_a_booked_slash_of_another_amount_is_noticed() -> None:
    books = audited()
    books.apply("Staked", Event(provider="p", amount_wei=1_000, own_wei=1_000))
    books.apply("StakeLocked", Event(job_id=JOB, provider="p", amount_wei=9))
    books.apply("StakeUnlocked", Event(job_id=JOB, provider="p", amount_wei=9))
    with pytest.raises(InternalError, match="booked slash differs"):
        books.apply("SlashBooked", Event(slash_id=JOB, job_id=JOB, provider="p", amount_wei=58))


def test_a_penalty_comes_out_of_the_lock_that_was_just_freed() -> None:
    books = Books()
    books.apply("Staked", Event(provider="a", amount_wei=100, own_wei=100))
    books.apply("StakeLocked", Event(job_id=JOB, provider="a", amount_wei=40))
    books.apply("StakeUnlocked", Event(job_id=JOB, provider="a", amount_wei=40))
    penalty = Event(owner="a", lock_id=JOB, amount_wei=40, burned_wei=12, to_insurance_wei=28)
    books.apply("LockSlashed", penalty)
    books.check()
    assert books.stake_of("a").own_wei == 60 and books.stake_manager_wei == 88


def test_locks_over_the_stake_are_noticed() -> None:
    books = funded()
    with pytest.raises(InternalError, match="locks exceed"):
        books.apply("StakeLocked", Event(job_id=JOB, provider="p", amount_wei=1))


def test_events_that_move_no_money_are_ignored() -> None:
    books = funded()
    books.apply("EndpointChanged", Event(provider="p", endpoint="http://127.0.0.1:1"))
    assert books.market_wei == 100
