"""Recurrent layers against the engine; long sequences, omitted outputs, hostile states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.verification.engine import Case, Draw, assert_honest, names_of, run_single

from neurovoyance.verification.operators.base import CannotJudge, Consistent, Inconsistent
from neurovoyance.verification.operators.judge import check

D = Draw()
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def layer(
    op_type: str,
    outputs: list[str],
    direction: str = "forward",
    length: int = 12,
    scale: float = 0.3,
    **more: Any,
) -> Case:
    count, size = (2 if direction == "bidirectional" else 1), GATES[op_type] * 16
    inputs = [
        D.f(length, 3, 10),
        D.f(count, size, 10, scale=scale),
        D.f(count, size, 16, scale=scale),
        D.f(count, 2 * size),
        None,
        D.f(count, 3, 16),
    ]
    settings = {"hidden_size": 16, "direction": direction, "outputs": outputs, **more}
    return Case(op_type, inputs, 14, settings)


CASES = [
    layer(op_type, outputs, direction)
    for op_type in GATES
    for direction in ("forward", "reverse", "bidirectional")
    for outputs in (["y", "h"], ["y"], ["", "h"])
] + [
    layer("LSTM", ["y", "h", "c"], "bidirectional"),
    layer("LSTM", ["", "", "c"]),
    layer("GRU", ["y", "h"], linear_before_reset=1),
    layer("RNN", ["y", "h"], activations=["Relu"], scale=0.1),
    layer("LSTM", ["y"], length=150, scale=0.6),
    layer("GRU", ["y"], length=150, scale=0.6),
    layer("LSTM", ["", "h"], length=150, scale=0.2),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_a_moved_state_is_not(case: Case) -> None:
    operator, outputs = run_single(case.op_type, case.inputs, case.opset, **case.more)
    for position, tensor in enumerate(outputs):
        if tensor is None:
            continue
        for change in (lambda x: x * np.float32(1.001), np.zeros_like):
            claimed = list(outputs)
            claimed[position] = change(tensor)
            assert isinstance(check(operator, case.inputs, claimed, 14), Inconsistent), position


def test_wild_states_do_not_escape_a_judgement() -> None:
    case = layer("GRU", ["y", "h"], length=30)
    operator, outputs = run_single(case.op_type, case.inputs, 14, **case.more)
    for wild in (1e30, np.nan, np.inf):
        states = outputs[0]
        assert states is not None
        claimed = states.copy()
        claimed[7:] = wild
        finding = check(operator, case.inputs, [claimed, outputs[1]], 14)
        assert isinstance(finding, Inconsistent)
    turned = np.swapaxes(states, 0, 3).copy()
    assert isinstance(check(operator, case.inputs, [turned, outputs[1]], 14), Inconsistent)


def test_a_layer_that_amplifies_rounding_cannot_be_judged_without_its_states() -> None:
    case = layer("RNN", ["", "h"], length=80, scale=1.5)
    operator, outputs = run_single(case.op_type, case.inputs, 14, **case.more)
    assert isinstance(check(operator, case.inputs, outputs, 14), CannotJudge)
    listed = {**case.more, "outputs": ["y", "h"]}
    operator, outputs = run_single(case.op_type, case.inputs, 14, **listed)
    assert isinstance(check(operator, case.inputs, outputs, 14), Consistent)


@pytest.mark.parametrize("more", [{"clip": 1.0}, {"activations": ["Relu", "Tanh", "Tanh"]}])
def test_settings_without_a_rule_say_so(more: dict[str, Any]) -> None:
    case = layer("LSTM", ["y"], **more)
    operator, outputs = run_single(case.op_type, case.inputs, 14, **case.more)
    assert isinstance(check(operator, case.inputs, outputs, 14), CannotJudge)
