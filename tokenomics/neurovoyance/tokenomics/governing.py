"""Whether a change of a parameter would be accepted, and if not, why and what would be.

Place: pure; the twin of ``ProtocolParams`` and the governance tools use it, the tools to explain a
refusal before anything is sent. Values are integers in the parameter's unit, times unix seconds.
Never: read a chain, or decide who may propose.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.tokenomics.params import PARAMETERS, Parameter

COOLDOWN_S = {"S": 7 * 86_400, "C": 28 * 86_400}
"""Rest of a parameter between two changes, by its class."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why ``ProtocolParams.set`` would refuse.

    Attributes:
        reason: the condition of the Solidity error: UnknownKey, OutOfBounds, CoolingDown or
            StepTooLarge.
        values: the arguments of the error, in order; the key as text.
        lowest, highest: values that a change could have once ``ready_at_s`` has come.
        ready_at_s: when the parameter may move; zero means now.
        proposals: changes needed to reach the value, one a cool-down; zero if it never can be.
    """

    reason: str
    values: tuple[int | str, ...]
    lowest: int = 0
    highest: int = 0
    ready_at_s: int = 0
    proposals: int = 0


def cooldown_s(key: str) -> int:
    """Return the rest of a parameter between two changes.

    Raises:
        KeyError: no governor moves such a parameter.
    """
    return COOLDOWN_S[PARAMETERS[key].governor]


def reach(parameter: Parameter, current: int) -> tuple[int, int]:
    """Return the lowest and highest value that one change can lead to."""
    step = parameter.step
    return max(parameter.min, current - step), min(parameter.max, current + step)


def check_change(
    key: str, current: int, value: int, last_set_s: int | None, now_s: int
) -> Refusal | None:
    """Return why a change would be refused, in the order in which the contract looks, or None.

    Args:
        key: name as in ``params.json``.
        current: what was set last, even if it applies from the next epoch only.
        value: what is proposed.
        last_set_s: when the key was set last; None if never.
        now_s: when the change would be executed.
    """
    parameter = PARAMETERS.get(key)
    if parameter is None or not parameter.word:
        return Refusal("UnknownKey", (key,))
    lowest, highest = reach(parameter, current)
    ready_at_s = 0 if last_set_s is None else last_set_s + cooldown_s(key)
    if not parameter.min <= value <= parameter.max:
        bounds = (key, value, parameter.min, parameter.max)
        return Refusal("OutOfBounds", bounds, lowest, highest, ready_at_s)
    distance = abs(value - current)
    proposals = max(1, -(-distance // parameter.step))
    if now_s < ready_at_s:
        return Refusal("CoolingDown", (key, ready_at_s), lowest, highest, ready_at_s, proposals)
    if distance > parameter.step:
        step = (key, current, value, parameter.step)
        return Refusal("StepTooLarge", step, lowest, highest, 0, proposals)
    return None
