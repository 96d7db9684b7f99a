"""Every coin is on exactly one line, and the lines add up to what the contracts hold."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.chain.contracts import StakeRecord
from neurovoyance.chain.market import JobRecord
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.journal import Journal
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.money import (
    Bucket,
    MoneyLine,
    MoneyView,
    escrow_line,
    income_line,
    money_view,
    stake_lines,
)
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import FINAL, JobState

from .providers import PRICE_WEI, Provider, output_of

X = np.ones((2, 3), np.float32)
ME = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def record(state: JobState, deadline_s: int = 100, held_wei: int = 0, flags: int = 0) -> JobRecord:
    return JobRecord(
        client=ME,
        deadline_s=deadline_s,
        state=state,
        job_class=JobClass.EXACT,
        window_s=600,
        p_bps=0,
        provider=ME,
        price_wei=7,
        lock_wei=35,
        beacon_round=0,
        max_runtime_s=60,
        shift=0,
        p_econ_bps=0,
        flags=flags,
        held_wei=held_wei,
        binding=bytes(32),
    )


@pytest.mark.parametrize(
    ("state", "time_s", "bucket", "words"),
    [
        (JobState.OPEN, 100, Bucket.RESERVED, "refunded then, unless a provider"),
        (JobState.OPEN, 101, Bucket.PENDING, "yours as soon as anyone calls expire"),
        (JobState.ASSIGNED, 100, Bucket.RESERVED, "unless the provider commits"),
        (JobState.ASSIGNED, 101, Bucket.PENDING, "yours as soon as"),
        (JobState.COMMITTED, 99, Bucket.RESERVED, "unless the provider reveals"),
        (JobState.COMMITTED, 101, Bucket.PENDING, "yours as soon as"),
        (JobState.REVEALED, 50, Bucket.RESERVED, "when you confirm"),
        (JobState.REVEALED, 101, Bucket.RESERVED, "as soon as anyone settles"),
    ],
)
def test_escrow_says_what_happens_next(
    state: JobState, time_s: int, bucket: Bucket, words: str
) -> None:
    line = escrow_line(bytes(32), record(state), "0xab", time_s)
    assert line is not None
    assert (line.bucket, line.amount_wei, line.tx_hash) == (bucket, 7, "0xab")
    assert words in line.next_what
    assert (line.next_s == 100) == (time_s <= 100)


def test_what_is_held_for_audits_is_escrow_until_one_is_drawn() -> None:
    held = escrow_line(bytes(32), record(JobState.ASSIGNED, held_wei=3), "", 0)
    drawn = escrow_line(bytes(32), record(JobState.AUDITED, held_wei=3, flags=16), "", 0)
    assert held is not None and drawn is not None
    assert (held.amount_wei, drawn.amount_wei) == (10, 7)
    assert "unless the auditors agree" in drawn.next_what


@pytest.mark.parametrize("state", sorted(FINAL))
def test_escrow_of_an_ended_job_is_gone(state: JobState) -> None:
    assert escrow_line(bytes(32), record(state), "", 0) is None


def test_pay_that_is_coming_has_its_date() -> None:
    line = income_line(bytes(32), record(JobState.REVEALED), "0xab", 50)
    assert line is not None
    assert (line.bucket, line.next_s) == (Bucket.PENDING, 100)
    over = income_line(bytes(32), record(JobState.REVEALED), "0xab", 101)
    assert over is not None
    assert "settle it now" in over.next_what
    assert income_line(bytes(32), record(JobState.ASSIGNED), "", 0) is None


def test_stake_is_split_into_free_locked_and_leaving(tmp_path: object) -> None:
    from pathlib import Path

    journal = Journal(Path(str(tmp_path)) / "j.sqlite")
    lines = stake_lines(StakeRecord(100, 30, 2, 5, 777), journal, ME)
    journal.close()
    assert [(line.bucket, line.amount_wei) for line in lines] == [
        (Bucket.STAKED, 70),
        (Bucket.STAKED, 30),
        (Bucket.UNBONDING, 5),
    ]
    assert lines[-1].next_s == 777
    assert stake_lines(StakeRecord(0, 0, 0, 0, 0), Journal(Path(":memory:")), ME) == []


def test_totals_are_sums_of_their_buckets() -> None:
    view = MoneyView(ME, 0, tuple(MoneyLine(bucket, 2**n, "") for n, bucket in enumerate(Bucket)))
    assert view.available_wei + view.reserved_wei + view.pending_wei == view.total_wei() == 255


async def test_a_clients_money_is_whole_at_every_step(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    before = await client.money()
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI)
    listed = await client.money()
    assert listed.total_wei() == before.total_wei()
    assert listed.total_wei(Bucket.RESERVED) == PRICE_WEI
    [line] = [line for line in listed.lines if line.bucket is Bucket.RESERVED]
    posted = client.session.journal.events_of(job.current.job_id)[0]
    assert line.tx_hash == posted.tx_hash
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X))
    await job.wait()
    after = await client.money()
    assert after.total_wei() == before.total_wei() - PRICE_WEI
    assert after.reserved_wei == 0


async def test_a_providers_earnings_and_stake_are_shown(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    session = client.session
    provider = providers[1].address
    job = await client.submit(
        model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI, confirm="never"
    )
    await providers[1].accept(job.current.job_id)
    await providers[1].deliver(job.current.job_id, output_of(X))
    await job.wait()
    time_s = await session.chain.time_s()
    view = await money_view(session.contracts, session.journal, provider, time_s=time_s)
    assert view.total_wei(Bucket.PENDING) == PRICE_WEI
    await job.confirm()
    view = await money_view(session.contracts, session.journal, provider, time_s=time_s)
    assert view.total_wei(Bucket.PENDING) == 0
    assert view.total_wei(Bucket.EARNED) >= PRICE_WEI
    stake = await session.contracts.stakes.stake_of(provider)
    assert view.total_wei(Bucket.STAKED) == stake.own_wei
