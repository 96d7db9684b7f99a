"""What only the reproducible engine serves: the trace of a model, and one of its operators.

Place: in the child, under ``child``, on top of ``session``. Values between operators may be NaN or
infinite (masks are), so nothing is refused for that here. Never: hold more outputs in memory than
the budget; a trace that is larger runs the model again for each group of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from neurovoyance.node.runtime import session
from neurovoyance.node.runtime.base import Phase, TensorSpec
from neurovoyance.node.runtime.config import C1
from neurovoyance.node.runtime.engine import describe_given, read_inputs, select
from neurovoyance.node.runtime.input_check import check_inputs
from neurovoyance.node.runtime.model_edit import expose, read_graph, single_operator
from neurovoyance.node.runtime.wire import Kind
from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import Array, decode_tensor, tensor_type

if TYPE_CHECKING:
    from neurovoyance.node.runtime.child import Job

BUDGET_SHARE: Final = 8
"""Rows held at once take at most this part of the memory limit; engine and model need the rest."""

_ITEM_BYTES: Final = {"float32": 4, "int32": 4, "int64": 8, "float16": 2, "bfloat16": 2}


def serve(job: Job) -> None:
    """Serve a task of kind TRACE or OPERATOR."""
    if job.task.kind is Kind.TRACE:
        _trace(job)
    else:
        _operator(job)


def _trace(job: Job) -> None:
    job.reporter.phase(Phase.LOADING)
    folder = job.facts.graph_path.parent
    model = session.prepare(job.facts, job.task.config)
    graph = read_graph(model)
    names = [row.name for row in graph.rows()]
    loaded = session.Session(expose(model, graph, names), job.task.config, folder)
    wanted = select(loaded.outputs, names)
    feed = read_inputs(job.task.input_paths[0])
    check_inputs(loaded.inputs, describe_given(feed))
    sizes = symbol_sizes(loaded.inputs, feed)
    groups = group_rows(wanted, sizes, job.task.limits.memory_bytes // BUDGET_SHARE)
    job.reporter.phase(Phase.RUNNING)
    for group in groups:
        chosen = [spec.name for spec in group]
        if len(groups) > 1:
            del loaded
            loaded = session.Session(expose(model, graph, chosen), job.task.config, folder)
        job.write(chosen, loaded.run(feed, group))
    job.reporter.phase(Phase.WRITING)


def _operator(job: Job) -> None:
    job.reporter.phase(Phase.LOADING)
    task = job.task
    feed = {
        name: _read_tensor(path)
        for name, path in zip(task.input_names, task.input_paths, strict=True)
    }
    given = {name: (tensor_type(array.dtype).name, array.shape) for name, array in feed.items()}
    graph = read_graph(job.facts.graph_path.read_bytes())
    model, outputs = single_operator(graph, task.row, given)
    loaded = session.Session(model, C1, job.facts.graph_path.parent)
    wanted = select(loaded.outputs, outputs)
    job.reporter.phase(Phase.RUNNING)
    arrays = loaded.run(feed, wanted)
    job.reporter.phase(Phase.WRITING)
    job.write(outputs, arrays)


def symbol_sizes(declared: Sequence[TensorSpec], feed: Mapping[str, Array]) -> dict[str, int]:
    """Return the size that the input gives to each named dimension."""
    return {
        dim: size
        for spec in declared
        for dim, size in zip(spec.shape, feed[spec.name].shape, strict=True)
        if isinstance(dim, str)
    }


def group_rows(
    rows: Sequence[TensorSpec], sizes: Mapping[str, int], budget_bytes: int
) -> list[list[TensorSpec]]:
    """Return the rows in groups whose sizes, as declared, stay within the budget.

    A row of unknown size counts as the largest known one; a row above the budget stands alone.
    """
    known = [_size_bytes(spec, sizes) for spec in rows]
    largest = max((size for size in known if size is not None), default=1)
    groups: list[list[TensorSpec]] = []
    filled = budget_bytes
    for spec, found in zip(rows, known, strict=True):
        size = largest if found is None else found
        if not groups or filled + size > budget_bytes:
            groups.append([])
            filled = 0
        groups[-1].append(spec)
        filled += size
    return groups


def _size_bytes(spec: TensorSpec, sizes: Mapping[str, int]) -> int | None:
    dims = [sizes.get(dim) if isinstance(dim, str) else dim for dim in spec.shape]
    known = [dim for dim in dims if dim is not None]
    if len(known) < len(dims):
        return None
    return math.prod(known) * _ITEM_BYTES.get(spec.dtype, 1)


def _read_tensor(path: Path) -> Array:
    """Return the one canonical tensor of a file.

    Raises:
        SpecError: the file cannot be read, is not canonical, or holds more.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpecError(f"An operator's input cannot be read ({error.strerror}).") from error
    array, end = decode_tensor(data)
    if end != len(data):
        raise SpecError("The file of an operator's input holds more than one tensor.")
    return array
