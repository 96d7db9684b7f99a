"""Call the operators of a torch program one after the other.

Place: in the child, under ``torch_session``, after ``torch_format`` has checked the program. Values
are dropped after their last use. Never: call what is not in ``torch_operators``, compile, or keep
a gradient.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import torch

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.torch_format import Program
from neurovoyance.node.runtime.torch_operators import GET_ITEM, NUMBER_OPERATORS, OUTPUT_AXIS

_NUMBERS: Final[dict[str, Callable[..., Any]]] = {
    name: getattr(operator, name.removeprefix("number.")) for name in NUMBER_OPERATORS
}


class ProgramModel:
    """A program with its weights, ready to run."""

    def __init__(self, program: Program, weights: Mapping[str, torch.Tensor]) -> None:
        self._program = program
        self._weights = weights
        self._calls = [_resolve(step.op) for step in program.steps]
        self.inputs = [value.spec for value in program.inputs]
        self.outputs = [value.spec for value in program.outputs]
        self.values = [value.spec for value in program.values]

    def weight_axes(self) -> dict[str, int]:
        """Return the axis of output channels of each weight, by the first operator taking it."""
        axes: dict[str, int] = {}
        for step in self._program.steps:
            for key in _names(step.args, "weight"):
                axes.setdefault(key, OUTPUT_AXIS.get(step.op, 0))
        return axes

    def __call__(
        self, feed: Mapping[str, torch.Tensor], wanted: Sequence[TensorSpec]
    ) -> list[torch.Tensor]:
        """Run on tensors by input name; return the wanted values."""
        program = self._program
        public = {v.spec.name: v.name for v in (*program.outputs, *program.values)}
        kept = {public[spec.name] for spec in wanted}
        last_use = self._last_use()
        values: dict[str, Any] = {v.name: feed[v.spec.name] for v in program.inputs}
        for position, (step, call) in enumerate(zip(program.steps, self._calls, strict=True)):
            args = [self._argument(item, values) for item in step.args]
            kwargs = {key: self._argument(item, values) for key, item in step.kwargs.items()}
            values[step.name] = call(*args, **kwargs)
            for name in last_use[position]:
                if name not in kept:
                    del values[name]
        return [values[public[spec.name]] for spec in wanted]

    def _argument(self, item: Any, values: Mapping[str, Any]) -> Any:
        if isinstance(item, list):
            return [self._argument(part, values) for part in item]
        if not isinstance(item, dict):
            return item
        ((kind, text),) = item.items()
        if kind == "value":
            return values[text]
        if kind == "weight":
            return self._weights[text]
        if kind == "dtype":
            return getattr(torch, text)
        return float(text) if kind == "float" else text

    def _last_use(self) -> list[set[str]]:
        """Return, for each step, the values that nothing later takes."""
        seen: set[str] = set()
        uses: list[set[str]] = []
        for step in reversed(self._program.steps):
            taken = {step.name, *_names([step.args, list(step.kwargs.values())], "value")}
            uses.append(taken - seen)
            seen |= taken
        return uses[::-1]


def _resolve(name: str) -> Callable[..., Any]:
    if name == GET_ITEM:
        return operator.getitem
    if name in _NUMBERS:
        return _NUMBERS[name]
    packet, overload = name.split(".")
    found: Callable[..., Any] = getattr(getattr(torch.ops.aten, packet), overload)
    return found


def _names(argument: Any, wanted: str) -> Iterator[str]:
    if isinstance(argument, list):
        for item in argument:
            yield from _names(item, wanted)
    elif isinstance(argument, dict) and wanted in argument:
        yield argument[wanted]
