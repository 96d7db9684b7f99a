"""Compare the tensors that were given with those that a model declares.

Place: in the child, between reading the input file and running. Pure. Never: guess, cast, pad or
reorder; an input that does not fit is refused with everything that is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.protocol.errors import InputMismatch

Given = Mapping[str, tuple[str, tuple[int, ...]]]
"""Input name -> engine dtype name, shape."""


def check_inputs(wanted: Sequence[TensorSpec], given: Given) -> None:
    """Return if every declared input is given exactly, and nothing else.

    A symbolic dimension may have any size, but the same name must have one size everywhere.

    Raises:
        InputMismatch: lists every fault, with what is wanted and what was given.
    """
    faults = [f"{name!r} is not an input of the model" for name in given.keys() - names(wanted)]
    sizes: dict[str, tuple[int, str]] = {}
    for spec in wanted:
        if spec.name not in given:
            faults.append(f"{spec.name!r} is missing")
            continue
        dtype, shape = given[spec.name]
        if dtype != spec.dtype:
            faults.append(f"{spec.name!r} is {dtype} and must be {spec.dtype}")
        faults += _shape_faults(spec, shape, sizes)
    if faults:
        raise InputMismatch(
            f"The input does not fit the model: {'; '.join(sorted(faults))}. Nothing was run.",
            hint="Shapes and dtypes that the model declares are in the context.",
            faults=sorted(faults),
            wanted={spec.name: [spec.dtype, *spec.shape] for spec in wanted},
            given={name: [dtype, *shape] for name, (dtype, shape) in given.items()},
        )


def names(specs: Sequence[TensorSpec]) -> set[str]:
    """Return the names of tensors."""
    return {spec.name for spec in specs}


def _shape_faults(
    spec: TensorSpec, shape: tuple[int, ...], sizes: dict[str, tuple[int, str]]
) -> list[str]:
    if len(shape) != len(spec.shape):
        return [f"{spec.name!r} has {len(shape)} dimensions and must have {len(spec.shape)}"]
    faults = []
    for axis, (declared, size) in enumerate(zip(spec.shape, shape, strict=True)):
        if isinstance(declared, int) and declared != size:
            faults.append(f"dimension {axis} of {spec.name!r} is {size} and must be {declared}")
        if isinstance(declared, str) and declared:
            first, owner = sizes.setdefault(declared, (size, spec.name))
            if first != size:
                faults.append(
                    f"dimension {declared!r} is {size} in {spec.name!r} and {first} in {owner!r}"
                )
    return faults
