"""Random sequences on a market with courts; after each call, every book agrees to the wei.

At the end anybody ends what is open and all parties take out what is theirs. What stays is named:
the audit pool in the market, and nothing at all in the book of stakes.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from tests.differential.court_world import (
    CLIENTS,
    INSURANCE,
    OWNERS,
    STRANGER,
    Work,
)
from tests.differential.dispute_actions import DisputeActions
from tests.differential.evm import CAP_WEI

from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.params import default_of

STEPS = int(os.environ.get("NEUROVOYANCE_TEST_STEPS", "2000"))
SEEDS = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "2"))
MORE_SEEDS = 3
LOOK_AT_ALL_EVERY = 50
BUSY = 3  # jobs at a time
WANTED = {
    "deposit", "withdraw", "harvest", "stake", "requestUnbonding", "withdrawUnbonded",
    "takeSeats", "leaveSeats", "collectInsurance", "fundPool",
    "post", "accept", "open", "cancel", "commit", "declareInvalid", "hand back", "draw",
    "drawAndReveal", "drawAndOpen", "reveal", "confirm", "settle", "settleBatch", "expire",
    "suspend", "voidJob", "openAudit", "seat", "commitAudit", "answer", "revealAudit", "concede",
    "contest", "expireContest", "closeVotes", "finalizeSlash",
    "challenge", "challenge WRONG_OUTPUT", "challenge FORGED_ANSWER", "challenge BAD_ENVELOPE",
    "challenge UNAVAILABLE", "challenge WRONG_OUTPUT late",
    "postTrace", "point", "drawReferees", "commitVote", "revealVote", "appeal", "advance",
    "closeReferee", "refused bookSlash",
}  # fmt: skip


class Run(DisputeActions):
    """One sequence."""

    def step(self) -> None:
        """Do one thing: mostly the next one of a job, sometimes any."""
        roll = self.rng.random()
        busy = [work for work in self.works.values() if self.is_unfinished(work)]
        live = [work for work in busy if self.is_live(work)]
        if roll < 0.06:
            self.move_money()
        elif roll < 0.09:
            self.rng.choice([self.change_seats, self.change_seats, self.prune_seats, self.top_up])()
        elif roll < 0.11 and self.seen["suspend"]:
            self.void_job()
        elif roll < 0.13:
            self.pass_time(bool(live))
        elif not busy or (len(live) < BUSY and roll < 0.3):
            self.rng.choice([self.open, self.open, self.post])()
        elif roll < 0.16:
            self.object_late()
        elif roll < 0.17:
            self.meddle(self.rng.choice(list(self.works.values())[-8:]))
        else:
            self.go_on(self.rng.choice(live if live and self.chance(0.75) else busy))

    def object_late(self) -> None:
        """Challenge a job that is settled."""
        jobs = self.books.jobs
        settled = [w for w in self.works.values() if jobs[w.job_id].ended_in is JobState.SETTLED]
        if settled:
            self.challenge(settled[-1])

    def pass_time(self, is_busy: bool) -> None:
        """Let time pass; long times, which end most of what is open, seldom while much is."""
        long_s = self.rng.choice([4_000, 100_000, 800_000, 2_000_000])
        is_long = self.chance(0.1 if is_busy else 0.7)
        self.evm.warp(long_s if is_long else self.rng.randrange(1, 300))

    def is_unfinished(self, work: Work) -> bool:
        if self.is_live(work) or work.job_id in self.booked:
            return True
        return bool(work.open_slots) or any(self.due(case) for case in work.disputes)

    def go_on(self, work: Work) -> None:
        """Do what a job waits for, or what its end left to do."""
        if self.open_cases(work) and self.chance(0.95):
            self.judge(work)
        elif self.books.jobs[work.job_id].ended_in is None:
            record = self.record(work)
            if self.state_of(record) is JobState.REVEALED and self.chance(0.5):
                self.challenge(work)
            else:
                self.take_on(work)
        elif work.job_id in self.booked:
            is_busy = any(self.is_live(other) for other in self.works.values())
            self.finalize(work.job_id, may_wait=not is_busy or self.chance(0.05))
        elif work.open_slots:
            self.close_votes(work)
        else:
            for case in work.disputes:
                self.close_referees(case)

    def meddle(self, work: Work) -> None:
        """Do something that is mostly out of place."""
        way = self.rng.randrange(4)
        if way == 0:
            self.challenge(work)
        elif way == 1:
            self.close_votes(work)
        elif way == 2:
            self.book_again(work)
        else:
            self.take_on(work)

    # --- the end ---

    def end_everything(self) -> None:
        """End every job, dispute, slash and lock, as anybody may once time has passed."""
        self.evm.warp(default_of("auditBackstopS") + 8 * 86_400)
        for work in self.works.values():
            if self.books.jobs[work.job_id].ended_in is None:
                is_accepted = JobState(self.record(work).state) is JobState.REVEALED
                self.must(0, "JobMarket", "settle" if is_accepted else "expire", work.job_id)
        for case in self.cases.values():
            if self.evm.call_all("DisputeCourt", "disputeOf", case.facts.dispute_id)[1] < 7:
                self.must(0, "DisputeCourt", "advance", case.facts.as_abi())
        for work in self.works.values():
            for slot in sorted(work.open_slots):
                assert work.facts is not None
                self.send(0, "AuditCourt", "closeVotes", work.facts.as_abi(), slot)
        for work in list(self.works.values())[-3:]:
            self.book_again(work)
        self.evm.warp(default_of("slashHoldS"))
        for slash_id in list(self.booked):
            self.must(STRANGER, "StakeManager", "finalizeSlash", slash_id)
        for case in self.cases.values():
            while self.due(case):
                self.close_referees(case)

    def take_everything_out(self) -> None:
        """Pay out every balance of everybody."""
        for job in self.books.jobs.values():
            assert (job.escrow_wei, job.lock_wei) == (0, 0)
        assert not any(self.books.locks_wei.values())
        for index in (*CLIENTS, *OWNERS, STRANGER):
            address = self.address(index)
            if self.books.earned_wei[address]:
                self.must(index, "JobMarket", "harvest", address)
            if self.books.free_wei[address]:
                self.must(index, "JobMarket", "withdraw", self.books.free_wei[address])
        for owner in OWNERS:
            mine = self.seats[self.address(owner)]
            if mine:
                self.must(owner, "StakeManager", "leaveSeats", b"pool-of-test", list(mine))
            own_wei = self.books.stake_of(self.address(owner)).own_wei
            if own_wei:
                self.must(owner, "StakeManager", "requestUnbonding", own_wei)
        self.evm.warp(default_of("unbondingS"))
        for owner in OWNERS:
            if self.books.stake_of(self.address(owner)).unbonding_wei:
                self.must(owner, "StakeManager", "withdrawUnbonded")

    def must(self, index: int, contract: str, function: str, *args: object) -> None:
        assert self.send(index, contract, function, *args).is_success, (function, args)

    def nothing_is_left(self) -> None:
        """What nobody can take out is the audit pool; the insurance takes the rest of stakes."""
        self.check_everything()
        pool_wei = sum(self.purses.pool.values())
        balances = {
            name: self.evm.call("ComputeToken", "balanceOf", self.evm.addresses[name])
            for name in ("JobMarket", "StakeManager", "ModelRegistry")
        }
        assert not any(self.purses.bonds.values()) and not any(self.purses.pots.values())
        assert balances["JobMarket"] == pool_wei == self.books.free_wei[self.audit_court]
        assert balances["StakeManager"] == self.books.insurance_wei
        if self.books.insurance_wei:
            self.must(INSURANCE, "StakeManager", "collectInsurance")
        registry_wei = 2 * default_of("registrantBondWei")
        assert balances["ModelRegistry"] == registry_wei
        everybody = (*range(INSURANCE + 1),)
        held_wei = sum(
            self.evm.call("ComputeToken", "balanceOf", self.address(index)) for index in everybody
        )
        assert held_wei + pool_wei + registry_wei + self.books.burned_wei == CAP_WEI


def run(seed: int) -> Counter[str]:
    """Do a sequence and its end; return how often each call succeeded or was refused."""
    found = Run(seed)
    for number in range(STEPS):
        found.step()
        if number == STEPS * 3 // 4:
            found.suspend()
            found.void_job()
        if number % LOOK_AT_ALL_EVERY == 0:
            found.check_everything()
    found.end_everything()
    found.take_everything_out()
    found.nothing_is_left()
    return found.seen


@pytest.mark.timeout(1_800)
def test_random_sequences_with_courts_lose_no_wei() -> None:
    """All seeds in one test: together they must reach every call, some more if those do not."""
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        seen += run(seed)
    for seed in range(SEEDS, SEEDS + MORE_SEEDS):
        if WANTED - set(seen):
            seen += run(seed)
    assert not WANTED - set(seen) or STEPS < 300, (WANTED - set(seen), seen)
