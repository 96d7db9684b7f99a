"""Findings: what is compared, and hostile claims that must not raise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.unit.verification.engine import judge_single

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators.base import CannotJudge, Consistent, Inconsistent
from neurovoyance.verification.operators.judge import RULES, check, rule_of

F32 = np.float32


def operator(op_type: str, inputs: int = 2, outputs: int = 1, **attributes: int) -> Operator:
    names = tuple(f"in{at}" for at in range(inputs))
    return Operator(3, op_type, names, tuple(f"out{at}" for at in range(outputs)), attributes)


def test_the_worst_element_is_named() -> None:
    a, b = np.ones((2, 3), F32), np.ones((3, 4), F32)
    claimed = (a @ b).copy()
    claimed[1, 2] += F32(0.01)
    finding = check(operator("MatMul"), [a, b], [claimed], 17)
    assert isinstance(finding, Inconsistent)
    assert finding.index == (1, 2) and finding.ratio > 1000
    assert "MatMul #3" in finding.reason and "at [1, 2]" in finding.reason


@pytest.mark.parametrize(
    "claimed", [np.zeros(3, F32), np.zeros((2, 4), np.float64), np.zeros((4, 2), F32)]
)
def test_another_shape_or_dtype_is_inconsistent(claimed: Array) -> None:
    a, b = np.zeros((2, 3), F32), np.zeros((3, 4), F32)
    finding = check(operator("MatMul"), [a, b], [claimed], 17)
    assert isinstance(finding, Inconsistent) and math.isinf(finding.ratio)


def test_nothing_unknown_is_judged() -> None:
    one = np.ones(3, F32)
    assert isinstance(check(operator("NoSuchThing"), [one], [one], 17), CannotJudge)
    custom = Operator(0, "Relu", ("x",), ("y",), {}, "com.example")
    assert isinstance(check(custom, [one], [one], 17), CannotJudge)
    nested = Operator(0, "Relu", ("x",), ("y",), {}, "", "", has_subgraph=True)
    assert isinstance(check(nested, [one], [one], 17), CannotJudge)
    assert isinstance(check(operator("Relu", 1), [one], [one], 99), CannotJudge)


def test_nan_and_infinity_are_equal_to_themselves_alone() -> None:
    data = np.array([np.nan, np.inf, -np.inf, 1.0], F32)
    honest = np.array([np.nan, np.inf, 0.0, 1.0], F32)
    relu = operator("Relu", 1)
    assert isinstance(check(relu, [data], [honest], 17), Consistent)
    for at, wrong in ((0, 0.0), (1, 1.0), (3, np.nan)):
        claimed = honest.copy()
        claimed[at] = wrong
        assert isinstance(check(relu, [data], [claimed], 17), Inconsistent)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("op_type", ["MatMul", "Sigmoid", "Softmax"])
def test_a_claim_that_is_not_finite_is_inconsistent(op_type: str, wrong: float) -> None:
    a = np.ones((3, 3), F32)
    inputs = [a, a] if op_type == "MatMul" else [a]
    claimed = np.full((3, 3), wrong, F32)
    assert isinstance(check(operator(op_type, len(inputs)), inputs, [claimed], 17), Inconsistent)


def test_overflow_to_infinity_is_honest() -> None:
    big = np.full((1, 4), 3e38, F32)
    finding = check(operator("MatMul"), [big, big.T], [np.array([[np.inf]], F32)], 17)
    assert isinstance(finding, Consistent)
    finding = check(operator("MatMul"), [big, big.T], [np.array([[-np.inf]], F32)], 17)
    assert isinstance(finding, Inconsistent)


def test_the_sign_of_zero_counts_only_where_bits_are_moved() -> None:
    minus, plus = np.array([-0.0], F32), np.array([0.0], F32)
    assert isinstance(check(operator("Relu", 1), [minus], [plus], 17), Consistent)
    assert isinstance(check(operator("Identity", 1), [minus], [plus], 17), Inconsistent)


tensors = hnp.arrays(
    st.sampled_from([np.dtype(t) for t in ("f4", "f2", "i8", "i4", "u1", "?")]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)


@given(
    st.sampled_from(sorted(RULES)),
    st.lists(tensors, max_size=5),
    st.lists(tensors, min_size=1, max_size=3),
    st.integers(7, 21),
    st.dictionaries(
        st.sampled_from(["axis", "keepdims", "to", "group", "blocksize", "hidden_size", "k"]),
        st.integers(-(2**40), 2**40),
        max_size=3,
    ),
)
def test_no_claim_raises(
    op_type: str, inputs: list[Array], claimed: list[Array], opset: int, more: dict[str, int]
) -> None:
    given_operator = operator(op_type, len(inputs), len(claimed), **more)
    finding = check(given_operator, inputs, claimed, opset)
    assert isinstance(finding, Consistent | Inconsistent | CannotJudge)


@given(st.integers(1, 9), st.integers(1, 200), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_products_of_any_shape_are_consistent(
    rows: int, length: int, columns: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    a = (random.normal(size=(rows, length)) * 10 ** random.uniform(-6, 6)).astype(F32)
    b = random.normal(size=(length, columns)).astype(F32)
    assert isinstance(judge_single("MatMul", [a, b]), Consistent)


def test_every_rule_states_its_bound_and_first_opset() -> None:
    for name, rule in RULES.items():
        assert rule.bound and 7 <= rule.since <= 21, name
        assert rule_of(Operator(0, name, (), ("y",)), 21) is rule
