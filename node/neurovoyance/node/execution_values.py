"""The words of an execution: phases, actions, events and the record itself.

Place: vocabulary of :mod:`.execution`, whose rules give these values their meaning; ``journal``
stores them, ``agent`` obeys instructions and answers with events. Frozen values only. All times
are chain time in unix seconds. Never: a rule, or I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from neurovoyance.node.audit_slots import AuditView
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import Refusal


class Phase(StrEnum):
    """Where an execution stands.

    SEEN listed, being checked. HELD checked, model and input held, waits for a free slot.
    ACCEPTING the acceptance is under way. RUNNING assigned to us, computing. SEALED the output is
    fixed, its commitment under way. UNSOUND the output is not finite, to be declared. STRANDED
    assigned, but no output will surely come in time, to be handed back. COMMITTED waits for the
    draw. SELECTED an audit was drawn and is to be opened. AUDITED auditors are at work, their
    questions are answered. FAILED the audit found the output wrong: contest or concede. DRAWN
    waits for the reveal. REVEALED the challenge window runs. DISPUTED referees are at work, see
    the disputes. ACCEPTED waits for settlement. OVERDUE a deadline passed unused, to be expired.
    ENDED nothing is left but tidying up.
    """

    SEEN = "seen"
    HELD = "held"
    ACCEPTING = "accepting"
    RUNNING = "running"
    SEALED = "sealed"
    UNSOUND = "unsound"
    STRANDED = "stranded"
    COMMITTED = "committed"
    SELECTED = "selected"
    AUDITED = "audited"
    FAILED = "failed"
    DRAWN = "drawn"
    REVEALED = "revealed"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    OVERDUE = "overdue"
    ENDED = "ended"


class Outcome(StrEnum):
    """How an execution ended, as this provider sees it.

    CANCELLED: its client withdrew it. HANDED_BACK: returned from here before anything was
    committed. LOST: another provider has the job. VANISHED: a reorganisation took it from the
    chain.
    """

    SETTLED = "settled"
    INVALID = "invalid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    HANDED_BACK = "handed back"
    UNMATCHED = "unmatched"
    COMMIT_TIMEOUT = "commit timeout"
    REVEAL_TIMEOUT = "reveal timeout"
    ANSWER_TIMEOUT = "answer timeout"
    TRACE_TIMEOUT = "trace timeout"
    AUDITOR_TIMEOUT = "auditor timeout"
    REFEREE_TIMEOUT = "referee timeout"
    LOST = "lost"
    VANISHED = "vanished"
    DECLINED = "declined"


class Action(StrEnum):
    """What the shell is asked to do."""

    CHECK = "check"
    ACCEPT = "accept"
    RUN = "run"
    CANCEL = "cancel"
    COMMIT = "commit"
    DECLARE_INVALID = "declare_invalid"
    HAND_BACK = "hand_back"
    DRAW = "draw"
    DRAW_AND_REVEAL = "draw_and_reveal"
    DRAW_AND_OPEN = "draw_and_open"
    OPEN_AUDIT = "open_audit"
    SEAT = "seat"
    ANSWER = "answer"
    EXPIRE_SLOT = "expire_slot"
    RECHECK = "recheck"
    CONTEST = "contest"
    CONCEDE = "concede"
    EXPIRE_CONTEST = "expire_contest"
    REVEAL = "reveal"
    SETTLE = "settle"
    EXPIRE = "expire"
    CLOSE_LOCK = "close_lock"
    RELEASE = "release"


LOCAL = frozenset({Action.CHECK, Action.RUN, Action.RECHECK, Action.CANCEL, Action.RELEASE})
SENDS = frozenset(Action) - LOCAL
OCCUPYING = frozenset({Phase.ACCEPTING, Phase.RUNNING, Phase.SEALED, Phase.UNSOUND, Phase.FAILED})


@dataclass(frozen=True, slots=True)
class Margins:
    """Time kept in hand before a deadline, and how failures are repeated; all in seconds.

    ``accept_s`` before a listing ends, ``commit_s`` to seal and commit an output, ``contest_s`` to
    contest a failed audit. After a failure the next attempt waits ``retry_s``, doubled with every
    further failed send up to eightfold; after ``run_attempts`` failed runs the job is handed back.
    """

    accept_s: int = 10
    commit_s: int = 20
    contest_s: int = 60
    retry_s: int = 3
    run_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """What this node asks for the job, in wei."""

    price_wei: int
    lock_wei: int


@dataclass(frozen=True, slots=True)
class ChainView:
    """What the chain said about the job when it was last read.

    Attributes:
        stored: the state as last written there; time-outs are counted in by this module.
        is_ours: this provider is the assigned one.
        deadline_s: of the stored state.
        is_audit_possible: the frozen audit probability is above zero.
        round: of the draw; 0 before the commitment and after the draw.
        is_round_over: the round is ready, or lapsed and to be requested anew.
        foreseen: whether the ready round will draw an audit; None while that is unknown.
        seed0: the drawn seed, proven against the stored binding; None while unknown.
        audit: the open audit, once the facts that its calls need are known.
        is_lock_open: closing the lock of the ended job failed and has to be repeated.
    """

    stored: JobState
    is_ours: bool
    deadline_s: int
    is_audit_possible: bool = False
    round: int = 0
    is_round_over: bool = False
    foreseen: bool | None = None
    seed0: bytes | None = None
    audit: AuditView | None = None
    is_lock_open: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """One attempt of this provider at one job. Build with :func:`begin`, change with :func:`step`.

    Attributes:
        commitment: C0 over the sealed output, 32 bytes; set once and never changed.
        is_unsound: the output held NaN or infinity.
        has_yielded: the owner stayed until the work could not surely be done in time any more.
        stands: what our own check of a failed audit found: the output is right, or it is not.
        recheck_failures: attempts at that check that failed.
        pending: actions asked for and not answered.
        serial: part of the keys; rises when a key is used up by a revert.
        send_failures: sends that failed one after the other.
        not_before_s: no new action before this moment, after a failure.
    """

    job_id: JobId
    max_runtime_s: int
    view: ChainView
    phase: Phase = Phase.SEEN
    terms: Terms | None = None
    refusal: Refusal | None = None
    has_slot: bool = False
    commitment: bytes | None = None
    is_unsound: bool = False
    has_yielded: bool = False
    run_failures: int = 0
    stands: bool | None = None
    recheck_failures: int = 0
    is_released: bool = False
    outcome: Outcome | None = None
    pending: frozenset[Action] = frozenset()
    serial: int = 0
    send_failures: int = 0
    not_before_s: int = 0


@dataclass(frozen=True, slots=True)
class Instruction:
    """Something to do outside.

    ``key`` is the idempotency key; the same key means the same effect, which may be repeated
    without harm. ``finish_by_s`` bounds a run: an output sealed later could not be committed.
    ``slot`` is the audit slot that it is about.
    """

    action: Action
    key: str
    finish_by_s: int = 0
    slot: int = 0


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """The chain was read."""

    view: ChainView


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """The job is sound and its model and input are held; these would be the terms."""

    terms: Terms


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """The job is not for this node."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class SlotGranted:
    """There is room and stake for the job: accept it."""


@dataclass(frozen=True, slots=True)
class SlotWithdrawn:
    """There is no room or stake after all; the job waits again."""


@dataclass(frozen=True, slots=True)
class OutputSealed:
    """The output is encrypted, stored and journalled; this commitment binds it."""

    commitment: bytes


@dataclass(frozen=True, slots=True)
class OutputUnsound:
    """The output holds NaN or infinity."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The job was computed again under the reference profile; ``stands`` if our output is right."""

    stands: bool


@dataclass(frozen=True, slots=True)
class ActionDone:
    """An action took effect; ``view`` is the chain read after it, for actions that were sent."""

    action: Action
    view: ChainView | None = None


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An action had no effect.

    ``is_key_used``: the contract refused it, so a repetition needs a new key. ``is_hopeless``: a
    repetition would fail alike (runs). ``is_counted``: it counts towards ``run_attempts``; a run
    ended from here, or one for which there was no room just now, does not. ``retry_s`` replaces
    the usual wait.
    """

    action: Action
    is_key_used: bool = False
    is_hopeless: bool = False
    is_counted: bool = True
    retry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Restarted:
    """The process is new: nothing is under way any more, and the chain may have gone on.

    One event, not two: what the chain shows must not be acted on before it is known that nothing
    is under way, or the same work begins twice.
    """

    view: ChainView | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed.

    ``paused_s``: for how long the machine has been its owner's without a break, seconds.
    """

    paused_s: int = 0


Event: TypeAlias = (
    ChainSeen
    | CheckPassed
    | CheckFailed
    | SlotGranted
    | SlotWithdrawn
    | OutputSealed
    | OutputUnsound
    | Rechecked
    | ActionDone
    | ActionFailed
    | Restarted
    | Tick
)
