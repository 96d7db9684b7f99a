"""An operator of an honest run is judged right, called wrong, or covered by no rule."""

from __future__ import annotations

import numpy as np

from neurovoyance.node.calibration.survey_child import judge_operator
from neurovoyance.verification.graph import Operator

X = np.array([[1.0, -2.0]], np.float32)


def test_a_right_operator_has_neither_fault_nor_doubt() -> None:
    relu = Operator(0, "Relu", ("x",), ("y",))
    assert judge_operator(relu, [X], [np.maximum(X, 0)], 17) == ("", "")


def test_a_rule_that_an_honest_engine_breaks_is_a_fault() -> None:
    relu = Operator(0, "Relu", ("x",), ("y",))
    fault, doubt = judge_operator(relu, [X], [X], 17)
    assert fault.startswith("An honest run would be called wrong: Output 0 of Relu #0 is -2.0")
    assert doubt == ""


def test_settings_that_no_rule_covers_are_a_fault() -> None:
    odd = Operator(3, "Resize", ("x", "", "s"), ("y",), {"mode": "cubic"}, name="up")
    image = np.ones((1, 1, 2, 2), np.float32)
    scales = np.array([1, 1, 2, 2], np.float32)
    output = np.ones((1, 1, 4, 4), np.float32)
    fault, _ = judge_operator(odd, [image, None, scales], [output], 17)
    assert fault.startswith("No rule covers Resize #3 (up) as it is used here:")
