"""The list of operators: each exists, none writes, none draws numbers."""

from __future__ import annotations

import pytest

from neurovoyance.node.runtime.torch_operators import (
    GET_ITEM,
    MUST_BE_OFF,
    NUMBER_OPERATORS,
    OPERATORS,
    OUTPUT_AXIS,
)

torch = pytest.importorskip("torch")
ATEN = sorted(OPERATORS - NUMBER_OPERATORS - {GET_ITEM})


@pytest.mark.parametrize("name", ATEN)
def test_an_operator_exists_and_writes_to_no_argument(name: str) -> None:
    packet, overload = name.split(".")
    schema = getattr(getattr(torch.ops.aten, packet), overload)._schema
    # The two that can write are told apart by an argument that must be off.
    assert not schema.is_mutable or name in MUST_BE_OFF
    assert (
        torch.Tag.nondeterministic_seeded
        not in getattr(getattr(torch.ops.aten, packet), overload).tags
        or name in MUST_BE_OFF
    )


def test_the_arguments_that_must_be_off_are_where_they_are_said_to_be() -> None:
    for name, (position, argument) in MUST_BE_OFF.items():
        packet, overload = name.split(".")
        schema = getattr(getattr(torch.ops.aten, packet), overload)._schema
        assert schema.arguments[position].name == argument
    assert OUTPUT_AXIS.keys() <= OPERATORS
