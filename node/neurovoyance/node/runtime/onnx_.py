"""The runtime for ONNX models: what a node holds to run executions, and to trace and judge them.

Place: ``ConfinedRuntime`` with the engine ``ort``, plus what only the reproducible engine serves.
Never: open the model here, or trace with optimisations, which remove operators.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from neurovoyance.node.runtime import wire
from neurovoyance.node.runtime.base import (
    Limits,
    OnProgress,
    OperatorRequest,
    ResourceUsage,
    RunOutput,
    TraceOutput,
    TraceRequest,
    TraceRow,
)
from neurovoyance.node.runtime.config import Engine, Optimisation
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.outfile import check_output, cut, partial_name
from neurovoyance.protocol.errors import SpecError


class OnnxRuntime(ConfinedRuntime):
    """Runs ONNX models with onnxruntime."""

    engine: ClassVar[Engine] = Engine.ORT

    async def trace(
        self, request: TraceRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> TraceOutput:
        """Run once under C1 and keep every operator output, one file each, named by row.

        Rows come in graph order: nodes in file order, outputs in node order, omitted ones
        skipped. Values may be NaN or infinite. ``limits.file_bytes`` bounds all rows together;
        the disk holds them twice for a moment. Runs the model more than once if all rows do not
        fit into an eighth of the memory limit.

        Raises:
            UnsupportedModel: as for ``run``, or a row of a dtype without canonical form.
        """
        directory = request.directory.absolute()
        if request.config.optimisation is not Optimisation.OFF:
            raise SpecError("A trace is made without optimisation; nothing was started.")
        task = wire.Task(
            request.model_path.absolute(),
            limits,
            wire.Kind.TRACE,
            (request.input_path.absolute(),),
            partial_name(directory / "trace"),
            config=request.config,
        )
        traces: list[TraceOutput] = []

        def deliver(partial: Path, done: wire.Done, usage: ResourceUsage) -> None:
            rows = tuple(
                TraceRow(row, tensor, row_path(directory, row))
                for row, tensor in enumerate(done.tensors)
            )
            ends = [0, *check_output(partial, done.tensors)]
            cut(partial, [(row.path, ends[row.row], ends[row.row + 1]) for row in rows])
            traces.append(TraceOutput(rows, usage, done.engine))

        finals = [row_path(directory, 0)]
        await self._execute(task, finals, request.execution_id, on_progress, deliver)
        return traces[0]

    async def run_operator(
        self, request: OperatorRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        """Run the operator of one row alone, under C1, on claimed inputs: for EXACT referees.

        Raises:
            SpecError: there is no such row, or an input file is not one canonical tensor.
            InputMismatch: the inputs are not those that the operator takes besides its weights.
            UnsupportedModel: as for ``run``, or the operator holds a graph of its own.
        """
        final = request.output_path.absolute()
        task = wire.Task(
            request.model_path.absolute(),
            limits,
            wire.Kind.OPERATOR,
            tuple(path.absolute() for _, path in request.inputs),
            partial_name(final),
            input_names=tuple(name for name, _ in request.inputs),
            row=request.row,
        )
        return await self._run_to_file(task, final, request.execution_id, on_progress)


def row_path(directory: Path, row: int) -> Path:
    """Return the file of a row in the directory of a trace."""
    return directory / f"{row}.tensor"
