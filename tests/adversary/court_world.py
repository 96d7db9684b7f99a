"""The compiled contracts with both courts in an in-process EVM; steps of audits and disputes.

Place: under ``test_no_show``. Every party is a key of the test; projections are plain numbers,
since contracts compare numbers. Every event goes into the books of ``tokenomics``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from eth_utils.address import to_checksum_address
from tests.differential.evm import Evm, Sent, generated
from tests.differential.evm_engines import CHAIN_ID

from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.audit import (
    AuditFacts,
    DisputeFacts,
    DisputeKind,
    DisputePhase,
    PointKind,
    RefereeVote,
    SlotPhase,
    TraceRow,
    auditor_commitment,
    pack_ints,
    vote_commitment,
)
from neurovoyance.protocol.certificate import NO_POOL, Terms, pool_of, verify_rows_hash
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address, keccak256
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, sign_offer
from neurovoyance.tokenomics.books import Books
from neurovoyance.verification.trace import Trace

NVY: Final = 10**18
POLICY: Final = (10_000, 0, 1, 1)
"""Every job is audited; one seat of one owner makes a pool."""

WEI_EACH: Final = 20_000 * NVY
PRICE_WEI: Final = NVY
LOCK_WEI: Final = 20 * NVY
ANYONE, CLIENT, PROVIDER, OPERATOR, CHALLENGER = range(5)
AUDITORS: Final = tuple(range(5, 13))
INSURANCE: Final = 13
STAKE_WEI: Final = 5_000 * NVY
SEATS_EACH: Final = 3
Z: Final = pack_ints([2**24] * 32)
Z_FAR: Final = pack_ints([2**25] * 32)
SALT: Final = b"\x5a" * 32
CID: Final = b"\x01\x55\x12\x20" + b"\x3d" * 32
ROWS: Final = tuple(TraceRow(i, bytes([i + 1]) * 32, 0, (bytes(32), bytes(32))) for i in range(3))
TRACE: Final = Trace(ROWS)
NO_AUDIT: Final = (bytes(32),) * 4 + (ZERO_ADDRESS,) * 2 + (0, 0, 0, bytes(12), 0, 0, 0, 0, 0)


def document(pool: bytes) -> bytes:
    """Return what is registered for a model of three operators."""
    terms = Terms(2**40, pool, NO_POOL, len(ROWS), verify_rows_hash([1]))
    return b'{"$terms":"' + terms.encode().encode() + b'","name":"no show"}'


@dataclass
class Case:
    """One job, and what its parties know of it."""

    job_id: bytes
    spec: JobSpec
    salt: bytes
    opening: Opening
    commitment: bytes
    facts: AuditFacts | None = None
    disputes: tuple[DisputeFacts, ...] = ()

    @property
    def audit(self) -> AuditFacts:
        assert self.facts is not None
        return self.facts


class CourtWorld(Evm):
    """A market that audits every job; eight auditors with three seats each."""

    def __init__(self) -> None:
        super().__init__(INSURANCE + 1, WEI_EACH, POLICY)
        self.audits, self.disputes = (
            self.addresses[f"{name}Court"] for name in ("Audit", "Dispute")
        )
        self.registry = self.addresses["ModelRegistry"]
        self.books = Books(audit_court=self.audits)
        self.salt = 0
        self._enrol()

    def _enrol(self) -> None:
        for index in (CLIENT, CHALLENGER):
            self.must(index, "ComputeToken", "approve", self.market, 2**255)
            self.must(index, "JobMarket", "deposit", 1_000 * NVY)
        for index in (PROVIDER, *AUDITORS):
            operator = OPERATOR if index == PROVIDER else index
            self.must(index, "ComputeToken", "approve", self.stakes, 2**255)
            self.must(index, "StakeManager", "register", self.address(operator), "http://x:1")
            self.must(index, "StakeManager", "stake", STAKE_WEI)
        for index in AUDITORS:
            self.must(index, "StakeManager", "takeSeats", pool_of("cpu"), SEATS_EACH)
        self.must(PROVIDER, "StakeManager", "takeSeats", pool_of("lonely"), 1)
        self.must(ANYONE, "ComputeToken", "approve", self.registry, 2**255)
        for pool in ("cpu", "lonely"):
            self.must(ANYONE, "ModelRegistry", "register", document(pool_of(pool)))
        self.warp(10)

    # --- plumbing ---

    def address(self, index: int) -> Address:
        return Address(str(self.accounts[index].address))

    def index_of(self, address: str) -> int:
        return next(i for i in range(len(self.accounts)) if self.address(i) == address)

    def attempt(self, index: int, contract: str, function: str, *args: Any) -> Sent:
        """Send as a party; a revert is a value. Events go into the books."""
        sent = self.send(self.accounts[index], contract, function, *args)
        for event in sent.events:
            self.books.apply(event.solidity_name, event)
        return sent

    def must(self, index: int, contract: str, function: str, *args: Any) -> Sent:
        sent = self.attempt(index, contract, function, *args)
        assert sent.is_success, f"{contract}.{function} reverted"
        return sent

    def record(self, case: Case) -> JobRecord:
        return JobRecord(*self.call("JobMarket", "job", case.job_id))

    def state(self, case: Case) -> JobState:
        return JobState(self.record(case).state)

    def slot(self, case: Case) -> tuple[str, SlotPhase, int]:
        """Return the drawn auditor of the only slot, its phase, its round."""
        slot = self.call("AuditCourt", "slotOf", case.job_id, 0)
        return str(to_checksum_address(slot[0])), SlotPhase(slot[3]), slot[2]

    def leave_seats(self, index: int) -> None:
        """Give up all seats of an owner, so that its stake can be taken out."""
        pool, indices = pool_of("lonely"), [0]
        if index in AUDITORS:
            first = SEATS_EACH * AUDITORS.index(index)
            pool, indices = pool_of("cpu"), list(range(first, first + SEATS_EACH))
        self.must(index, "StakeManager", "leaveSeats", pool, indices)

    # --- a job ---

    def spec_of(self, pool: str) -> tuple[JobSpec, bytes]:
        """Return a spec and a fresh salt."""
        self.salt += 1
        spec = JobSpec(
            model_id=keccak256(document(pool_of(pool))),
            input_cid=CID,
            job_class=JobClass.TENSOR,
            max_runtime_s=60,
            window_s=600,
        )
        return spec, self.salt.to_bytes(32, "big")

    def open(self, pool: str = "cpu") -> Case:
        spec, salt = self.spec_of(pool)
        offer = Offer(
            provider=self.address(PROVIDER),
            client=ZERO_ADDRESS,
            spec_hash=spec.spec_hash(),
            price_wei=PRICE_WEI,
            lock_wei=LOCK_WEI,
            valid_until_s=self.time_s() + 300,
            nonce=self.salt,
        )
        operator = self.accounts[OPERATOR]
        signature = sign_offer(offer, operator, chain_id=CHAIN_ID, market=self.market)
        args = (spec.as_abi(), salt, offer.as_abi(), signature)
        return self._posted(self.must(CLIENT, "JobMarket", "open", *args), spec, salt)

    def list_job(self) -> Case:
        """Post a job that nobody has taken yet."""
        spec, salt = self.spec_of("cpu")
        terms = (PRICE_WEI, LOCK_WEI, self.time_s() + 900, "")
        sent = self.must(CLIENT, "JobMarket", "post", spec.as_abi(), salt, *terms)
        return self._posted(sent, spec, salt)

    def _posted(self, sent: Sent, spec: JobSpec, salt: bytes) -> Case:
        [posted] = [e for e in sent.events if isinstance(e, generated.JobPosted)]
        opening = Opening(bytes(32), keccak256(b"root"), CID, SALT, 3, SALT)
        commitment = commitment_of(
            chain_id=CHAIN_ID,
            market=self.market,
            job_id=posted.job_id,
            provider=self.address(PROVIDER),
            opening=opening,
        )
        return Case(posted.job_id, spec, salt, opening, commitment)

    def commit(self, case: Case) -> None:
        args = (case.job_id, case.commitment, case.opening.shift, case.opening.envelope_cid)
        self.must(OPERATOR, "JobMarket", "commit", *args)
        self.mine(3)

    def draw(self, case: Case) -> None:
        sent = self.must(ANYONE, "JobMarket", "draw", case.job_id)
        [drawn] = [e for e in sent.events if isinstance(e, generated.SeedDrawn)]
        assert drawn.audited
        case.opening = replace(case.opening, seed0=drawn.seed0)

    def open_audit(self, case: Case) -> None:
        args = (case.job_id, case.spec.as_abi(), case.salt, case.commitment, case.opening.seed0)
        sent = self.must(ANYONE, "AuditCourt", "openAudit", *args)
        [opened] = [e for e in sent.events if isinstance(e, generated.AuditOpened)]
        case.facts = opened.facts

    def audit_commit(self, case: Case, z1: tuple[bytes, ...]) -> None:
        auditor, _, round_number = self.slot(case)
        bound = auditor_commitment(
            chain_id=CHAIN_ID,
            audit_court=self.audits,
            job_id=case.job_id,
            slot=0,
            round_number=round_number,
            auditor=auditor,
            z1=z1,
            flags=0,
            salt=SALT,
        )
        index = self.index_of(auditor)
        self.must(index, "AuditCourt", "commitAudit", case.audit.as_abi(), 0, bound)

    def answer(self, case: Case) -> None:
        self.must(OPERATOR, "AuditCourt", "answer", case.audit.as_abi(), 0, Z)

    def audit_reveal(self, case: Case, z1: tuple[bytes, ...]) -> None:
        index = self.index_of(self.slot(case)[0])
        args = (case.audit.as_abi(), 0, z1, 0, SALT, Z)
        self.must(index, "AuditCourt", "revealAudit", *args)

    def vote_once(self, case: Case, z1: tuple[bytes, ...]) -> None:
        self.audit_commit(case, z1)
        self.answer(case)
        self.audit_reveal(case, z1)

    def reveal(self, case: Case) -> None:
        self.must(OPERATOR, "JobMarket", "reveal", case.job_id, case.opening.as_abi())

    # --- a dispute ---

    def challenge(self, case: Case, kind: DisputeKind) -> None:
        facts = case.facts.as_abi() if case.facts is not None else NO_AUDIT
        head = (case.job_id, int(kind), case.spec.as_abi(), case.salt)
        args = (*head, case.opening.as_abi(), facts)
        self._file(case, self.must(CHALLENGER, "DisputeCourt", "challenge", *args))

    def contest(self, case: Case) -> None:
        args = (case.audit.as_abi(), case.opening.as_abi())
        self._file(case, self.must(OPERATOR, "AuditCourt", "contest", *args))

    def _file(self, case: Case, sent: Sent) -> None:
        opened = [e.facts for e in sent.events if isinstance(e, generated.DisputeOpened)]
        case.disputes = (*case.disputes, *opened)

    def phase(self, facts: DisputeFacts) -> tuple[DisputePhase, int]:
        raw = self.call_all("DisputeCourt", "disputeOf", facts.dispute_id)
        return DisputePhase(raw[1]), raw[2]

    def post_trace(self, case: Case) -> None:
        for facts in case.disputes:
            proofs = ((*TRACE.proof(1),),)
            verify = (ROWS[1].as_abi(),)
            args = (facts.as_abi(), TRACE.root, CID, (1,), verify, proofs, Z, Z)
            self.must(OPERATOR, "DisputeCourt", "postTrace", *args)

    def point(self, case: Case) -> None:
        for facts in case.disputes:
            index = self.index_of(facts.challenger)
            args = (facts.as_abi(), int(PointKind.OPERATOR), ROWS[0].as_abi())
            self.must(index, "DisputeCourt", "point", *args, tuple(TRACE.proof(0)))
        self.mine(3)

    def draw_referees(self, case: Case) -> None:
        for facts in case.disputes:
            self.must(ANYONE, "DisputeCourt", "drawReferees", facts.as_abi())

    def commit_votes(self, case: Case, vote: RefereeVote, count: int = 99) -> None:
        for facts in case.disputes:
            for index in self.referees(facts)[:count]:
                bound = vote_commitment(
                    dispute_id=facts.dispute_id,
                    level=self.phase(facts)[1],
                    referee=self.address(index),
                    vote=vote,
                    salt=SALT,
                )
                args = (facts.as_abi(), self.address(index), bound)
                self.must(index, "DisputeCourt", "commitVote", *args)

    def reveal_votes(self, case: Case, vote: RefereeVote) -> None:
        for facts in case.disputes:
            for index in self.referees(facts):
                args = (facts.as_abi(), self.address(index), int(vote), SALT)
                self.must(index, "DisputeCourt", "revealVote", *args)

    def referees(self, facts: DisputeFacts, level: int | None = None) -> list[int]:
        """Return the referees of a level, the present one if none is named."""
        at = self.phase(facts)[1] if level is None else level
        listed = self.call("DisputeCourt", "refereesOf", facts.dispute_id, at)
        return [self.index_of(str(to_checksum_address(one[0]))) for one in listed]

    def owes_referees(self, facts: DisputeFacts) -> bool:
        """Return whether a referee of a closed dispute waits for its share or penalty."""
        if self.phase(facts)[0] is DisputePhase.DROPPED:
            return False  # no verdict was asked for
        levels = range(self.phase(facts)[1] + 1)
        listed = [self.call("DisputeCourt", "refereesOf", facts.dispute_id, n) for n in levels]
        return any(not one[3] for level in listed for one in level)

    def appeal(self, case: Case, index: int) -> None:
        for facts in case.disputes:
            self.must(index, "DisputeCourt", "appeal", facts.as_abi())
        self.mine(3)
