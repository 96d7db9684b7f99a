"""Windows over spatial axes: how many there are, and what they see."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators.windows import windows_of


def op(**attributes: object) -> Operator:
    return Operator(0, "MaxPool", ("x",), ("y",), attributes)  # type: ignore[arg-type]


def test_views_show_every_window_once() -> None:
    data = np.arange(12.0).reshape(1, 1, 3, 4)
    windows = windows_of(op(strides=(1, 2)), (3, 4), (2, 2))
    assert windows.output == (2, 2)
    seen = np.stack([view[0, 0] for _, view in windows.views(windows.pad(data, 0.0))], axis=-1)
    assert seen[1, 1].tolist() == [6.0, 7.0, 10.0, 11.0]


def test_ceil_mode_drops_a_window_that_starts_in_the_padding() -> None:
    windows = windows_of(op(strides=(3,), ceil_mode=1, pads=(0, 1)), (6,), (2,))
    assert windows.output == (2,)
    windows = windows_of(op(strides=(2,), ceil_mode=1), (6,), (3,))
    assert windows.output == (3,) and windows.after == (1,) and windows.declared_after == (0,)


@pytest.mark.parametrize(
    "attributes", [{"strides": (0,)}, {"pads": (-1, 0)}, {"auto_pad": "SOME"}, {"dilations": (9,)}]
)
def test_settings_out_of_range_cannot_be_judged(attributes: dict[str, object]) -> None:
    with pytest.raises(VerificationError):
        windows_of(op(**attributes), (6,), (2,))
