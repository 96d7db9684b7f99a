"""Inputs against declarations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.input_check import check_inputs
from neurovoyance.protocol.errors import InputMismatch

WANTED = [
    TensorSpec("tokens", "int64", ("batch", "length")),
    TensorSpec("mask", "float32", ("batch", "length", 2)),
    TensorSpec("free", "float32", (None, "")),
]
FITTING = {
    "tokens": ("int64", (3, 5)),
    "mask": ("float32", (3, 5, 2)),
    "free": ("float32", (7, 9)),
}


def test_an_input_that_fits_passes() -> None:
    check_inputs(WANTED, FITTING)


@given(st.integers(0, 9), st.integers(0, 9))
def test_symbols_may_have_any_size_if_it_is_the_same_everywhere(batch: int, length: int) -> None:
    given_ = {
        "tokens": ("int64", (batch, length)),
        "mask": ("float32", (batch, length, 2)),
        "free": ("float32", (length, batch)),
    }
    check_inputs(WANTED, given_)
    given_["mask"] = ("float32", (batch, length + 1, 2))
    with pytest.raises(InputMismatch):
        check_inputs(WANTED, given_)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputMismatch) as caught:
        check_inputs(
            WANTED,
            {
                "tokens": ("int32", (3,)),
                "mask": ("float32", (3, 5, 4)),
                "extra": ("float32", ()),
            },
        )
    assert caught.value.context["faults"] == [
        "'extra' is not an input of the model",
        "'free' is missing",
        "'tokens' has 1 dimensions and must have 2",
        "'tokens' is int32 and must be int64",
        "dimension 2 of 'mask' is 4 and must be 2",
    ]


def test_the_error_names_what_was_wanted_and_given() -> None:
    with pytest.raises(InputMismatch) as caught:
        check_inputs(WANTED[:1], {"tokens": ("int64", (1, 2, 3))})
    assert caught.value.context["wanted"] == {"tokens": ["int64", "batch", "length"]}
    assert caught.value.context["given"] == {"tokens": ["int64", 1, 2, 3]}
