"""One execution as a pure state machine: (execution, event, time) -> (execution, instructions).

Place: the centre of the node; ``agent`` obeys the instructions and reports back as events. All
time is chain time in unix seconds. The phase is derived from two things only, what the chain says
and what was answered here, so an event undone by a reorganisation needs no special path: a new
:class:`ChainSeen` says where the job stands now. Instructions are level-triggered: whatever the
phase wants and is not under way is asked for, so a restart asks again with the same keys.
Never: I/O, a clock of its own, or an event that answers something which was not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from neurovoyance.node.execution_values import (
    SENDS,
    Action,
    ActionDone,
    ActionFailed,
    ChainSeen,
    ChainView,
    CheckFailed,
    CheckPassed,
    Event,
    Execution,
    Instruction,
    Margins,
    Outcome,
    OutputSealed,
    OutputUnsound,
    Phase,
    Rechecked,
    Restarted,
    SlotGranted,
    SlotWithdrawn,
    Tick,
)
from neurovoyance.node.execution_wants import key_of, wanted_of
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.lifecycle import JobState, effective_state

_DOUBLINGS_MAX = 3
Step: TypeAlias = tuple[Execution, tuple[Instruction, ...]]

_OUTCOMES = {
    JobState.SETTLED: Outcome.SETTLED,
    JobState.INVALID: Outcome.INVALID,
    JobState.REJECTED: Outcome.REJECTED,
    JobState.CANCELLED: Outcome.CANCELLED,
    JobState.UNMATCHED: Outcome.UNMATCHED,
    JobState.PROVIDER_COMMIT_TIMEOUT: Outcome.COMMIT_TIMEOUT,
    JobState.PROVIDER_REVEAL_TIMEOUT: Outcome.REVEAL_TIMEOUT,
    JobState.PROVIDER_ANSWER_TIMEOUT: Outcome.ANSWER_TIMEOUT,
    JobState.PROVIDER_TRACE_TIMEOUT: Outcome.TRACE_TIMEOUT,
    JobState.AUDITOR_TIMEOUT: Outcome.AUDITOR_TIMEOUT,
    JobState.REFEREE_TIMEOUT: Outcome.REFEREE_TIMEOUT,
}
_OVERDUE = frozenset(
    {
        JobState.PROVIDER_COMMIT_TIMEOUT,
        JobState.PROVIDER_REVEAL_TIMEOUT,
        JobState.PROVIDER_ANSWER_TIMEOUT,
        JobState.AUDITOR_TIMEOUT,
        JobState.REFEREE_TIMEOUT,
    }
)
_PHASES = {
    JobState.DRAWN: Phase.SELECTED,
    JobState.REVEALED: Phase.REVEALED,
    JobState.DISPUTED: Phase.DISPUTED,
    JobState.ACCEPTED: Phase.ACCEPTED,
}


class ForbiddenEvent(InternalError):
    """An event does not fit the execution; it was refused and changed nothing."""

    code = "internal.forbidden_event"


def begin(
    job_id: JobId, max_runtime_s: int, view: ChainView, time_s: int, margins: Margins | None = None
) -> Step:
    """Return a new execution for a job just seen, and the first instructions."""
    return step(Execution(job_id, max_runtime_s, view), ChainSeen(view), time_s, margins)


def step(execution: Execution, event: Event, time_s: int, margins: Margins | None = None) -> Step:
    """Return the execution after an event, and what is to be done now.

    Raises:
        ForbiddenEvent: the event answers nothing that was asked, or grants a slot to an execution
            that does not wait for one; the execution given stays valid and unchanged.
    """
    margins = margins or Margins()
    changed = _applied(execution, event, time_s, margins)
    changed = _with_phase(changed, phase_of(changed, time_s, margins))
    wish = wanted_of(changed, time_s, margins)
    if isinstance(event, ActionDone) and wish and wish[0] is event.action:
        # The effect does not show yet (a lagging endpoint): wait rather than ask in a loop.
        changed = replace(changed, not_before_s=time_s + margins.retry_s)
    instructions = tuple(_instructions(changed, time_s, margins))
    asked = frozenset(instruction.action for instruction in instructions)
    return replace(changed, pending=changed.pending | asked), instructions


def effective(view: ChainView, time_s: int) -> JobState:
    """Return the state of the job at a moment, time-outs counted in."""
    return effective_state(view.stored, view.deadline_s, time_s)


def phase_of(execution: Execution, time_s: int, margins: Margins) -> Phase:
    """Return the phase that chain view, answers and time imply."""
    view = execution.view
    if view.stored is JobState.NONE:
        return Phase.ENDED
    state = effective(view, time_s)
    if state is JobState.OPEN:
        return _phase_while_open(execution, view, time_s, margins)
    if not view.is_ours or view.stored in _OUTCOMES:
        return Phase.ENDED
    if state in _OVERDUE:
        return Phase.OVERDUE
    if state is JobState.ASSIGNED:
        return _phase_while_assigned(execution, view, time_s, margins)
    if state is JobState.COMMITTED:
        return Phase.COMMITTED if view.round else Phase.DRAWN
    if state is JobState.AUDITED:
        has_failed = view.audit is not None and view.audit.contest_deadline_s > 0
        return Phase.FAILED if has_failed else Phase.AUDITED
    return _PHASES[state]


def _phase_while_open(
    execution: Execution, view: ChainView, time_s: int, margins: Margins
) -> Phase:
    if Action.ACCEPT in execution.pending:
        return Phase.ACCEPTING
    if execution.refusal or time_s + margins.accept_s > view.deadline_s:
        return Phase.ENDED
    if execution.terms is None:
        return Phase.SEEN
    return Phase.ACCEPTING if execution.has_slot else Phase.HELD


def _phase_while_assigned(
    execution: Execution, view: ChainView, time_s: int, margins: Margins
) -> Phase:
    if execution.commitment is not None:
        return Phase.SEALED
    if execution.is_unsound:
        return Phase.UNSOUND
    is_late = time_s + margins.commit_s >= view.deadline_s
    is_hopeless = execution.run_failures >= margins.run_attempts
    is_lost = is_late or is_hopeless or execution.has_yielded
    return Phase.STRANDED if is_lost else Phase.RUNNING


def _must_yield(execution: Execution, paused_s: int, time_s: int, margins: Margins) -> bool:
    """Tell whether a job is to be handed back for the sake of the machine's owner.

    Once the longest run would not fit any more nothing is sure, and the client can still hire
    another. A short visit of the owner costs no work: one of a quarter of the longest run may.
    """
    if execution.phase is not Phase.RUNNING or 4 * paused_s < execution.max_runtime_s:
        return False
    needed_s = execution.max_runtime_s + margins.commit_s
    return paused_s > 0 and time_s + needed_s >= execution.view.deadline_s


def _outcome_of(execution: Execution) -> Outcome:
    view = execution.view
    if view.stored is JobState.NONE:
        return Outcome.VANISHED
    if view.stored is JobState.OPEN:
        return Outcome.DECLINED if execution.refusal else Outcome.UNMATCHED
    if not view.is_ours and view.stored not in (JobState.CANCELLED, JobState.UNMATCHED):
        return Outcome.DECLINED if execution.refusal else Outcome.LOST
    if view.is_ours and view.stored is JobState.CANCELLED:
        return Outcome.HANDED_BACK
    return _OUTCOMES[view.stored]


def _with_phase(execution: Execution, phase: Phase) -> Execution:
    if phase is Phase.ENDED:
        return replace(execution, phase=phase, outcome=_outcome_of(execution), has_slot=False)
    if execution.phase is Phase.ENDED:
        # A reorganisation undid the end. What was released has to be checked and held again; an
        # acceptance still under way keeps the terms that it names.
        terms = execution.terms if Action.ACCEPT in execution.pending else None
        execution = replace(execution, outcome=None, terms=terms, is_released=False)
        phase = Phase.SEEN if phase in (Phase.HELD, Phase.ACCEPTING) else phase
    keeps_slot = phase in (Phase.ACCEPTING, Phase.RUNNING)
    return replace(execution, phase=phase, has_slot=execution.has_slot and keeps_slot)


def _applied(execution: Execution, event: Event, time_s: int, margins: Margins) -> Execution:
    match event:
        case Tick(paused_s):
            has_yielded = execution.has_yielded or _must_yield(execution, paused_s, time_s, margins)
            return replace(execution, has_yielded=has_yielded)
        case Restarted(latest):
            changed = replace(execution, view=latest or execution.view)
            return replace(changed, pending=frozenset(), has_slot=False, not_before_s=0)
        case ChainSeen(view):
            return replace(execution, view=view)
        case SlotGranted():
            _require(execution.phase is Phase.HELD, execution, event)
            return replace(execution, has_slot=True)
        case SlotWithdrawn():
            is_free = Action.ACCEPT not in execution.pending
            _require(execution.phase is Phase.ACCEPTING and is_free, execution, event)
            return replace(execution, has_slot=False)
        case CheckPassed(terms):
            return replace(_answered(execution, Action.CHECK, event), terms=terms)
        case CheckFailed(refusal):
            return replace(_answered(execution, Action.CHECK, event), refusal=refusal)
        case OutputSealed(commitment):
            known = execution.commitment
            _require(known in (None, commitment) and not execution.is_unsound, execution, event)
            return replace(_answered(execution, Action.RUN, event), commitment=commitment)
        case OutputUnsound():
            _require(execution.commitment is None, execution, event)
            return replace(_answered(execution, Action.RUN, event), is_unsound=True)
        case Rechecked(stands):
            return replace(_answered(execution, Action.RECHECK, event), stands=stands)
        case ActionDone(action, view):
            changed = _answered(execution, action, event)
            if action is Action.RELEASE:
                changed = replace(changed, is_released=True)
            if action in SENDS:
                changed = replace(changed, send_failures=0)
            return replace(changed, view=view or changed.view)
        case ActionFailed():
            return _failed(execution, event, time_s, margins)


def _failed(execution: Execution, event: ActionFailed, time_s: int, margins: Margins) -> Execution:
    changed = _answered(execution, event.action, event)
    wait_s = event.retry_s
    if wait_s is None:
        wait_s = margins.retry_s << min(changed.send_failures, _DOUBLINGS_MAX)
    changed = replace(changed, not_before_s=time_s + wait_s)
    if event.action in SENDS:
        changed = replace(changed, send_failures=changed.send_failures + 1)
    if event.is_key_used:
        changed = replace(changed, serial=changed.serial + 1)
    if event.action is Action.RUN and event.is_counted:
        failures = margins.run_attempts if event.is_hopeless else changed.run_failures + 1
        changed = replace(changed, run_failures=failures)
    if event.action is Action.RECHECK and event.is_counted:
        failures = margins.run_attempts if event.is_hopeless else changed.recheck_failures + 1
        changed = replace(changed, recheck_failures=failures)
    if event.action is Action.ACCEPT:
        changed = replace(changed, has_slot=False)
    return changed


def _answered(execution: Execution, action: Action, event: Event) -> Execution:
    _require(action in execution.pending, execution, event)
    return replace(execution, pending=execution.pending - {action})


def _require(is_allowed: bool, execution: Execution, event: Event) -> None:
    if not is_allowed:
        raise ForbiddenEvent(
            f"{type(event).__name__} does not fit an execution in phase {execution.phase.value}.",
            job_id=hex_of(execution.job_id),
            phase=execution.phase.value,
            pending=sorted(execution.pending),
        )


_WORK_PHASES = {
    Action.CHECK: Phase.SEEN,
    Action.RUN: Phase.RUNNING,
    Action.RECHECK: Phase.FAILED,
}


def _instructions(execution: Execution, time_s: int, margins: Margins) -> Iterator[Instruction]:
    pending = execution.pending
    stale = {work for work, phase in _WORK_PHASES.items() if execution.phase is not phase} & pending
    if stale and Action.CANCEL not in pending:
        yield Instruction(Action.CANCEL, key_of(execution, Action.CANCEL))
    wish = wanted_of(execution, time_s, margins)
    if wish is None or time_s < execution.not_before_s:
        return
    wanted, slot = wish
    # Sends of one job are made one at a time, and tidying up waits for work to have stopped.
    blockers = SENDS if wanted in SENDS else frozenset(_WORK_PHASES) | {Action.RELEASE}
    if blockers & pending:
        return
    finish_by_s = 0
    if wanted is Action.RUN:
        finish_by_s = execution.view.deadline_s - margins.commit_s
    elif wanted is Action.RECHECK and execution.view.audit:
        finish_by_s = execution.view.audit.contest_deadline_s - margins.contest_s
    yield Instruction(wanted, key_of(execution, wanted, slot), finish_by_s, slot)


def check_invariants(execution: Execution) -> None:
    """Raise InternalError if an execution contradicts itself; tests call it after each step."""
    pending = execution.pending
    rules = {
        "ended exactly with an outcome": (execution.phase is Phase.ENDED)
        == (execution.outcome is not None),
        "sealed or unsound, not both": not (execution.commitment and execution.is_unsound),
        "one send at a time": len(pending & SENDS) <= 1,
        "no acceptance without terms": Action.ACCEPT not in pending or execution.terms is not None,
        "no commitment sent before it is fixed": Action.COMMIT not in pending
        or execution.commitment is not None,
        "invalid declared only of an unsound output": Action.DECLARE_INVALID not in pending
        or execution.is_unsound,
        "contested only what stands": Action.CONTEST not in pending or execution.stands is True,
        "a slot only while accepting or running": not execution.has_slot
        or execution.phase in (Phase.ACCEPTING, Phase.RUNNING),
    }
    broken = [name for name, holds in rules.items() if not holds]
    if broken:
        raise InternalError(
            f"An execution broke its rules: {', '.join(broken)}.", job_id=hex_of(execution.job_id)
        )
