"""The words of the dispute duties: roles, actions, what the chain says, what is fixed here.

Place: vocabulary of :mod:`.rules`; ``casebook`` stores the fixed part, ``court_side`` reads the
view. Frozen values only; times are chain time in unix seconds, amounts wei. Never: a rule, or I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.protocol.audit import DisputeFacts, DisputePhase, RefereeVote

LEVELS = 3
"""Levels of referees: 7, 21 and 43 seats."""

COLD = frozenset(
    {
        DisputePhase.GUILTY,
        DisputePhase.CLEAR,
        DisputePhase.DROPPED,
        DisputePhase.UNDECIDED,
    }
)


class Role(StrEnum):
    """How a node takes part in a dispute.

    DEFENDANT: its provider is accused. CHALLENGER: its owner or its operator key accuses.
    BYSTANDER: it was only drawn as a referee at some time, or was a party of the job. A referee is
    known by its seat, not by a role, since every level draws anew.
    """

    DEFENDANT = "defendant"
    CHALLENGER = "challenger"
    BYSTANDER = "bystander"


class DisputeAction(StrEnum):
    """What the duty does; the first three work here, the others send.

    TRACE: run the model under C1 and fix the trace. SEEK: look for what to point at. JUDGE: judge
    what was pointed at.
    """

    TRACE = "trace"
    SEEK = "seek"
    JUDGE = "judge"
    POST_TRACE = "post_trace"
    POINT = "point"
    DRAW_REFEREES = "draw_referees"
    COMMIT_VOTE = "commit_vote"
    REVEAL_VOTE = "reveal_vote"
    APPEAL = "appeal"
    ADVANCE = "advance"
    CLOSE_REFEREE = "close_referee"
    BOOK_SLASH = "book_slash"
    FINALIZE_SLASH = "finalize_slash"
    WITHDRAW = "withdraw"


LOCAL = frozenset({DisputeAction.TRACE, DisputeAction.SEEK, DisputeAction.JUDGE})
SENDS = frozenset(DisputeAction) - LOCAL


class Round(StrEnum):
    """Where the round stands that draws referees, or that none is awaited."""

    NONE = "none"
    PENDING = "pending"
    READY = "ready"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Seat:
    """One owner drawn as a referee of a level; ``index`` is its place in the court's list."""

    level: int
    index: int
    owner: str
    weight: int
    vote: RefereeVote
    is_paid: bool


class SlashState(StrEnum):
    """What became of the slash of a convicted provider."""

    UNBOOKED = "unbooked"
    HELD = "held"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class DisputeView:
    """What the chain said about a dispute when it was last read.

    Attributes:
        phase: as stored; deadlines are counted in by the rules.
        level: of the present referees, from 0.
        deadline_s: of the phase; 0 where nothing is waited for.
        round: state of the beacon round that draws the referees, while they are awaited.
        round_number: of that round.
        seats: of every level drawn so far.
        verdict: as counted, while it can be appealed against; NONE if there is none.
        has_job_ended: the job ended without this dispute, so that nothing is left to decide.
        slash: of the convicted provider, after GUILTY.
        slash_ready_s: from when a held slash can be split.
        has_ownerless_share: the slash was split and nobody judged (no trace came), so that the
            judges' share still has to go to the audit pool.
        withdrawable_wei: part of the returned bond that lies in the market under the operator key.
        free_wei: what could pay for the bond of an appeal of this node.
    """

    phase: DisputePhase
    level: int = 0
    deadline_s: int = 0
    round: Round = Round.NONE
    round_number: int = 0
    seats: tuple[Seat, ...] = ()
    verdict: RefereeVote = RefereeVote.NONE
    has_job_ended: bool = False
    slash: SlashState = SlashState.UNBOOKED
    slash_ready_s: int = 0
    has_ownerless_share: bool = False
    withdrawable_wei: int = 0
    free_wei: int = 0

    def seats_of(self, owner: str, level: int | None = None) -> tuple[Seat, ...]:
        """Return the seats of an owner, at one level or at all."""
        return tuple(
            seat for seat in self.seats if seat.owner == owner and level in (None, seat.level)
        )


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was decided here and must not change any more, whatever happens to the process.

    Attributes:
        has_trace: the trace to be posted.
        is_trace_hopeless: a trace cannot end in what was committed, so none will be posted.
        has_point: what will be pointed at.
        found_nothing: nothing can be pointed at.
        votes: the vote of every level in which we are a referee.
        finding: what we, as a party, hold of what was pointed at; NONE while not looked at.
    """

    has_trace: bool = False
    is_trace_hopeless: bool = False
    has_point: bool = False
    found_nothing: bool = False
    votes: tuple[tuple[int, RefereeVote], ...] = ()
    finding: RefereeVote = RefereeVote.NONE

    def vote_at(self, level: int) -> RefereeVote:
        """Return our vote of a level, NONE if there is none yet."""
        return dict(self.votes).get(level, RefereeVote.NONE)


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute as this node sees it, apart from the chain.

    Attributes:
        owner: this node's owner address, which sits in pools and provides.
        operator: this node's operator address.
    """

    facts: DisputeFacts
    role: Role
    owner: str
    operator: str
    fixed: Fixed = Fixed()


@dataclass(frozen=True, slots=True)
class HeldSlash:
    """A booked slash that waits to be split, from ``ready_s`` on."""

    slash_id: bytes
    job_id: bytes
    ready_s: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules want now.

    Attributes:
        key: names the intention; the same key is the same transaction for ever.
        level, index: of the seat, for actions of referees.
    """

    action: DisputeAction
    key: str
    level: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Margins:
    """Seconds kept in hand, and how anyone's duties are spread.

    Attributes:
        send_s: before a deadline, after which local work is not begun any more.
        others_s: how long after a deadline those wait who lose nothing by waiting.
    """

    send_s: int = 15
    others_s: int = 20
