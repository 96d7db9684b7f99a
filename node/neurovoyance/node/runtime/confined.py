"""What every runtime here is: one confined engine process per call, some kept warm.

Place: base of ``onnx_`` and ``torch_``; see ``base.Runtime`` for the promises. The engine is
imported only in the child. With a :class:`~neurovoyance.node.runtime.warm.WarmPolicy`, a child that
ran a shared execution waits, its model loaded, for the next one of that model. Never: open the
model here; the parent reads no byte of it, nor of the input, and of the output only the headers.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self, TypeAlias

from neurovoyance.node.runtime import wire
from neurovoyance.node.runtime.base import (
    ExecutionCancelled,
    Limits,
    ManyRequest,
    ModelFiles,
    ModelInfo,
    OnProgress,
    ResourceUsage,
    RunOutput,
    RunRequest,
)
from neurovoyance.node.runtime.config import Engine, EngineConfig, config_of
from neurovoyance.node.runtime.inbox import serve_staying
from neurovoyance.node.runtime.outfile import check_output, cut, partial_name
from neurovoyance.node.runtime.sandbox import Sandbox
from neurovoyance.node.runtime.spare import IDLE_S, Spare
from neurovoyance.node.runtime.warm import WarmPolicy, WarmShelf, key_of
from neurovoyance.protocol.errors import ExecutionError, InternalError, SpecError

PROBE_LIMITS: Final = Limits(memory_bytes=4 << 30, cpu_time_s=120, wall_time_s=120.0)
"""Limits of a probe when the caller gives none; loading weights counts."""

_MAX_RUNS: Final = 4_096

Deliver: TypeAlias = Callable[[Path, wire.Done, ResourceUsage], None]
"""Takes the finished file, what it holds and what it took."""


@dataclass(slots=True)
class _Execution:
    """One running call; ``sandbox`` is None while a child is being started."""

    sandbox: Sandbox | None = None
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.sandbox is not None:
            self.sandbox.kill()


class ConfinedRuntime:
    """Keeps the promises of :class:`~neurovoyance.node.runtime.base.Runtime` for one engine.

    Belongs to one event loop. Use it as an asynchronous context manager, or call ``close``.

    Args:
        keep_warm: hold one started child ready while there is work, which saves a small job the
            engine's start-up (about 0.2 s) for about 50 MB of memory.
        spare_idle_s: end the one that is ready after so long without work; nobody lends memory
            to a machine that is asked for nothing.
        cores: numbers of the cores that children may use; None for all of the node's.
        warm: how much is kept of loaded models; None keeps nothing.
    """

    engine: ClassVar[Engine]

    def __init__(
        self,
        *,
        keep_warm: bool = True,
        spare_idle_s: float = IDLE_S,
        cores: frozenset[int] | None = None,
        warm: WarmPolicy | None = None,
    ) -> None:
        self._shelf = None if warm is None else WarmShelf(warm)
        self._folder = None if warm is None else warm.folder
        self._keep_warm = keep_warm
        self._cores = cores
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._active: set[Sandbox] = set()
        self._spare = Spare(self._start_child, spare_idle_s)
        self._running: dict[str, _Execution] = {}
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def reference(self) -> EngineConfig:
        """The reproducible configuration of this engine."""
        return EngineConfig(self.engine)

    async def warm_up(self) -> None:
        """Wait until the spare child is ready.

        Raises:
            RuntimeMissing: the engine is not installed.
        """
        self._prepare_spare()
        await self._spare.ready()

    async def probe(self, model: ModelFiles, limits: Limits | None = None) -> ModelInfo:
        """Validate a model without running it; see the interface."""
        config = EngineConfig(self.engine)
        task = wire.Task(model.path.absolute(), limits or PROBE_LIMITS, config=config)
        result, _ = await self._serve(task, _Execution(), None)
        if not isinstance(result, ModelInfo):
            raise ExecutionError("The child process answered a probe with something else.")
        return result

    async def run(
        self, request: RunRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        """Execute once; see the interface."""
        task = self._task_of(request, limits)
        is_shared = request.is_shared
        final = request.output_path.absolute()
        return await self._run_to_file(
            task, final, request.execution_id, on_progress, is_shared=is_shared
        )

    async def expect(self, request: RunRequest, limits: Limits) -> bool:
        """Load the model of a likely execution ahead of it; False if there is no need.

        Raises:
            ExecutionError, SpecError: as ``run`` would for the model.
        """
        task = replace(self._task_of(request, limits), kind=wire.Kind.LOAD, input_paths=())
        if self._shelf is None or not request.is_shared:
            return False
        if self._shelf.holds(await asyncio.to_thread(key_of, task)):
            return False
        name = f"expected-{uuid.uuid4().hex}"
        execution = self._running[name] = _Execution()
        try:
            await self._serve(task, execution, None, is_shared=True)
        finally:
            del self._running[name]
        return True

    def shed(self) -> int:
        """End the warm children that wait, for their memory; return the bytes freed."""
        return 0 if self._shelf is None else self._shelf.trim(0)

    def _task_of(self, request: RunRequest, limits: Limits) -> wire.Task:
        return wire.Task(
            request.model_path.absolute(),
            limits,
            wire.Kind.RUN,
            (request.input_path.absolute(),),
            partial_name(request.output_path.absolute()),
            request.output_names,
            request.config or config_of(request.profile, self.engine, limits.threads),
        )

    async def run_many(
        self, request: ManyRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> tuple[RunOutput, ...]:
        """Execute on many inputs in one child; see the interface."""
        if not 1 <= len(request.runs) <= _MAX_RUNS:
            raise SpecError(f"One call runs 1 to {_MAX_RUNS} inputs, not {len(request.runs)}.")
        finals = [final.absolute() for _, final in request.runs]
        task = wire.Task(
            request.model_path.absolute(),
            limits,
            wire.Kind.MANY,
            tuple(path.absolute() for path, _ in request.runs),
            partial_name(finals[0]),
            request.output_names,
            request.config,
        )
        outputs: list[RunOutput] = []

        def deliver(partial: Path, done: wire.Done, usage: ResourceUsage) -> None:
            each, rest = divmod(len(done.tensors), len(finals))
            if rest or not each:
                raise ExecutionError("The child process reported a wrong number of outputs.")
            ends = [0, *check_output(partial, done.tensors)]
            starts = range(0, len(done.tensors), each)
            pairs = list(zip(finals, starts, strict=True))
            cut(partial, [(final, ends[at], ends[at + each]) for final, at in pairs])
            for final, start in pairs:
                tensors = done.tensors[start : start + each]
                outputs.append(RunOutput(final, tensors, usage, done.engine))

        await self._execute(task, finals, request.execution_id, on_progress, deliver)
        return tuple(outputs)

    async def _run_to_file(
        self,
        task: wire.Task,
        final: Path,
        execution_id: str,
        on_progress: OnProgress | None,
        *,
        is_shared: bool = False,
    ) -> RunOutput:
        outputs: list[RunOutput] = []

        def deliver(partial: Path, done: wire.Done, usage: ResourceUsage) -> None:
            check_output(partial, done.tensors)
            partial.replace(final)
            outputs.append(RunOutput(final, done.tensors, usage, done.engine))

        await self._execute(task, [final], execution_id, on_progress, deliver, is_shared=is_shared)
        return outputs[0]

    async def _execute(
        self,
        task: wire.Task,
        finals: Sequence[Path],
        execution_id: str,
        on_progress: OnProgress | None,
        deliver: Deliver,
        *,
        is_shared: bool = False,
    ) -> None:
        """Serve a task that writes a file and hand the file to ``deliver``."""
        self._check(task, finals, execution_id)
        partial = task.partial_path
        if partial is None:
            raise InternalError("An execution was started without a file for its output.")
        started = time.monotonic()
        execution = self._running[execution_id] = _Execution()
        try:
            done, peak_memory_bytes = await self._serve(
                task, execution, on_progress, is_shared=is_shared
            )
            if not isinstance(done, wire.Done):
                raise ExecutionError("The child process answered a run with something else.")
            usage = ResourceUsage(
                wall_ms=round((time.monotonic() - started) * 1000),
                cpu_ms=done.cpu_ms,
                peak_memory_bytes=peak_memory_bytes,
                model_load_ms=done.model_load_ms,
            )
            deliver(partial, done, usage)
        finally:
            del self._running[execution_id]
            partial.unlink(missing_ok=True)

    def _check(self, task: wire.Task, finals: Sequence[Path], execution_id: str) -> None:
        if execution_id in self._running:
            raise SpecError("This execution id is in use; nothing was started.")
        if task.config.engine is not self.engine:
            raise SpecError(
                f"The configuration {task.config.name!r} is not one of the engine "
                f"{self.engine.value!r}; nothing was started."
            )
        if len(set(finals)) != len(finals):
            raise SpecError("Two outputs would have the same name; nothing was started.")
        for final in finals:
            if not final.parent.is_dir():
                raise SpecError(f"The directory of {final.name!r} does not exist.")

    def cancel(self, execution_id: str) -> bool:
        """End an execution; False if it is unknown or over."""
        execution = self._running.get(execution_id)
        if execution is None or execution.is_cancelled:
            return False
        execution.cancel()
        return True

    def suspend(self) -> None:
        """Stop every child at once and start none; what runs keeps its memory. Repeatable."""
        self._may_run.clear()
        for sandbox in self._active:
            sandbox.suspend()

    def resume(self) -> None:
        """Let suspended children go on, and what waits begin. Repeatable."""
        self._may_run.set()
        for sandbox in self._active:
            sandbox.resume()

    def evict(self) -> None:
        """Give suspended executions up for their memory: they raise ``ExecutionCancelled``."""
        self.shed()
        for execution in self._running.values():
            if execution.sandbox is not None:
                execution.cancel()

    async def close(self) -> None:
        """End every child; running executions raise ``ExecutionCancelled``. Repeatable."""
        self._is_closed = True
        for execution in self._running.values():
            execution.cancel()
        self.resume()
        if self._shelf is not None:
            await self._shelf.close()
        await self._spare.close()

    async def _serve(
        self,
        task: wire.Task,
        execution: _Execution,
        on_progress: OnProgress | None,
        *,
        is_shared: bool = False,
    ) -> tuple[wire.Done | ModelInfo, int]:
        await self._may_run.wait()
        shelf = self._shelf if is_shared else None
        key = None if shelf is None else await asyncio.to_thread(key_of, task)
        found = None if shelf is None or key is None else shelf.take(key, task.limits)
        sandbox = found or await self._take_child()
        is_kept = is_lost = False
        execution.sandbox = sandbox
        self._active.add(sandbox)
        if self._may_run.is_set():
            sandbox.resume()
        else:
            sandbox.suspend()
        try:
            if not execution.is_cancelled and key is None:
                result = await sandbox.serve(task, on_progress)
            elif not execution.is_cancelled and key is not None:
                result = await serve_staying(sandbox, task, key.locked, on_progress)
                is_kept = sandbox.stays and not (self._is_closed or execution.is_cancelled)
        except ExecutionError as error:
            if execution.is_cancelled:
                raise _cancelled() from error
            if found is None or "signal" not in error.context:
                raise
            is_lost = True
        finally:
            self._active.discard(sandbox)
            if is_kept and shelf is not None and key is not None:
                shelf.put(key, sandbox)
            else:
                await sandbox.close()
            self._prepare_spare()
        if execution.is_cancelled:
            raise _cancelled()
        if is_lost:  # what waited may have died while it did; a fresh child decides
            return await self._serve(task, execution, on_progress, is_shared=is_shared)
        return result, sandbox.peak_memory_bytes

    async def _take_child(self) -> Sandbox:
        if self._is_closed:
            raise ExecutionError("The runtime is closed; nothing was started.")
        return await self._spare.take() or await self._start_child()

    async def _start_child(self) -> Sandbox:
        return await Sandbox.start(
            engine=self.engine, cores=self._cores, folder=self._folder, on_birth=self._hear
        )

    def _hear(self, born: Sandbox) -> None:
        # Known from its first moment, since starting computes as well.
        self._active = {child for child in self._active if child.is_alive} | {born}
        if not self._may_run.is_set():
            born.suspend()

    def _prepare_spare(self) -> None:
        if self._keep_warm and not self._is_closed and self._may_run.is_set():
            self._spare.prepare()


def warm_bytes(runtime: object) -> int:
    """Return the memory that a runtime would free if it gave up the models that it keeps warm."""
    shelf = runtime._shelf if isinstance(runtime, ConfinedRuntime) else None
    return 0 if shelf is None else shelf.size_bytes


def _cancelled() -> ExecutionCancelled:
    return ExecutionCancelled("The execution was cancelled; no output was written.")
