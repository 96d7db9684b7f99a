"""A model as a list of operators: what traces list and referees judge, whatever file it came from.

Place: L2, pure. ``onnx_graph`` builds it; ``trace``, ``pointing`` and ``tail`` read it. A *row* of
a trace is one operator output: operators in graph order, an operator's outputs in their order,
omitted outputs left out. Never: I/O, except that a weight is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import Array

Attribute: TypeAlias = (
    "int | float | str | Array | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | None"
)


@dataclass(frozen=True, slots=True)
class ValueInfo:
    """A graph input or output as the file declares it.

    Attributes:
        dtype: numpy name such as ``float32``, or ``unknown``.
        shape: sizes and names of symbolic sizes; None if the file does not say.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None


@dataclass(frozen=True, slots=True)
class Weight:
    """A constant tensor of the model, read when :meth:`load` is called.

    Attributes:
        dtype: numpy dtype of the tensor.
        shape: of the tensor.
        load: returns the tensor, read-only; the same bits every time.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    load: Callable[[], Array]


@dataclass(frozen=True, slots=True)
class Operator:
    """One node of the graph.

    Attributes:
        index: position in graph order.
        op_type: name of the operator; ``domain`` is "" for the default ONNX domain.
        inputs: names; "" is an omitted optional input.
        outputs: names; "" is an omitted optional output.
        attributes: by name; an attribute of a kind that no rule reads is None.
        has_subgraph: it holds a graph of its own (control flow).
    """

    index: int
    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    domain: str = ""
    name: str = ""
    has_subgraph: bool = False

    def int_of(self, name: str, default: int) -> int:
        """Return an integer attribute, or its default."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default

    def float_of(self, name: str, default: float) -> float:
        """Return a real attribute (a binary32 value), or its default."""
        value = self.attributes.get(name)
        return float(value) if isinstance(value, int | float) else default

    def text_of(self, name: str, default: str) -> str:
        """Return a text attribute, or its default."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else default

    def ints_of(self, name: str) -> tuple[int, ...] | None:
        """Return an attribute that lists integers, or None."""
        value = self.attributes.get(name)
        if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
            return tuple(int(item) for item in value)
        return None

    def describe(self) -> str:
        """Return the operator for people, such as ``Conv #12 (conv1)``."""
        return f"{self.op_type} #{self.index}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True, slots=True)
class RowSource:
    """The operator and the position among its outputs that a trace row stands for."""

    operator: Operator
    output: int

    @property
    def name(self) -> str:
        """Name of the value."""
        return self.operator.outputs[self.output]


@dataclass(frozen=True)
class Graph:
    """A model's computation; build it with ``onnx_graph.read_graph``.

    Attributes:
        opset: version of the default ONNX domain.
        inputs: what a job supplies, in order (weights are left out).
        outputs: what the model gives, in order.
        operators: in execution order; every input is defined before it is used.
        weights: constant tensors by name.
        faults: full sentences on what the file holds beyond such a list; empty if nothing.
    """

    opset: int
    inputs: tuple[ValueInfo, ...]
    outputs: tuple[ValueInfo, ...]
    operators: tuple[Operator, ...]
    weights: Mapping[str, Weight]
    faults: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> tuple[RowSource, ...]:
        """What every trace row stands for, by row index."""
        return tuple(
            RowSource(operator, position)
            for operator in self.operators
            for position, name in enumerate(operator.outputs)
            if name
        )

    @cached_property
    def row_by_name(self) -> Mapping[str, int]:
        """Row index of every value that an operator gives."""
        return {source.name: row for row, source in enumerate(self.rows)}

    def row_of(self, name: str) -> int:
        """Return the row index of a value.

        Raises:
            SpecError: no operator gives it.
        """
        row = self.row_by_name.get(name)
        if row is None:
            raise SpecError(f"No operator of the model gives a value named {name[:80]!r}.")
        return row

    def is_source(self, name: str) -> bool:
        """Tell whether a value is a weight or an input of the job, so that no row holds it."""
        return name in self.weights or any(value.name == name for value in self.inputs)

    def consumers(self, name: str) -> Iterator[Operator]:
        """Yield the operators that read a value."""
        return (operator for operator in self.operators if name in operator.inputs)
