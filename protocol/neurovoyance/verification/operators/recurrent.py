"""Recurrent layers: LSTM, GRU, RNN with their default activations.

Place: L2, a family of rules. Each step is computed in binary64 *from the claimed state before it*
if the operator gives all states (output Y), so that errors do not pile up; the cell of an LSTM,
which is not listed, and all states where Y is omitted, carry a first-order error from step to step.
Errors meet as independent ones do (root of the sum of squares), as in the bound of a long sum;
worst-case sums would grow past any use within ten steps. A layer whose error grows beyond
``MAX_ERROR`` cannot be judged. Never: states that depend on per-sequence lengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.activation import sigmoid
from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Expected,
    Rule,
    need_float,
    unit,
    unjudgeable,
    wide,
    within,
)

MAX_ERROR: Final = 2.0**-7
"""Largest error of a state (states lie within -1 and 1, cells near them) that is still a bound."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A tensor in binary64 and the largest error an honest engine makes in it."""

    value: F64
    error: F64

    def times(self, other: Bounded, u: float) -> Bounded:
        """Return the product, rounded once."""
        value = self.value * other.value
        error = np.hypot(np.abs(self.value) * other.error, np.abs(other.value) * self.error)
        return Bounded(value, error + self.error * other.error + 2.0 * u * np.abs(value))

    def plus(self, other: Bounded, u: float) -> Bounded:
        """Return the sum, rounded once or folded into a fused operation."""
        size = np.abs(self.value) + np.abs(other.value)
        return Bounded(self.value + other.value, np.hypot(self.error, other.error) + 2.0 * u * size)

    def sigmoid(self, u: float) -> Bounded:
        """Return the logistic function; the slope is that in place, and what curvature adds."""
        value = sigmoid(self.value)
        slope = np.minimum(0.25, value * (1.0 - value) + 0.1 * self.error)
        return Bounded(value, slope * self.error + u * (8.0 * value + 8.0))

    def tanh(self, u: float) -> Bounded:
        """Return the hyperbolic tangent; the slope is that in place, and what curvature adds."""
        value = np.tanh(self.value)
        slope = np.minimum(1.0, 1.0 - value * value + self.error)
        return Bounded(value, slope * self.error + 32.0 * u * np.abs(value))

    def relu(self, u: float) -> Bounded:  # noqa: ARG002 - all activations are called alike
        """Return the positive part."""
        return Bounded(np.maximum(self.value, 0.0), self.error)


@dataclass(frozen=True, slots=True)
class Gates:
    """The weights of one direction: input (G*H, I), recurrent (G*H, H) and their two biases."""

    w: F64
    r: F64
    wb: F64
    rb: F64
    u: float

    def parts(self, gate: int, hidden: int) -> Gates:
        """Return the weights of one gate."""
        cut = slice(gate * hidden, (gate + 1) * hidden)
        return Gates(self.w[cut], self.r[cut], self.wb[cut], self.rb[cut], self.u)

    def input_sum(self, x: F64) -> Bounded:
        """Return ``x W^T + Wb``."""
        return self._sum(Bounded(x, np.zeros_like(x)), self.w, self.wb)

    def state_sum(self, h: Bounded) -> Bounded:
        """Return ``h R^T + Rb``."""
        return self._sum(h, self.r, self.rb)

    def _sum(self, x: Bounded, weight: F64, bias: F64) -> Bounded:
        size = np.abs(x.value) @ np.abs(weight).T + np.abs(bias)
        rounding = 8.0 * math.sqrt(weight.shape[1] + 1) * self.u
        carried = np.sqrt(np.square(x.error) @ np.square(weight).T)
        return Bounded(x.value @ weight.T + bias, carried + rounding * size)

    def both(self, x: F64, h: Bounded) -> Bounded:
        """Return the whole argument of a gate's activation."""
        left, right = self.input_sum(x), self.state_sum(h)
        # One sum of length I + H: its rounding is counted over the joint magnitude.
        return left.plus(right, 4.0 * self.u)


State = tuple[Bounded, Bounded]
Step = Callable[[Gates, F64, State, int], State]


def _lstm_step(gates: Gates, x: F64, state: State, hidden: int) -> State:
    u, (h, c) = gates.u, state
    i, o, f = (gates.parts(at, hidden).both(x, h).sigmoid(u) for at in range(3))
    g = gates.parts(3, hidden).both(x, h).tanh(u)
    cell = f.times(c, u).plus(i.times(g, u), u)
    return o.times(cell.tanh(u), u), cell


def _gru_step(gates: Gates, x: F64, state: State, hidden: int, is_linear: bool) -> State:
    u, (h, c) = gates.u, state
    z, r = (gates.parts(at, hidden).both(x, h).sigmoid(u) for at in range(2))
    last = gates.parts(2, hidden)
    inner = r.times(last.state_sum(h), u) if is_linear else last.state_sum(r.times(h, u))
    n = last.input_sum(x).plus(inner, 4.0 * u).tanh(u)
    rest = Bounded(1.0 - z.value, z.error + u)
    return rest.times(n, u).plus(z.times(h, u), u), c


def _evaluate(case: Case, gate_count: int, step: Step, *, has_cell: bool) -> list[Expected]:
    data, operator = need_float(case), case.operator
    if operator.attributes.get("clip") is not None or operator.int_of("input_forget", 0):
        raise unjudgeable("a recurrent layer that clips or couples its gates has no rule")
    is_batch_first = bool(operator.int_of("layout", 0))
    x = wide(data).swapaxes(0, 1) if is_batch_first else wide(data)
    lengths = case.ints(4)
    if lengths is not None and any(length != x.shape[0] for length in lengths):
        raise unjudgeable("a recurrent layer with sequences of several lengths has no rule")
    claimed = case.claimed[0] if case.claimed else None
    claims = _claims(case, claimed, x)
    results = [_run(case, at, x, claims, gate_count, step) for at in range(case.need(1).shape[0])]
    every = _join([states for states, _ in results], axis=1)
    last = _join([end[0] for _, end in results], axis=0)
    cell = _join([end[1] for _, end in results], axis=0)
    if is_batch_first:
        every = _moved(every, (2, 0, 1, 3))
        last, cell = _moved(last, (1, 0, 2)), _moved(cell, (1, 0, 2))
    outputs = [every, last, cell] if has_cell else [every, last]
    expected = [within(one.value, one.error, data.dtype)[0] for one in outputs]
    return [
        replace(one, doubt=bounded.error > MAX_ERROR)
        for one, bounded in zip(expected, outputs, strict=True)
    ]


def _claims(case: Case, claimed: Array | None, x: F64) -> F64 | None:
    """Return the claimed states (T, D, B, H), or None if they are not given in this shape."""
    if claimed is None or claimed.dtype != case.need(0).dtype or claimed.ndim != 4:
        return None
    states = wide(claimed)
    if case.operator.int_of("layout", 0):
        states = states.transpose(1, 2, 0, 3)
    directions, _, hidden = case.need(2).shape
    return states if states.shape == (x.shape[0], directions, x.shape[1], hidden) else None


def _run(
    case: Case, at: int, x: F64, claims: F64 | None, gate_count: int, step: Step
) -> tuple[Bounded, State]:
    """Return all states (T, B, H) of one direction and the last state."""
    w, r, bias = wide(case.need(1))[at], wide(case.need(2))[at], case.get(3)
    hidden, width = r.shape[1], gate_count * r.shape[1]
    both = np.zeros(2 * width) if bias is None else wide(bias)[at]
    gates = Gates(w, r, both[:width], both[width:], unit(case.need(0).dtype))
    shape = (x.shape[1], hidden)
    state = (_start(case, 5, at, shape), _start(case, 6, at, shape))
    order = range(x.shape[0])
    if case.operator.text_of("direction", "forward") == "reverse" or at == 1:
        order = range(x.shape[0] - 1, -1, -1)
    values, errors = np.zeros((x.shape[0], *shape)), np.zeros((x.shape[0], *shape))
    for now in order:
        state = step(gates, x[now], state, hidden)
        values[now], errors[now] = state[0].value, state[0].error
        end = state
        if claims is not None:
            state = (Bounded(claims[now, at], np.zeros(shape)), state[1])
    if claims is not None and x.shape[0]:
        # The last state is a copy of a listed one.
        end = (state[0], end[1])
    return Bounded(values, errors), end


def _start(case: Case, position: int, at: int, shape: tuple[int, int]) -> Bounded:
    given = case.get(position)
    if given is None:
        return Bounded(np.zeros(shape), np.zeros(shape))
    state = wide(given)[:, at] if case.operator.int_of("layout", 0) else wide(given)[at]
    return Bounded(state.reshape(shape), np.zeros(shape))


def _join(parts: list[Bounded], axis: int) -> Bounded:
    return Bounded(
        np.stack([part.value for part in parts], axis),
        np.stack([part.error for part in parts], axis),
    )


def _moved(one: Bounded, axes: tuple[int, ...]) -> Bounded:
    return Bounded(one.value.transpose(axes), one.error.transpose(axes))


def _need_activations(case: Case, usual: tuple[str, ...]) -> None:
    given = case.operator.attributes.get("activations")
    if given is None:
        return
    names = tuple(str(name).lower() for name in given) if isinstance(given, tuple) else ()
    if names != usual * (len(names) // len(usual)) or not names:
        raise unjudgeable("a recurrent layer with other activations than the usual has no rule")


def _lstm(case: Case) -> list[Expected]:
    _need_activations(case, ("sigmoid", "tanh", "tanh"))
    if case.get(7) is not None and np.any(case.get(7)):
        raise unjudgeable("an LSTM with peepholes has no rule")
    return _evaluate(case, 4, _lstm_step, has_cell=True)


def _gru(case: Case) -> list[Expected]:
    _need_activations(case, ("sigmoid", "tanh"))
    is_linear = bool(case.operator.int_of("linear_before_reset", 0))

    def step(gates: Gates, x: F64, state: State, hidden: int) -> State:
        return _gru_step(gates, x, state, hidden, is_linear)

    return _evaluate(case, 3, step, has_cell=False)


def _rnn(case: Case) -> list[Expected]:
    given = case.operator.attributes.get("activations")
    is_relu = isinstance(given, tuple) and bool(given) and str(given[0]).lower() == "relu"
    _need_activations(case, ("relu",) if is_relu else ("tanh",))

    def step(gates: Gates, x: F64, state: State, hidden: int) -> State:
        total = gates.parts(0, hidden).both(x, state[0])
        return (total.relu(gates.u) if is_relu else total.tanh(gates.u)), state[1]

    return _evaluate(case, 1, step, has_cell=False)


_BOUND: Final = (
    "first-order error of each step from the claimed state before it: gate sums 8 sqrt(k + 1) u "
    "of magnitudes, sigmoid 4 ulp + 8 u, tanh 16 ulp, products and sums 2 u, met as independent; "
)
RULES: Final[dict[str, Rule]] = {
    "LSTM": Rule("composite", _BOUND + "the cell's error is carried on", _lstm),
    "GRU": Rule("composite", _BOUND + "carried on if Y is omitted", _gru),
    "RNN": Rule("composite", _BOUND + "carried on if Y is omitted", _rnn),
}
