"""Whether the chain would accept what is wanted; if not, why, and what it would accept when.

Place: pure; ``drafting`` asks before anything is written or sent. The conditions are those of the
contracts, looked at for the earliest second in which the proposal could be executed. Never: a
refusal without the bounds and the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from neurovoyance.governance.intentions import (
    GuardianRenewal,
    Intention,
    ParameterChange,
    Payment,
    is_constitutional,
    is_standard_only,
)
from neurovoyance.governance.reading import ParameterReading
from neurovoyance.governance.timeline import GovernorTimes, PathStep, if_proposed, path_to
from neurovoyance.governance.values import format_money, format_value
from neurovoyance.protocol.errors import SpecError
from neurovoyance.tokenomics.governing import Refusal, check_change

CLASS_WORDS = {"S": "the Standard governor", "C": "the Constitutional governor"}


def pick_governor(
    intentions: Sequence[Intention], *, standard_left_wei: int, constitutional_left_wei: int
) -> bool:
    """Return whether the constitutional governor must decide; the standard one where it can.

    Args:
        intentions: what one proposal shall do.
        standard_left_wei, constitutional_left_wei: what each may still pay from the treasury.

    Raises:
        SpecError: no governor may do all of it, or the treasury may not pay so much.
    """
    guardian = [item for item in intentions if isinstance(item, GuardianRenewal)]
    if guardian and len(guardian) != len(intentions):
        raise SpecError(
            "A proposal about the guardian holds nothing else: the guardian cannot cancel it.",
            hint="Make two proposals.",
        )
    treasury_wei = sum(
        item.amount_wei
        for item in intentions
        if isinstance(item, Payment) and item.fund == "treasury"
    )
    if treasury_wei > max(standard_left_wei, constitutional_left_wei):
        raise SpecError(
            f"The treasury may pay {format_money(standard_left_wei)} by a Standard and "
            f"{format_money(constitutional_left_wei)} by a Constitutional vote now, not "
            f"{format_money(treasury_wei)}.",
            hint="Ask for less, or spread it: the limits count the last 30 days.",
            standard_left_wei=str(standard_left_wei),
            constitutional_left_wei=str(constitutional_left_wei),
        )
    needs_c = treasury_wei > standard_left_wei or any(map(is_constitutional, intentions))
    if needs_c and any(map(is_standard_only, intentions)):
        raise SpecError(
            "No governor may do all of this: a part needs the Constitutional governor, another "
            "part belongs to the Standard one alone.",
            hint="Make two proposals.",
        )
    return needs_c


def check_changes(
    intentions: Sequence[Intention],
    readings: Mapping[str, ParameterReading],
    times: GovernorTimes,
    now_s: int,
) -> None:
    """Refuse parameter changes that the contract would refuse when they could be executed.

    Raises:
        SpecError: the first one refused, with bounds, largest step and the earliest path.
    """
    execute_s = if_proposed(now_s, times).executable_s
    for item in intentions:
        if isinstance(item, ParameterChange):
            _check_one(item, readings[item.key], times, now_s, execute_s)


def _check_one(
    change: ParameterChange,
    reading: ParameterReading,
    times: GovernorTimes,
    now_s: int,
    execute_s: int,
) -> None:
    parameter = reading.parameter
    shown = format_value(reading.next_value, parameter.unit)
    if change.before is not None and change.before != reading.next_value:
        said = format_value(change.before, parameter.unit)
        raise SpecError(
            f"{change.key} is {shown}, not {said} as the sentence says.",
            hint="Look at `neurovoyance gov params` and write what is true now.",
            key=change.key,
        )
    if change.value == reading.next_value:
        raise SpecError(
            f"{change.key} is {shown} already.", hint="Nothing to propose.", key=change.key
        )
    refusal = check_change(
        change.key, reading.next_value, change.value, reading.last_set_s, execute_s
    )
    if refusal is not None:
        raise _refused(change, reading, refusal, times, now_s)


def _refused(
    change: ParameterChange,
    reading: ParameterReading,
    refusal: Refusal,
    times: GovernorTimes,
    now_s: int,
) -> SpecError:
    parameter, unit = reading.parameter, reading.parameter.unit
    target = min(max(change.value, parameter.min), parameter.max)
    path = path_to(
        parameter,
        reading.next_value,
        target,
        now_s=now_s,
        ready_at_s=reading.ready_at_s,
        times=times,
    )
    why = {
        "OutOfBounds": "it is outside its bounds, which no vote can move",
        "StepTooLarge": "it is more than one proposal may change",
        "CoolingDown": "the parameter rests until " + date_of(refusal.ready_at_s),
    }[refusal.reason]
    context: dict[str, Any] = {
        "key": change.key,
        "reason": refusal.reason,
        "now": str(reading.next_value),
        "min": str(parameter.min),
        "max": str(parameter.max),
        "step": str(parameter.step),
        "class": parameter.governor,
        "path": [_step_json(step) for step in path],
    }
    low, high = reading.range_of_one_step
    return SpecError(
        f"{change.key} cannot be set to {format_value(change.value, unit)}: {why}. It is "
        f"{format_value(reading.next_value, unit)}; bounds {format_value(parameter.min, unit)} to "
        f"{format_value(parameter.max, unit)}; one proposal reaches {format_value(low, unit)} to "
        f"{format_value(high, unit)} (class {parameter.governor}, "
        f"{CLASS_WORDS[parameter.governor]}).",
        hint=path_words(path, unit),
        **context,
    )


def path_words(path: Sequence[PathStep], unit: str) -> str:
    """Return the steps of a long change as one sentence with dates (UTC)."""
    if not path:
        return "It stands at that bound already."
    parts = [
        f"{number}. propose {format_value(step.value, unit)} on {date_of(step.propose_s)}, execute "
        f"from {date_of(step.execute_s)}, applies from {date_of(step.applies_s)}"
        for number, step in enumerate(path[:8], 1)
    ]
    more = f"; and {len(path) - 8} more" if len(path) > 8 else ""
    return f"Earliest path: {'; '.join(parts)}{more}."


def date_of(time_s: int) -> str:
    """Return a time as a date and minute in UTC."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _step_json(step: PathStep) -> dict[str, Any]:
    return {
        "value": str(step.value),
        "propose_s": step.propose_s,
        "execute_s": step.execute_s,
        "applies_s": step.applies_s,
    }
