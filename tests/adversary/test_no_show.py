"""Everybody disappears, in every state that waits for somebody: the job still ends.

From there on only strangers act, by calls that anyone may make after a deadline. Every job ends,
every lock is freed or taken, and every wei can be carried out of the contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
from tests.adversary.court_ways import (
    CLEAR,
    GUILTY,
    Way,
    all_voted,
    answered,
    appealed,
    assigned,
    auditing,
    auditor_bound,
    challenged,
    committed,
    contest_traced,
    contested,
    drawn,
    failed,
    forgery,
    judged,
    listed,
    once_failed,
    passed,
    revealed,
    seating,
    some_voted,
    traced,
)
from tests.adversary.court_world import (
    ANYONE,
    AUDITORS,
    CHALLENGER,
    CLIENT,
    INSURANCE,
    NVY,
    OPERATOR,
    PRICE_WEI,
    PROVIDER,
    WEI_EACH,
    Case,
    CourtWorld,
    Z,
)

from neurovoyance.protocol.audit import (
    DisputeFacts,
    DisputePhase,
    SlotPhase,
)
from neurovoyance.protocol.lifecycle import JobState

STEP_S = 900
HOLD_S = 172_801
STEPS_MAX = 8 * 86_400 // STEP_S
WARM = {
    JobState.OPEN,
    JobState.ASSIGNED,
    JobState.COMMITTED,
    JobState.DRAWN,
    JobState.AUDITED,
    JobState.REVEALED,
    JobState.DISPUTED,
}
COLD_SLOTS = {SlotPhase.PASSED, SlotPhase.FAILED, SlotPhase.INVALID, SlotPhase.SKIPPED}
COLD_DISPUTES = {
    DisputePhase.GUILTY,
    DisputePhase.CLEAR,
    DisputePhase.DROPPED,
    DisputePhase.UNDECIDED,
}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        way: how the state is reached.
        waits: what waits: a job state, a slot phase or a dispute phase.
        ends: where the job ends when nobody comes.
        pays: who loses money by that, of "client" (more than the price of a paid job),
            "provider", "challenger" and "auditors" (also as referees).
    """

    name: str
    way: Way
    waits: JobState | SlotPhase | DisputePhase
    ends: JobState
    pays: str


NO_COMMIT = JobState.PROVIDER_COMMIT_TIMEOUT
NO_ANSWER = JobState.PROVIDER_ANSWER_TIMEOUT
NO_REVEAL = JobState.PROVIDER_REVEAL_TIMEOUT
NO_TRACE = JobState.PROVIDER_TRACE_TIMEOUT
TABLE = [
    Row("listed", listed, JobState.OPEN, JobState.UNMATCHED, ""),
    Row("assigned", assigned, JobState.ASSIGNED, NO_COMMIT, "provider"),
    Row("committed", committed, JobState.COMMITTED, NO_REVEAL, "provider"),
    Row("drawn", drawn, JobState.DRAWN, NO_ANSWER, "provider"),
    Row("no auditor", seating, SlotPhase.SEATING, NO_REVEAL, "provider"),
    Row("auditor", auditing, SlotPhase.COMMIT, NO_REVEAL, "auditors provider"),
    Row("audit", auditing, JobState.AUDITED, NO_REVEAL, "auditors provider"),
    Row("answer", auditor_bound, SlotPhase.ANSWER, NO_ANSWER, "provider"),
    Row("auditor reveal", answered, SlotPhase.REVEAL, NO_REVEAL, "auditors provider"),
    Row("second vote", once_failed, SlotPhase.COMMIT, NO_REVEAL, "auditors provider"),
    Row("contest", failed, SlotPhase.FAILED, JobState.REJECTED, "provider"),
    Row("reveal", passed, JobState.COMMITTED, NO_REVEAL, "provider"),
    Row("window", revealed, JobState.REVEALED, JobState.SETTLED, ""),
    Row("trace", challenged, DisputePhase.TRACE, NO_TRACE, "provider"),
    Row("contest trace", contested, DisputePhase.TRACE, NO_TRACE, "provider"),
    Row("point", traced, DisputePhase.POINT, JobState.SETTLED, "challenger"),
    Row("contest point", contest_traced, DisputePhase.POINT, JobState.SETTLED, "auditors"),
    Row("referees at once", forgery, DisputePhase.SEATING, JobState.INVALID, "auditors"),
    Row("one vote", some_voted, DisputePhase.VOTE, JobState.INVALID, "auditors"),
    Row("opened votes", all_voted, DisputePhase.VOTE_REVEAL, JobState.INVALID, "auditors"),
    Row("appeal, guilty", judged(GUILTY), DisputePhase.APPEAL, JobState.REJECTED, "provider"),
    Row("appeal, clear", judged(CLEAR), DisputePhase.APPEAL, JobState.SETTLED, "challenger"),
    Row("forged", judged(GUILTY, forgery), DisputePhase.APPEAL, JobState.REJECTED, "provider"),
    Row("second level", appealed(CLEAR, 1), DisputePhase.SEATING, JobState.INVALID, "auditors"),
    Row("last level", appealed(GUILTY, 2), DisputePhase.SEATING, JobState.INVALID, "auditors"),
]  # fmt: skip


@pytest.fixture(scope="module")
def built() -> CourtWorld:
    return CourtWorld()


@pytest.fixture
def world(built: CourtWorld) -> Iterator[CourtWorld]:
    """The same world for every test, as it was built."""
    built.keep()
    events, salt = deepcopy(built.books), built.salt
    yield built
    built.reset()
    built.books, built.salt = events, salt


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name.replace(" ", "-"))
def test_a_job_ends_when_everybody_disappears(world: CourtWorld, row: Row) -> None:
    case = row.way(world)
    assert row.waits in waiting(world, case)
    strangers_end_it(world, case)
    ended = world.state(case)
    payers = everybody_takes_their_own(world, case)
    print(f"\n{row.name}: {ended.name}; loses: {', '.join(sorted(payers)) or 'nobody'}")
    assert ended is row.ends
    assert payers == set(row.pays.split())


def test_the_table_covers_every_state_that_waits() -> None:
    """Accepted jobs wait as well, for anybody to settle them: the window's row ends there."""
    covered = {row.waits for row in TABLE}
    assert covered >= WARM
    assert covered >= set(SlotPhase) - COLD_SLOTS - {SlotPhase.NONE}
    assert covered >= set(DisputePhase) - COLD_DISPUTES - {DisputePhase.NONE}


def waiting(world: CourtWorld, case: Case) -> list[JobState | SlotPhase | DisputePhase]:
    found: list[JobState | SlotPhase | DisputePhase] = [world.state(case)]
    found.append(world.slot(case)[1])
    return [*found, *(world.phase(facts)[0] for facts in case.disputes)]


def strangers_end_it(world: CourtWorld, case: Case) -> None:
    """Let time pass and somebody make every call that is open to anybody, until all has ended."""
    for _ in range(STEPS_MAX):
        if has_ended(world, case):
            return
        world.warp(HOLD_S if is_judged(world, case) else STEP_S)
        strangers_act(world, case)
    raise AssertionError(f"{world.state(case).name} has not ended: {waiting(world, case)}")


def strangers_act(world: CourtWorld, case: Case) -> None:
    def attempt(contract: str, function: str, *args: object) -> None:
        world.attempt(ANYONE, contract, function, *args)

    record = world.record(case)
    state = JobState(record.state)
    if state in WARM and record.deadline_s < world.time_s():
        attempt("JobMarket", "settle" if state is JobState.REVEALED else "expire", case.job_id)
    if case.facts is not None:
        facts = case.facts.as_abi()
        phase = world.slot(case)[1]
        if phase is SlotPhase.SEATING:
            attempt("AuditCourt", "seat", facts, 0)
        if phase not in COLD_SLOTS:
            attempt("AuditCourt", "expire", facts, 0)
        if phase is SlotPhase.FAILED and state is JobState.AUDITED:
            attempt("AuditCourt", "expireContest", facts)
        if world.state(case) not in WARM:
            attempt("AuditCourt", "closeVotes", facts, 0)
    for dispute in case.disputes:
        act_on(world, attempt, dispute)
    if world.state(case) not in WARM:
        attempt("StakeManager", "finalizeSlash", case.job_id)


def act_on(world: CourtWorld, attempt: Callable[..., None], dispute: DisputeFacts) -> None:
    phase, level = world.phase(dispute)
    facts = dispute.as_abi()
    if phase is DisputePhase.SEATING:
        attempt("DisputeCourt", "drawReferees", facts)
    if phase not in COLD_DISPUTES:
        attempt("DisputeCourt", "advance", facts)
        return
    if not world.owes_referees(dispute) and phase is not DisputePhase.GUILTY:
        return
    for one in range(level + 1):
        for index in range(max(1, len(world.referees(dispute, one)))):
            attempt("DisputeCourt", "closeReferee", facts, one, index)


def is_judged(world: CourtWorld, case: Case) -> bool:
    """Return whether only the hold of a slash is left to wait for."""
    return world.state(case) not in WARM and world.books.held_wei > 0


def has_ended(world: CourtWorld, case: Case) -> bool:
    if world.state(case) in WARM or world.books.held_wei:
        return False
    if any(world.books.stake_of(world.address(i)).locked_wei for i in (PROVIDER, *AUDITORS)):
        return False
    if any(world.phase(facts)[0] not in COLD_DISPUTES for facts in case.disputes):
        return False
    if any(world.owes_referees(facts) for facts in case.disputes):
        return False
    return int(world.call("JobMarket", "freeOf", world.disputes)) == 0


def everybody_takes_their_own(world: CourtWorld, case: Case) -> set[str]:
    """Carry everything out of the contracts; return who has less than before, but for a price."""
    held_wei = world.call("ComputeToken", "balanceOf", world.stakes)
    assert held_wei == world.books.stake_manager_wei
    assert world.call("ComputeToken", "balanceOf", world.market) == world.books.market_wei
    for index in (CLIENT, CHALLENGER, PROVIDER, *AUDITORS):
        free = world.call("JobMarket", "freeOf", world.address(index))
        if free:
            world.must(index, "JobMarket", "withdraw", free)
    for index in (PROVIDER, *AUDITORS):
        address = world.address(index)
        if world.call("JobMarket", "earnedOf", address):
            world.must(index, "JobMarket", "harvest", address)
        world.leave_seats(index)
        own_wei = world.books.stake_of(address).own_wei
        world.must(index, "StakeManager", "requestUnbonding", own_wei)
    world.warp(22 * 86_400)
    for index in (PROVIDER, *AUDITORS):
        world.must(index, "StakeManager", "withdrawUnbonded")
    if world.books.insurance_wei:
        world.must(INSURANCE, "StakeManager", "collectInsurance")
    pool_wei = world.call("JobMarket", "freeOf", world.audits)
    assert world.call("ComputeToken", "balanceOf", world.market) == pool_wei
    assert world.call("ComputeToken", "balanceOf", world.stakes) == 0
    return payers(world, case)


def payers(world: CourtWorld, case: Case) -> set[str]:
    def gained(*indices: int) -> int:
        have = sum(world.call("ComputeToken", "balanceOf", world.address(i)) for i in indices)
        return int(have) - WEI_EACH * len(indices)

    paid = PRICE_WEI if world.state(case) is JobState.SETTLED else 0
    found = {
        "client": gained(CLIENT) + paid + NVY,  # a fee of audits up to the price is no loss
        "provider": gained(PROVIDER),
        "challenger": gained(CHALLENGER),
        "auditors": gained(*AUDITORS),
    }
    return {name for name, wei in found.items() if wei < 0}


def test_a_copied_commitment_opens_for_no_other_job(world: CourtWorld) -> None:
    """The copy may even pass its audit; it cannot be revealed, and costs the lock."""
    first = passed(world)
    copy = world.open()
    copy.commitment = first.commitment
    world.commit(copy)
    world.draw(copy)
    world.open_audit(copy)
    while world.state(copy) is JobState.AUDITED:
        world.vote_once(copy, Z)
    world.reveal(first)  # everything that the commitment bound is public now
    for seed in (first.opening.seed0, copy.opening.seed0):
        opening = replace(first.opening, seed0=seed)
        args = (copy.job_id, opening.as_abi())
        assert not world.attempt(OPERATOR, "JobMarket", "reveal", *args).is_success
    world.warp(STEP_S + 1)
    world.must(ANYONE, "JobMarket", "expire", copy.job_id)
    assert world.state(copy) is JobState.PROVIDER_REVEAL_TIMEOUT
    assert world.state(first) is JobState.REVEALED
