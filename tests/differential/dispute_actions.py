"""What parties do with disputes and with slashes by verdict.

Place: over ``court_actions``, under ``test_court_books``.
"""

from __future__ import annotations

from typing import Any

from tests.differential.court_actions import JobActions
from tests.differential.court_world import NVY, OWNERS, ROWS, STRANGER, VERIFY_ROWS, Case, Work

from neurovoyance.protocol.audit import (
    DisputeKind,
    DisputePhase,
    PointKind,
    RefereeVote,
    pack_ints,
    trace_leaf,
    vote_commitment,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.verification.commitment import MerkleTree

_ZERO = bytes(32)
_ZEROS = (_ZERO,) * 4
_NO_FACTS = (*(_ZERO,) * 4, ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(12), 0, 0, 0, 0, 0)


def challenge_name(kind: DisputeKind, is_late: bool) -> str:
    """Return how successes are counted."""
    return f"challenge {kind.name}" + (" late" if is_late else "")


def _fits(kind: DisputeKind, work: Work, is_late: bool) -> bool:
    if kind is DisputeKind.FORGED_ANSWER:
        return work.facts is not None
    return kind is not DisputeKind.UNAVAILABLE or not is_late


class DisputeActions(JobActions):
    """Disputes, their referees, and held slashes."""

    # --- opening ---

    def challenge(self, work: Work) -> None:
        """Challenge a job, also when it cannot be challenged (any more)."""
        if work.opening is None:
            return
        challenger = self.rng.choice([work.client, STRANGER, *OWNERS])
        is_late = self.books.jobs[work.job_id].ended_in is JobState.SETTLED
        kinds = [kind for kind in DisputeKind if _fits(kind, work, is_late)]
        name = self.one_of(*(challenge_name(kind, is_late) for kind in kinds))
        kind = next(kind for kind in kinds if challenge_name(kind, is_late) == name)
        if self.chance(0.1):
            kind = self.rng.choice(list(DisputeKind))
        audit_facts = _NO_FACTS if work.facts is None else work.facts.as_abi()
        named = (work.job_id, int(kind), work.spec.as_abi(), work.salt)
        args = (*named, self.opening_of(work), audit_facts)
        sent = self.send(challenger, "DisputeCourt", "challenge", *args)
        if sent.is_success:
            self.seen[challenge_name(kind, work.disputes[-1].facts.is_late)] += 1

    # --- a dispute's next step ---

    def judge(self, work: Work) -> None:
        """Do something about one of the open disputes of a job."""
        case = self.rng.choice(self.open_cases(work))
        _, number, level, deadline_s, _ = self.evm.call_all(
            "DisputeCourt", "disputeOf", case.facts.dispute_id
        )
        phase = DisputePhase(number)
        has_ended = self.books.jobs[work.job_id].ended_in is not None and not case.facts.is_late
        if has_ended and self.chance(0.9):
            self._court(0, "advance", case)
        elif phase is DisputePhase.SEATING:
            self.evm.mine(2)
            self._court(0, "drawReferees", case)
        elif deadline_s < self.evm.time_s() or (self.chance(0.1) and self.warp_past(deadline_s)):
            self._court(0, "advance", case)
        elif phase is DisputePhase.TRACE:
            self._post_trace(work, case)
        elif phase is DisputePhase.POINT:
            self._point(work, case)
        elif phase is DisputePhase.VOTE:
            self._commit_votes(case, level)
        elif phase is DisputePhase.VOTE_REVEAL:
            self._reveal_votes(case, level)
        else:
            self._appeal_or_not(case, deadline_s)

    def _court(self, index: int, function: str, case: Case, *args: Any) -> bool:
        return self.send(index, "DisputeCourt", function, case.facts.as_abi(), *args).is_success

    def _tree(self, work: Work) -> MerkleTree:
        return MerkleTree.of_leaves([trace_leaf(row) for row in work.rows])

    def _post_trace(self, work: Work, case: Case) -> None:
        tree = self._tree(work)
        verify = [work.rows[n] for n in VERIFY_ROWS]
        proofs = [tree.proof(trace_leaf(row)) for row in verify]
        z0: tuple[bytes, ...] = _ZEROS
        z_trace = z0
        if case.facts.job_class == JobClass.TENSOR:
            z0 = z_trace = pack_ints([2**24 + n for n in range(32)])
            if self.chance(0.1):
                z_trace = pack_ints([-(2**24)] * 32)
        listing = (tree.root, b"\1\x55\x12\x20" + bytes(32), tuple(VERIFY_ROWS))
        rows = tuple(row.as_abi() for row in verify)
        args = (*listing, rows, tuple(tuple(proof) for proof in proofs), z0, z_trace)
        self._court(self.operator(case.facts.provider), "postTrace", case, *args)

    def _point(self, work: Work, case: Case) -> None:
        kind = self.rng.choice(list(PointKind))
        row = work.rows[self.rng.randrange(ROWS)]
        proof = [] if kind is PointKind.MISSING_ROW else self._tree(work).proof(trace_leaf(row))
        index = self.indices[case.facts.challenger]
        self._court(index, "point", case, int(kind), row.as_abi(), tuple(proof))

    def _commit_votes(self, case: Case, level: int) -> None:
        """Let most of those who did not yet commit do so; who leans where is drawn a level."""
        lean = self.rng.choice([RefereeVote.GUILTY, RefereeVote.CLEAR])
        loyalty = self.rng.choice([1.0, 0.8, 0.5])
        waiting = [who for who in case.sitting if (level, who) not in case.votes]
        for owner in waiting or case.sitting[:1]:
            if self.chance(0.07):
                continue
            vote = lean if self.chance(loyalty) else RefereeVote(self.rng.randrange(1, 5))
            salt = self.rng.randbytes(32)
            commitment = vote_commitment(
                dispute_id=case.facts.dispute_id,
                level=level,
                referee=owner,
                vote=vote,
                salt=salt,
            )
            if self._court(self.operator(owner), "commitVote", case, owner, commitment):
                case.votes[level, owner] = (int(vote), salt)

    def _reveal_votes(self, case: Case, level: int) -> None:
        for owner in case.sitting:
            if (level, owner) in case.votes and not self.chance(0.04):
                args = (owner, *case.votes[level, owner])
                self._court(self.operator(owner), "revealVote", case, *args)

    def _appeal_or_not(self, case: Case, deadline_s: int) -> None:
        if self.chance(0.4):
            loser = self.rng.choice([case.facts.provider, case.facts.challenger])
            self._court(self.operator(loser), "appeal", case)
        elif self.warp_past(deadline_s):
            self._court(0, "advance", case)

    # --- after the end ---

    def close_referees(self, case: Case) -> None:
        """Close some of the referees of a dispute; those of an open one are refused."""
        for level, owner in self.due(case)[: self.rng.randrange(1, 9)]:
            bench = case.benches.get(level, [owner])
            self._court(0, "closeReferee", case, level, bench.index(owner))

    def due(self, case: Case) -> list[tuple[int, str]]:
        """Return level and owner of referees not yet closed, or the audit pool where none came."""
        if case.phase is DisputePhase.DROPPED:
            return []
        benches = case.benches
        if case.phase is DisputePhase.GUILTY and not benches:
            benches = {0: [self.audit_court]}
        owners = [(level, owner) for level, bench in benches.items() for owner in bench]
        return [one for one in owners if one not in case.closed]

    def finalize(self, slash_id: bytes, *, may_wait: bool) -> None:
        """Split a held slash: too early, or after its time."""
        if may_wait:
            _, _, ready_at_s = self.evm.call_all("StakeManager", "heldSlashOf", slash_id)
            self.warp_past(ready_at_s - 1)
        self.send(STRANGER, "StakeManager", "finalizeSlash", slash_id)

    def book_again(self, work: Work) -> None:
        """Ask for a slash to be booked that is booked already, or never was due."""
        if work.facts is not None:
            self.send(0, "AuditCourt", "bookSlash", work.facts.as_abi())
        if work.disputes:
            self._court(0, "bookSlash", self.rng.choice(work.disputes))

    def top_up(self) -> None:
        """Give a poor owner stake, so that courts find people."""
        for owner in OWNERS:
            if self.books.stake_of(self.address(owner)).free_wei < 2_000 * NVY:
                self.send(owner, "StakeManager", "stake", 4_000 * NVY)
                return
