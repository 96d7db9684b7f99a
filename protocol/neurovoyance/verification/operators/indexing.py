"""Operators that pick or place elements by index.

Place: L2, a family of rules. Bound: equality of bits. An index outside the tensor breaks the
operator's contract, so it cannot be judged; the rule that made the index is judged instead.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    Case,
    Expected,
    Rule,
    axis_of,
    bits,
    limited,
    unjudgeable,
)

_BOUND: Final = "equal bit by bit"


def _indices(case: Case, position: int, size: int) -> Array:
    indices = case.need(position).astype(np.int64)
    if indices.size and (indices.min() < -size or indices.max() >= size):
        raise unjudgeable("an index is outside the tensor")
    return np.where(indices < 0, indices + size, indices)


def _gather(case: Case) -> list[Expected]:
    data = case.need(0)
    axis = axis_of(case.operator.int_of("axis", 0), data.ndim)
    indices = _indices(case, 1, data.shape[axis])
    limited([*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]])
    return bits(np.take(data, indices, axis=axis))


def _gather_elements(case: Case) -> list[Expected]:
    data = case.need(0)
    axis = axis_of(case.operator.int_of("axis", 0), data.ndim)
    indices = _indices(case, 1, data.shape[axis])
    grid = list(np.ogrid[tuple(slice(dim) for dim in indices.shape)])
    grid[axis] = indices
    return bits(data[tuple(grid)])


def _gather_nd(case: Case) -> list[Expected]:
    data, indices = case.need(0), case.need(1).astype(np.int64)
    lead = case.operator.int_of("batch_dims", 0)
    if not 0 <= lead < indices.ndim:
        raise unjudgeable("the batch dimensions of GatherND do not exist")
    head, inner = data.shape[:lead], indices.shape[lead:-1]
    flat_data = data.reshape(-1, *data.shape[lead:])
    flat = indices.reshape(flat_data.shape[0], -1, indices.shape[-1])
    limited([*head, *inner, *data.shape[lead + flat.shape[-1] :]])
    batch = np.arange(flat.shape[0])[:, None]
    picked = flat_data[(batch, *np.moveaxis(flat, -1, 0))]
    return bits(picked.reshape(*head, *inner, *data.shape[lead + flat.shape[-1] :]))


def _scatter_nd(case: Case) -> list[Expected]:
    if case.operator.text_of("reduction", "none") != "none":
        raise unjudgeable("ScatterND with a reduction depends on the order of additions")
    data, updates = case.need(0), case.need(2)
    indices = np.moveaxis(case.need(1).astype(np.int64), -1, 0)
    _refuse_repeats(indices, data.shape[: indices.shape[0]])
    result = data.copy()
    result[tuple(indices)] = updates
    return bits(result)


def _refuse_repeats(indices: Array, shape: tuple[int, ...]) -> None:
    """Raise if two updates meet at one element: the standard does not say which of them stays."""
    wrapped = [np.where(at < 0, at + dim, at) for at, dim in zip(indices, shape, strict=True)]
    flat = np.ravel_multi_index([at.reshape(-1) for at in wrapped], shape)
    if np.unique(flat).size != flat.size:
        raise unjudgeable("two updates have the same index")


def _scatter_elements(case: Case) -> list[Expected]:
    if case.operator.text_of("reduction", "none") != "none":
        raise unjudgeable("ScatterElements with a reduction depends on the order of additions")
    data, updates = case.need(0), case.need(2)
    axis = axis_of(case.operator.int_of("axis", 0), data.ndim)
    indices = _indices(case, 1, data.shape[axis])
    grid = list(np.ogrid[tuple(slice(dim) for dim in indices.shape)])
    grid[axis] = indices
    full = np.stack(np.broadcast_arrays(*grid))
    _refuse_repeats(full, data.shape)
    result = data.copy()
    result[tuple(grid)] = updates
    return bits(result)


def _one_hot(case: Case) -> list[Expected]:
    depth = (case.ints(1) or [0])[0]
    off, on = case.need(2).reshape(-1)
    indices = case.need(0)
    if indices.dtype.kind not in "iu":
        raise unjudgeable("OneHot of real indices has no rule")
    at = indices.astype(np.int64)
    at = np.where(at < 0, at + depth, at)
    axis = axis_of(case.operator.int_of("axis", -1), indices.ndim + 1)
    limited([*indices.shape, depth])
    shape = [1] * (indices.ndim + 1)
    shape[axis] = depth
    hot = np.expand_dims(at, axis) == np.arange(depth).reshape(shape)
    return bits(np.where(hot, on, off))


def _compress(case: Case) -> list[Expected]:
    data, keep = case.need(0), case.need(1).astype(bool)
    if "axis" not in case.operator.attributes:
        return bits(np.compress(keep, data.reshape(-1)))
    axis = axis_of(case.operator.int_of("axis", 0), data.ndim)
    return bits(np.compress(keep, data, axis=axis))


def _non_zero(case: Case) -> list[Expected]:
    data = case.need(0)
    return bits(np.array(np.nonzero(np.atleast_1d(data)), dtype=np.int64))


def _where(case: Case) -> list[Expected]:
    return bits(np.where(case.need(0), case.need(1), case.need(2)))


def _reverse_sequence(case: Case) -> list[Expected]:
    data, lengths = case.need(0), case.ints(1) or []
    time = case.operator.int_of("time_axis", 0)
    batch = case.operator.int_of("batch_axis", 1)
    if {time, batch} != {0, 1}:
        raise unjudgeable("ReverseSequence needs its first two axes")
    moved = np.moveaxis(data, (batch, time), (0, 1)).copy()
    for at, length in enumerate(lengths):
        moved[at, :length] = moved[at, :length][::-1]
    return bits(np.moveaxis(moved, (0, 1), (batch, time)))


RULES: Final[dict[str, Rule]] = {
    name: Rule("bits", _BOUND, evaluate)
    for name, evaluate in {
        "Gather": _gather,
        "GatherElements": _gather_elements,
        "GatherND": _gather_nd,
        "ScatterND": _scatter_nd,
        "ScatterElements": _scatter_elements,
        "OneHot": _one_hot,
        "Compress": _compress,
        "NonZero": _non_zero,
        "Where": _where,
        "ReverseSequence": _reverse_sequence,
    }.items()
}
