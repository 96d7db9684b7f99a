"""A market with courts on an in-process EVM, its parties, and what has to hold after every call.

Place: under ``court_actions``. Facts of audits and disputes come from events alone, as a node has
them; every balance is kept three times: by the contracts, by :class:`Books`, and, for the money of
the courts, by :class:`Purses`, which knows only why they got it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.differential.evm import CAP_WEI, Evm, Sent, generated
from tests.differential.lens import Query

from neurovoyance.protocol.audit import (
    AuditFacts,
    DisputeFacts,
    DisputePhase,
    RefereeVote,
    TraceRow,
)
from neurovoyance.protocol.certificate import TAU_MAX, Terms, verify_rows_hash
from neurovoyance.protocol.ids import keccak256
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening
from neurovoyance.tokenomics.books import Books
from neurovoyance.tokenomics.emission import EPOCH_S
from neurovoyance.tokenomics.staking import Stake

NVY = 10**18
CLIENTS = (1, 2)
OWNERS = tuple(range(3, 11))
OPERATORS = {owner: owner + 8 for owner in OWNERS}
STRANGER = 19
INSURANCE = 20
POOL = b"pool-of-test"
VERIFY_ROWS = [1, 3]
ROWS = 5
POLICY = (4_000, 0, 8, 5)  # minBps, firstJobs, seatsMin, ownersMin
BPS = 10_000


@dataclass
class Case:
    """What a dispute's parties keep of it.

    Attributes:
        benches: drawn referees by level, each with its place in the level's list.
        votes: what referees committed to, by level and owner: the vote and its salt.
    """

    facts: DisputeFacts
    phase: DisputePhase = DisputePhase.TRACE
    verdict: RefereeVote = RefereeVote.NONE
    benches: dict[int, list[str]] = field(default_factory=dict)
    sitting: list[str] = field(default_factory=list)
    votes: dict[tuple[int, str], tuple[int, bytes]] = field(default_factory=dict)
    closed: set[tuple[int, str]] = field(default_factory=set)


@dataclass
class Work:
    """What the parties of a job keep of it.

    Attributes:
        bent: what auditors mostly find: Pass 1, Fail 2, NonFinite 3.
        findings: z1, flags and salt by slot and round, z0 by slot and round.
    """

    job_id: bytes
    spec: JobSpec
    salt: bytes
    client: int
    bent: int
    put_in_wei: int
    provider: int = 0
    opening: Opening | None = None
    seed0: bytes = bytes(32)
    facts: AuditFacts | None = None
    findings: dict[tuple[int, int], tuple[Any, int, bytes]] = field(default_factory=dict)
    answers: dict[tuple[int, int], Any] = field(default_factory=dict)
    disputes: list[Case] = field(default_factory=list)
    rows: list[TraceRow] = field(default_factory=list)
    open_slots: set[int] = field(default_factory=set)


class Purses:
    """Why the courts have money: the audit pool by cause, the dispute court by dispute."""

    def __init__(self, audit_court: str, dispute_court: str) -> None:
        self.audit_court, self.dispute_court = audit_court, dispute_court
        self.pool: Counter[str] = Counter()
        self.bonds: Counter[int] = Counter()  # challengers', of open disputes
        self.pots: Counter[bytes] = Counter()  # judges' shares and lost bonds, by job

    def apply(self, event: Any, cases: dict[int, Case]) -> None:
        """Book an event; only those about the courts' money count."""
        if isinstance(event, generated.AuditFeesPaid):
            self.pool["fees"] += event.to_pool_wei
        elif isinstance(event, generated.PoolFunded):
            self.pool["funded"] += event.amount_wei
        elif isinstance(event, generated.CourtPaid) and event.court == self.audit_court:
            self.pool["auditors"] -= event.amount_wei
        elif isinstance(event, generated.SlashSplit):
            if event.court == self.audit_court:
                self.pool["judges"] += event.to_judges_wei
            else:
                self.pots[event.slash_id] += event.to_judges_wei
        elif isinstance(event, generated.DisputeOpened) and not event.facts.is_contest:
            self.bonds[event.dispute_id] += event.facts.bond_wei
        elif isinstance(event, generated.Appealed):
            # Who appeals does not tell: a provider may have challenged its own job.
            if cases[event.dispute_id].verdict is RefereeVote.CLEAR:
                self.bonds[event.dispute_id] += event.bond_wei
        elif isinstance(event, generated.DisputeClosed):
            self._closed(event)
        elif isinstance(event, generated.RefereePaid):
            self.pots[cases[event.dispute_id].facts.job_id] -= event.paid_wei
            if event.referee == self.audit_court:
                self.pool["swept"] += event.paid_wei

    def _closed(self, event: Any) -> None:
        self._lost = self.bonds.pop(event.dispute_id, 0)
        if event.phase is DisputePhase.CLEAR:
            self.pots[event.job_id] += self._lost - self._lost // 2

    def bond_lost_to_pool(self, event: Any) -> None:
        """Book a payment of the dispute court to the audit pool that no referee's closing says."""
        if isinstance(event, generated.CourtPaid) and event.to == self.audit_court:
            self.pool["lost bonds"] += event.amount_wei

    def check(self, free_wei: dict[str, int]) -> None:
        """Hold both courts' free balances to what they have money for."""
        assert free_wei[self.audit_court] == sum(self.pool.values()), self.pool
        assert all(wei >= 0 for wei in self.pots.values()), self.pots
        owed_wei = sum(self.bonds.values()) + sum(self.pots.values())
        assert free_wei[self.dispute_court] == owed_wei, (self.bonds, self.pots)


class World:
    """The contracts, the parties' notes, and the checks."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.seen: Counter[str] = Counter()
        self.evm = Evm(21, 100_000 * NVY, POLICY)
        courts = (self.evm.addresses["AuditCourt"], self.evm.addresses["DisputeCourt"])
        self.audit_court, self.dispute_court = courts
        self.books = Books(audit_court=courts[0])
        self.purses = Purses(*courts)
        self.works: dict[bytes, Work] = {}
        self.cases: dict[int, Case] = {}
        self.booked: dict[bytes, int] = {}
        self.missed: Counter[tuple[str, int]] = Counter()  # audits, by auditor and epoch
        self.seats: dict[str, list[int]] = defaultdict(list)
        self.salt = 0
        self.indices = {str(a.address): i for i, a in enumerate(self.evm.accounts)}
        self.models = [self._register_model(number) for number in range(2)]
        for index in (*CLIENTS, *OWNERS, STRANGER):
            self._fund(index)
        for owner in OWNERS:
            self.send(owner, "StakeManager", "takeSeats", POOL, 3)
        self.send(CLIENTS[0], "AuditCourt", "fundPool", 200 * NVY)
        self.evm.mine(1)

    def _register_model(self, number: int) -> bytes:
        tau_sq = int(TAU_MAX**2 * 2**64)
        terms = Terms(tau_sq, POOL, POOL, ROWS, verify_rows_hash(VERIFY_ROWS))
        document = b'{"$terms":"%s","number":"%08d"}' % (terms.encode().encode(), number)
        self.send(0, "ComputeToken", "approve", self.evm.addresses["ModelRegistry"], 2**255)
        assert self.send(0, "ModelRegistry", "register", document).is_success
        return keccak256(document)

    def _fund(self, index: int) -> None:
        for spender in (self.evm.market, self.evm.stakes):
            self.send(index, "ComputeToken", "approve", spender, 2**255)
        deposit_wei = 20_000 * NVY if index in CLIENTS else 3_000 * NVY
        self.send(index, "JobMarket", "deposit", deposit_wei)
        if index in OPERATORS:
            operator = self.address(OPERATORS[index])
            self.send(index, "StakeManager", "register", operator, "http://127.0.0.1:1")
            self.send(index, "StakeManager", "stake", (6_000 + 1_000 * index) * NVY)

    # --- plumbing ---

    def address(self, index: int) -> str:
        return str(self.evm.accounts[index].address)

    def operator(self, owner: str) -> int:
        """Return who acts for an owner; an owner without an operator acts itself."""
        index = self.indices[owner]
        return OPERATORS.get(index, index)

    def send(self, index: int, contract: str, function: str, *args: Any) -> Sent:
        """Send, book every event, and check what the events touch."""
        sent = self.evm.send(self.evm.accounts[index], contract, function, *args)
        self.seen[function if sent.is_success else "refused " + function] += 1
        closes = function == "closeReferee"
        for event in sent.events:
            self.books.apply(event.solidity_name, event)
            self._note(event)
            self.purses.apply(event, self.cases)
            if not closes:
                self.purses.bond_lost_to_pool(event)
        if sent.is_success:
            self.check(touched_by(sent, self.indices))
        return sent

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def one_of(self, *names: str) -> str:
        """Return one of some calls, mostly the one that succeeded least: all shall be reached."""
        if self.chance(0.6):
            return min(names, key=lambda name: self.seen[name])
        return self.rng.choice(names)

    def is_live(self, work: Work) -> bool:
        """Return whether the job or a dispute about it waits for somebody, under a deadline."""
        is_over = self.books.jobs[work.job_id].ended_in is not None
        return not is_over or bool(self.open_cases(work))

    def open_cases(self, work: Work) -> list[Case]:
        return [case for case in work.disputes if case.phase < DisputePhase.GUILTY]

    def warp_past(self, deadline_s: int) -> bool:
        """Go to the first second after a deadline, mostly only if no other job waits meanwhile.

        Returns:
            whether the deadline has passed.
        """
        wait_s = deadline_s - self.evm.time_s() + 1
        if wait_s <= 0:
            return True
        is_alone = sum(self.is_live(work) for work in self.works.values()) < 2
        if not is_alone and not self.chance(0.12):
            return False
        self.evm.warp(wait_s)
        return True

    # --- notes ---

    def _note(self, event: Any) -> None:
        if isinstance(event, generated.JobAssigned):
            self.works[event.job_id].provider = self.indices[event.provider]
        elif isinstance(event, generated.JobPosted):
            self._note_posted(event)
        elif isinstance(event, generated.SeedDrawn):
            self.works[event.job_id].seed0 = event.seed0
        elif isinstance(event, generated.AuditOpened):
            work = self.works[event.job_id]
            work.facts, work.open_slots = event.facts, set(range(event.facts.slots))
        elif isinstance(event, generated.DisputeOpened):
            case = Case(event.facts)
            self.cases[event.dispute_id] = case
            self.works[event.job_id].disputes.append(case)
        elif isinstance(event, generated.RefereesDrawn):
            case = self.cases[event.dispute_id]
            case.sitting = list(event.owners)
            case.benches.setdefault(event.level, []).extend(event.owners)
        elif isinstance(event, generated.Tallied):
            self.cases[event.dispute_id].verdict = event.verdict
        elif isinstance(event, generated.DisputeClosed):
            self.cases[event.dispute_id].phase = event.phase
        elif isinstance(event, generated.RefereePaid):
            self.cases[event.dispute_id].closed.add((event.level, event.referee))
        elif isinstance(event, generated.SeatsTaken):
            taken = range(event.first_index, event.first_index + event.count)
            self.seats[event.provider] += taken
        elif isinstance(event, generated.SeatsLeft):
            mine = self.seats[event.provider]
            self.seats[event.provider] = [seat for seat in mine if seat not in event.indices]
        elif isinstance(event, generated.AuditorLate):
            self.missed[event.auditor, self.evm.time_s() // EPOCH_S] += 1
        else:
            self._note_slash(event)

    def _note_posted(self, event: Any) -> None:
        spec = event.spec.checked()
        bent = self.rng.choice([1, 1, 1, 2, 2, 3])
        put_in_wei = self.books.jobs[event.job_id].put_in_wei
        client = self.indices[event.client]
        work = Work(event.job_id, spec, event.salt, client, bent, put_in_wei)
        self.works[event.job_id] = work

    def _note_slash(self, event: Any) -> None:
        """Hold every slash to the shares it is promised to have."""
        if isinstance(event, generated.SlashBooked):
            self.booked[event.slash_id] = event.amount_wei
        elif isinstance(event, generated.SlashFinalized):
            taken_wei = self.booked.pop(event.slash_id)
            to_others = (event.to_client_wei, event.to_finder_wei, event.to_judges_wei)
            check_slash(taken_wei, event.burned_wei, event.to_insurance_wei, sum(to_others))
        elif isinstance(event, generated.Slashed):
            split = (event.burned_wei, event.to_insurance_wei, event.to_client_wei)
            check_slash(event.amount_wei, *split)
        elif isinstance(event, generated.LockSlashed):
            check_slash(event.amount_wei, event.burned_wei, event.to_insurance_wei, 0)

    # --- what must hold ---

    def check(self, accounts: list[str]) -> None:
        """Compare every total, and what these accounts have, with the books."""
        self.books.check()
        self.purses.check(self.books.free_wei)
        courts = [self.audit_court, self.dispute_court]
        staking = [who for who in accounts if self.indices[who] in OWNERS]
        totals = [
            Query("ComputeToken", "balanceOf", (self.evm.market,)),
            Query("ComputeToken", "balanceOf", (self.evm.stakes,)),
            Query("ComputeToken", "totalSupply"),
        ]
        free = [Query("JobMarket", "freeOf", (who,)) for who in [*courts, *accounts]]
        earned = [Query("JobMarket", "earnedOf", (who,)) for who in staking]
        stakes = [Query("StakeManager", "stakeOf", (who,)) for who in staking]
        found = [answer[0] for answer in self.evm.look([*totals, *free, *earned, *stakes])]
        books = self.books
        said = [books.market_wei, books.stake_manager_wei, CAP_WEI - books.burned_wei]
        said += [books.free_wei[who] for who in [*courts, *accounts]]
        said += [books.earned_wei[who] for who in staking]
        assert found[: len(said)] == said
        for who, (own, locked, _, unbonding, _) in zip(staking, found[len(said) :], strict=True):
            assert Stake(own, locked, unbonding) == books.stake_of(who)
            assert locked <= own

    def check_everything(self) -> None:
        """Compare every account, and every job's state and money, with the books."""
        self.check(list(self.indices))
        others = [who for who, index in self.indices.items() if index not in OWNERS]
        assert not any(self.books.earned_wei[who] for who in others)
        assert not set(self.books.stakes) & set(others)
        assert self.evm.call("StakeManager", "heldWei") == self.books.held_wei
        assert self.evm.call("StakeManager", "insuranceWei") == self.books.insurance_wei
        for (owner, epoch), count in self.missed.items():
            assert self.evm.call("AuditCourt", "missedOf", owner, epoch) == count
        for work in self.works.values():
            job = self.books.jobs[work.job_id]
            assert job.put_in_wei == work.put_in_wei
            state = JobState(self.evm.call("JobMarket", "job", work.job_id)[2])
            assert state == job.ended_in or (job.ended_in is None and state.is_warm), state
            if not self.is_live(work) and not work.open_slots:
                tied = self.books.locks_wei.get((job.provider, work.job_id), 0)
                assert tied == 0


def touched_by(sent: Sent, indices: dict[str, int]) -> list[str]:
    """Return the accounts that the events of a transaction name."""
    named: set[str] = set()
    for event in sent.events:
        values = (getattr(event, name) for name in event.__dataclass_fields__)
        named |= {str(value) for value in values if isinstance(value, str) and value in indices}
    return sorted(named)


def check_slash(taken_wei: int, burned_wei: int, to_insurance_wei: int, to_others_wei: int) -> None:
    """Shares sum to the slash, 30 % burn, and a ring of all parties loses 40 %."""
    assert burned_wei + to_insurance_wei + to_others_wei == taken_wei
    assert burned_wei == taken_wei * 3_000 // BPS
    assert (burned_wei + to_insurance_wei) * BPS >= taken_wei * 4_000
