"""What an execution wants done next, and the key under which that is done once.

Place: pure, the second half of ``execution``: there a phase follows from chain and answers, here an
action follows from the phase. Never: I/O, or a change of the execution.
"""

from __future__ import annotations

from typing import TypeAlias

from neurovoyance.node.audit_slots import overdue, unanswered, unseated
from neurovoyance.node.execution_values import Action, ChainView, Execution, Margins, Phase
from neurovoyance.protocol.ids import hex_of

Wish: TypeAlias = tuple[Action, int]

_SLOTTED = frozenset({Action.SEAT, Action.ANSWER, Action.EXPIRE_SLOT})
_SEEDED = _SLOTTED | {
    Action.OPEN_AUDIT,
    Action.CONTEST,
    Action.CONCEDE,
    Action.EXPIRE_CONTEST,
    Action.REVEAL,
}


def wanted_of(execution: Execution, time_s: int, margins: Margins) -> Wish | None:
    """Return what the phase wants done, and for which audit slot; None for nothing."""
    if execution.phase is Phase.AUDITED:
        return _wanted_while_audited(execution, time_s)
    if execution.phase is Phase.FAILED:
        return _wanted_after_a_failed_audit(execution, time_s, margins), 0
    action = _wanted_action(execution)
    return None if action is None else (action, 0)


def _wanted_action(execution: Execution) -> Action | None:
    view = execution.view
    match execution.phase:
        case Phase.SEEN:
            return Action.CHECK
        case Phase.ACCEPTING:
            return Action.ACCEPT
        case Phase.RUNNING:
            return Action.RUN
        case Phase.SEALED:
            return Action.COMMIT
        case Phase.UNSOUND:
            return Action.DECLARE_INVALID
        case Phase.STRANDED:
            return Action.HAND_BACK
        case Phase.COMMITTED if view.is_round_over:
            return _wanted_draw(view)
        case Phase.SELECTED if view.seed0:
            return Action.OPEN_AUDIT
        case Phase.DRAWN if view.seed0:
            return Action.REVEAL
        case Phase.ACCEPTED:
            return Action.SETTLE
        case Phase.OVERDUE:
            return Action.EXPIRE
        case Phase.ENDED if view.is_ours and view.is_lock_open:
            return Action.CLOSE_LOCK
        case Phase.ENDED if not execution.is_released:
            return Action.RELEASE
        case _:
            return None


def _wanted_draw(view: ChainView) -> Action:
    """The call that may also reveal carries the result key in public; where an audit can be drawn
    the key has to stay secret until it is known that none will be.
    """
    if not view.is_audit_possible:
        return Action.DRAW_AND_REVEAL
    if view.foreseen is None:
        return Action.DRAW
    return Action.DRAW_AND_OPEN if view.foreseen else Action.DRAW_AND_REVEAL


def _wanted_while_audited(execution: Execution, time_s: int) -> Wish | None:
    """Answer first, since that is our duty; then move on what others left standing."""
    audit = execution.view.audit
    if audit is None or not execution.view.seed0:
        return None
    slots = {
        Action.ANSWER: unanswered(audit, time_s),
        Action.SEAT: unseated(audit),
        Action.EXPIRE_SLOT: overdue(audit, time_s),
    }
    return next(((action, slot) for action, slot in slots.items() if slot is not None), None)


def _wanted_after_a_failed_audit(execution: Execution, time_s: int, margins: Margins) -> Action:
    audit = execution.view.audit
    if audit is None or time_s > audit.contest_deadline_s:
        return Action.EXPIRE_CONTEST
    if execution.stands is not None:
        return Action.CONTEST if execution.stands else Action.CONCEDE
    is_late = time_s + margins.contest_s >= audit.contest_deadline_s
    # Without a check of our own there is no ground for a contest, which would cost a bond more.
    is_hopeless = execution.recheck_failures >= margins.run_attempts
    return Action.CONCEDE if is_late or is_hopeless else Action.RECHECK


def key_of(execution: Execution, action: Action, slot: int = 0) -> str:
    """Return the idempotency key of an action: one key, one transaction."""
    # Whatever the arguments of the call depend on is part of its key, so that a key always names
    # one transaction: a lapsed draw, a seed redrawn or terms changed by a new price list.
    view, terms = execution.view, execution.terms
    part = ""
    if action in (Action.DRAW, Action.DRAW_AND_REVEAL, Action.DRAW_AND_OPEN):
        part = f":{view.round}"
    elif action in _SEEDED and view.seed0:
        part = f":{view.seed0.hex()}"
    elif action is Action.ACCEPT and terms:
        part = f":{terms.price_wei}:{terms.lock_wei}"
    if action in _SLOTTED and view.audit:
        at = view.audit.slots[slot]
        part += f":{slot}:{at.round}:{at.phase.name.lower()}:{at.attempts}"
    return f"{hex_of(execution.job_id)}:{action.value}:{execution.serial}{part}"
