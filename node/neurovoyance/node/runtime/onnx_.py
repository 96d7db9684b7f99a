"""The runtime for ONNX models: one confined onnxruntime process per execution, one kept warm.

Place: what the node holds to probe models and run executions; see ``base.Runtime`` for the
promises. The engine is imported only in the child. Never: open the model here; the parent reads
no byte of it, nor of the input, and of the output only the headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from neurovoyance.node.runtime import wire
from neurovoyance.node.runtime.base import (
    ExecutionCancelled,
    Limits,
    ModelFiles,
    ModelInfo,
    OnProgress,
    ResourceUsage,
    RunOutput,
    RunRequest,
    TensorMeta,
)
from neurovoyance.node.runtime.sandbox import Sandbox
from neurovoyance.protocol.errors import ExecutionError, NeurovoyanceError, SpecError
from neurovoyance.verification.canonical import MAX_NDIM, decode_header

PROBE_LIMITS: Final = Limits(memory_bytes=4 << 30, cpu_time_s=120, wall_time_s=120.0)
"""Limits of a probe when the caller gives none; loading weights counts."""

_HEADER_BYTES: Final = 16 + 8 * MAX_NDIM


@dataclass(slots=True)
class _Execution:
    """One running call; ``sandbox`` is None while a child is being started."""

    sandbox: Sandbox | None = None
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.sandbox is not None:
            self.sandbox.kill()


class OnnxRuntime:
    """Runs ONNX models; keeps the promises of :class:`~neurovoyance.node.runtime.base.Runtime`.

    Belongs to one event loop. Use it as an asynchronous context manager, or call ``close``.

    Args:
        keep_warm: hold one started child ready, which saves a small job the engine's start-up
            (about 0.2 s) for about 60 MB of memory.
    """

    def __init__(self, *, keep_warm: bool = True) -> None:
        self._keep_warm = keep_warm
        self._spare: asyncio.Task[Sandbox] | None = None
        self._running: dict[str, _Execution] = {}
        self._is_closed = False

    async def __aenter__(self) -> OnnxRuntime:
        self._prepare_spare()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def warm_up(self) -> None:
        """Wait until the spare child is ready.

        Raises:
            RuntimeMissing: the engine is not installed.
        """
        self._prepare_spare()
        if self._spare is not None:
            await asyncio.shield(self._spare)

    async def probe(self, model: ModelFiles, limits: Limits | None = None) -> ModelInfo:
        """Validate a model without running it; see the interface."""
        task = wire.Task(model.path.absolute(), limits or PROBE_LIMITS)
        result, _ = await self._serve(task, _Execution(), None)
        if not isinstance(result, ModelInfo):
            raise ExecutionError("The child process answered a probe with something else.")
        return result

    async def run(
        self, request: RunRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        """Execute once; see the interface."""
        final = request.output_path.absolute()
        if request.execution_id in self._running:
            raise SpecError("This execution id is in use; nothing was started.")
        if not final.parent.is_dir():
            raise SpecError(f"The directory of {final.name!r} does not exist.")
        partial = final.with_name(f".{final.name}.{secrets.token_hex(8)}.part")
        task = wire.Task(
            request.model_path.absolute(),
            limits,
            request.input_path.absolute(),
            partial,
            request.output_names,
            request.profile,
        )
        started = time.monotonic()
        execution = self._running[request.execution_id] = _Execution()
        try:
            done, peak_memory_bytes = await self._serve(task, execution, on_progress)
            if not isinstance(done, wire.Done):
                raise ExecutionError("The child process answered a run with something else.")
            _check_output(partial, done.tensors)
            partial.replace(final)
        finally:
            del self._running[request.execution_id]
            partial.unlink(missing_ok=True)
        usage = ResourceUsage(
            wall_ms=round((time.monotonic() - started) * 1000),
            cpu_ms=done.cpu_ms,
            peak_memory_bytes=peak_memory_bytes,
            model_load_ms=done.model_load_ms,
        )
        return RunOutput(final, done.tensors, usage)

    def cancel(self, execution_id: str) -> bool:
        """End an execution; False if it is unknown or over."""
        execution = self._running.get(execution_id)
        if execution is None or execution.is_cancelled:
            return False
        execution.cancel()
        return True

    async def close(self) -> None:
        """End every child; running executions raise ``ExecutionCancelled``. Repeatable."""
        self._is_closed = True
        for execution in self._running.values():
            execution.cancel()
        spare, self._spare = self._spare, None
        if spare is not None:
            # A spare that could not start has cleaned up after itself, and nobody waits for it.
            with contextlib.suppress(NeurovoyanceError, OSError):
                await (await spare).close()

    async def _serve(
        self, task: wire.Task, execution: _Execution, on_progress: OnProgress | None
    ) -> tuple[wire.Done | ModelInfo, int]:
        sandbox = await self._take_child()
        execution.sandbox = sandbox
        try:
            if not execution.is_cancelled:
                result = await sandbox.serve(task, on_progress)
        except ExecutionError as error:
            if not execution.is_cancelled:
                raise
            raise _cancelled() from error
        finally:
            await sandbox.close()
            self._prepare_spare()
        if execution.is_cancelled:
            raise _cancelled()
        return result, sandbox.peak_memory_bytes

    async def _take_child(self) -> Sandbox:
        if self._is_closed:
            raise ExecutionError("The runtime is closed; nothing was started.")
        spare, self._spare = self._spare, None
        if spare is not None:
            sandbox = await spare
            if sandbox.is_alive:
                return sandbox
            await sandbox.close()
        return await Sandbox.start()

    def _prepare_spare(self) -> None:
        if self._keep_warm and not self._is_closed and self._spare is None:
            self._spare = asyncio.create_task(Sandbox.start())


def _cancelled() -> ExecutionCancelled:
    return ExecutionCancelled("The execution was cancelled; no output was written.")


def _check_output(path: Path, tensors: tuple[TensorMeta, ...]) -> None:
    """Compare the headers in the file with what the child said; it may be in hostile hands.

    Raises:
        ExecutionError: they differ, or the file holds more or less.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            size, at = os.fstat(handle).st_size, 0
            for meta in tensors:
                file.seek(at)
                header = decode_header(file.read(_HEADER_BYTES))
                if (header.kind.name, header.shape) != (meta.dtype, meta.shape):
                    raise SpecError(f"The output {meta.name!r} is not what the child reported.")
                at += header.end
    except (OSError, SpecError) as error:
        raise ExecutionError(f"The child process left a wrong output file ({error}).") from error
    if at != size:
        raise ExecutionError("The child process left an output file of a wrong size.")
