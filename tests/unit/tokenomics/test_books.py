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
    with pytest.raises(InternalError, match="under zero"):
        funded().apply("Withdrawn", Event(client="c", amount_wei=41))


def test_locks_over_the_stake_are_noticed() -> None:
    books = funded()
    with pytest.raises(InternalError, match="locks exceed"):
        books.apply("StakeLocked", Event(job_id=JOB, provider="p", amount_wei=1))


def test_events_that_move_no_money_are_ignored() -> None:
    books = funded()
    books.apply("EndpointChanged", Event(provider="p", endpoint="http://127.0.0.1:1"))
    assert books.market_wei == 100
