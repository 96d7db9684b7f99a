"""Convolutions against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.verification.engine import (
    Case,
    Draw,
    assert_caught,
    assert_honest,
    names_of,
)

D = Draw()
f, ints = D.f, D.ints
X = D.wide()

CASES = [
    *(
        Case("Conv", [f(2, 6, 11, 13), f(8, 6, 3, 3), f(8)], 17, more)
        for more in (
            {},
            {"pads": [1, 1, 1, 1]},
            {"strides": [2, 2], "pads": [1, 0, 1, 1]},
            {"dilations": [2, 2]},
            {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
            {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
            {"auto_pad": "VALID"},
        )
    ),
    Case("Conv", [f(2, 6, 11, 13), f(6, 1, 3, 3), f(6)], 17, {"group": 6}),
    Case("Conv", [f(2, 6, 11, 13), f(9, 2, 3, 3)], 17, {"group": 3}),
    Case("Conv", [f(2, 6, 50), f(8, 6, 5)], 17, {"pads": [2, 2]}),
    Case("Conv", [f(1, 3, 6, 7, 8), f(4, 3, 2, 3, 3)]),
    Case("Conv", [f(1, 64, 20, 20), f(64, 64, 3, 3)], 17, {"pads": [1, 1, 1, 1]}),
    Case("Conv", [f(1, 64, 20, 20), f(64, 64, 1, 1)]),
    *(
        Case("ConvTranspose", [f(2, 6, 7, 8), f(6, 4, 3, 3), f(4)], 17, more)
        for more in (
            {},
            {"pads": [1, 1, 1, 1]},
            {"strides": [2, 2], "pads": [1, 0, 1, 1]},
            {"dilations": [2, 2]},
            {"strides": [2, 2], "output_padding": [1, 1]},
            {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
            {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
            {"strides": [3, 2], "output_shape": [22, 15]},
        )
    ),
    Case("ConvTranspose", [f(2, 6, 7, 8), f(6, 2, 3, 3)], 17, {"group": 3}),
    Case("ConvTranspose", [f(2, 6, 7), f(6, 4, 3)], 17, {"strides": [2]}),
    Case("ConvInteger", [D.bytes(1, 3, 6, 6), D.bytes(4, 3, 3, 3), np.array(7, np.uint8)]),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
