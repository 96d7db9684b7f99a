"""One child process seen from the parent: start it, give it a task, watch it, end it.

Place: below ``confined``; the other end is ``child``. The parent owns the clock and counts memory
and CPU time, since a child under a hostile model enforces nothing. A child that stays (``warm``) is
stopped between its tasks. Never: give a child a second model, trust what it says beyond ``wire``,
leave one running, or stop one that does not die with this process yet: stopped, it would outlive
it. A suspended child keeps its memory and spends nothing: its wall clock stands still too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import site
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from neurovoyance.node.runtime import wire
from neurovoyance.node.runtime.base import Limits, ModelInfo, OnProgress, TensorMeta
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.proc import cpu_time_s, resident_bytes
from neurovoyance.protocol.errors import ExecutionError, NeurovoyanceError, ResourceExceeded

_CHILD_MODULE: Final = "neurovoyance.node.runtime.child"
_START_TIMEOUT_S: Final = 60.0
_EXIT_TIMEOUT_S: Final = 30.0
_WATCH_PERIOD_S: Final = 0.02
_STDERR_BYTES: Final = 4096
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Sandbox:
    """A child for one model. Make it with :meth:`start`, always :meth:`close` it.

    Attributes:
        directory: the child's own, removed with it.
        peak_memory_bytes: most memory seen or reported since the last task began.
        is_suspended: it rests, or will as soon as it dies with this process.
        stays: the last task ended well, and the child waits, stopped, for another.
        confinement: what is enforced, measure by measure.
    """

    def __init__(self, process: asyncio.subprocess.Process, directory: Path) -> None:
        self._process = process
        self.directory = directory
        self._stderr = b""
        self._drain = asyncio.create_task(self._drain_stderr())
        self._limits: Limits | None = None
        self._exceeded: ResourceExceeded | None = None
        self._clock: asyncio.Timeout | None = None
        self._left_s: float | None = None
        self._is_bound = False
        self.is_suspended = False
        self.peak_memory_bytes = 0
        self.stays = False
        self.confinement: dict[str, str] = {}

    @classmethod
    async def start(
        cls,
        command: Sequence[str] | None = None,
        *,
        engine: Engine = Engine.ORT,
        cores: frozenset[int] | None = None,
        folder: Path | None = None,
        on_birth: Callable[[Sandbox], None] | None = None,
    ) -> Sandbox:
        """Start a child and wait until it is warm: confined, engine imported, nothing loaded.

        Args:
            command: another program that speaks ``wire``; None starts this package's child.
            engine: what this package's child imports.
            cores: numbers of the cores that it may use; None for all of the node's.
            folder: where the child's directory is made; by default that of temporary files.
            on_birth: called as soon as the process exists; may suspend it, see ``is_suspended``.

        Raises:
            RuntimeMissing: the engine is not installed.
            ExecutionError: the child died or was not ready within a minute; it was ended.
        """
        directory = Path(tempfile.mkdtemp(prefix="neurovoyance-", dir=folder))
        try:
            process = await asyncio.create_subprocess_exec(
                *(command or [*child_command(_CHILD_MODULE), engine.value]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=wire.MAX_LINE_BYTES,
                cwd=directory,
                env=clean_environment(directory),
                start_new_session=True,
            )
        except BaseException:  # a cancellation too leaves no directory behind
            shutil.rmtree(directory, ignore_errors=True)
            raise
        sandbox = cls(process, directory)
        if cores is not None:
            # Before the engine makes its threads, which inherit it.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(process.pid, cores)
        if on_birth is not None:
            on_birth(sandbox)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S) as sandbox._clock:
                event = await sandbox._next_event()
                if event["event"] == "bound":
                    sandbox._bind()
                    event = await sandbox._next_event()
        except BaseException as error:  # a cancellation too leaves no child behind
            await sandbox.close()
            if isinstance(error, TimeoutError):
                raise ExecutionError("The child process did not start in time.") from error
            raise
        sandbox._clock = None
        sandbox._bind()
        held = event.get("confinement")
        if event["event"] != "ready" or not isinstance(held, dict):
            await sandbox.close()
            raise _broke_protocol(wire.MalformedEvent("it did not say that it is ready"))
        sandbox.confinement = {str(key): str(value) for key, value in held.items()}
        return sandbox

    @property
    def is_alive(self) -> bool:
        """Tell whether the child still runs, without waiting for asyncio to notice its end."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    @property
    def pid(self) -> int:
        """Process id, which is the process group's as well."""
        return self._process.pid

    async def serve(
        self,
        task: wire.Task,
        on_progress: OnProgress | None = None,
        *,
        limits: Limits | None = None,
    ) -> wire.Done | ModelInfo:
        """Send the task and return its result; only a child that says it stays lives on, stopped.

        Args:
            task: what to do.
            on_progress: hears of phases.
            limits: of this task, where the child was locked in with wider ones.

        Raises:
            ResourceExceeded: a limit was passed and the child killed.
            ExecutionError: what the child reported, or how it died.
        """
        limits = self._limits = limits or task.limits
        self.peak_memory_bytes = 0
        if not self.is_suspended:
            self._signal(signal.SIGCONT)
        watch = asyncio.create_task(self._watch(limits))
        self.stays = False
        try:
            async with asyncio.timeout(limits.wall_time_s) as self._clock:
                self._rest()
                await self._send(task)
                result = await self._read_result(on_progress)
            if isinstance(result, wire.Done):
                if result.nonce != task.nonce:
                    raise _broke_protocol(wire.MalformedEvent("it answered another task"))
                self.stays = result.stays and task.inbox is not None and self._exceeded is None
        except TimeoutError:
            raise exceeded("wall_time_s", limits) from None
        except ExecutionError:
            # Killed by the watch, or failed in the wake of having used too much.
            if self._exceeded is not None:
                raise self._exceeded from None
            raise
        finally:
            self._clock = None
            watch.cancel()
            # What stays cannot compute, listen or grow while nobody counts what it takes.
            self._signal(signal.SIGSTOP if self.stays else signal.SIGKILL)
        if isinstance(result, wire.Done):
            self.peak_memory_bytes = max(self.peak_memory_bytes, result.peak_memory_bytes)
        if self._exceeded is None and self.peak_memory_bytes > limits.memory_bytes:
            self._exceeded = exceeded("memory_bytes", limits)
        if self._exceeded is not None:
            self.stays = False
            self.kill()
            raise self._exceeded
        return result

    def suspend(self) -> None:
        """Stop the child's process group at once; it keeps its memory. Repeatable."""
        self.is_suspended = True
        self._rest()

    def resume(self) -> None:
        """Let a suspended child go on; the time in between does not count as wall time."""
        if not self.is_suspended:
            return
        self.is_suspended = False
        self._signal(signal.SIGCONT)
        if self._clock is not None and self._left_s is not None:
            self._clock.reschedule(asyncio.get_running_loop().time() + self._left_s)
        self._left_s = None

    def _bind(self) -> None:
        """Note that the kernel ends this child with this process: from now on it may be stopped."""
        self._is_bound = True
        self._rest()

    def _rest(self) -> None:
        if not (self.is_suspended and self._is_bound):
            return
        self._signal(signal.SIGSTOP)
        clock = self._clock
        if clock is None or clock.expired():
            return
        when_s = clock.when()
        if when_s is not None:
            self._left_s = when_s - asyncio.get_running_loop().time()
            clock.reschedule(None)

    def _signal(self, number: signal.Signals) -> None:
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the child's process group at once; harmless if it has ended."""
        self._signal(signal.SIGKILL)

    async def close(self) -> None:
        """End the child, wait until it is gone and remove its directory. Repeatable."""
        self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        await self._drain
        shutil.rmtree(self.directory, ignore_errors=True)

    async def _send(self, task: wire.Task) -> None:
        stdin = self._process.stdin
        if stdin is None:
            raise ExecutionError("The child process has no input pipe.")
        # A child that died before reading is reported by the missing answer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(task.to_line())
            await stdin.drain()
            if task.inbox is None:
                stdin.close()

    async def _read_result(self, on_progress: OnProgress | None) -> wire.Done | ModelInfo:
        tensors: list[TensorMeta] = []
        while True:
            event = await self._next_event()
            try:
                match event["event"]:
                    case "phase":
                        phase = wire.read_phase(event)
                        if on_progress is not None:
                            on_progress(phase)
                    case "tensors":
                        tensors += wire.read_tensors(event)
                        if len(tensors) > wire.MAX_TENSORS:
                            raise wire.MalformedEvent("too many tensors were reported")
                    case "done":
                        done = wire.read_done(event)
                        return replace(done, tensors=(*tensors, *done.tensors))
                    case "probed":
                        return wire.read_probed(event)
                    case other:
                        raise wire.MalformedEvent(f"an event {other[:40]!r} came unasked")
            except wire.MalformedEvent as error:
                raise _broke_protocol(error) from error

    async def _next_event(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise ExecutionError("The child process has no output pipe.")
        try:
            line = await self._process.stdout.readline()
            if not line.endswith(b"\n"):
                raise await self._explain_death()
            event = wire.read_event(line)
            if event["event"] == "error":
                raise wire.read_error(event)
        except ValueError as error:  # a malformed event, or a line beyond the limit
            raise _broke_protocol(error) from error
        return event

    async def _explain_death(self) -> NeurovoyanceError:
        try:
            async with asyncio.timeout(_EXIT_TIMEOUT_S):
                code = await self._process.wait()
        except TimeoutError:
            self.kill()
            return ExecutionError("The child process stopped answering; it was ended.")
        if self._exceeded is not None:
            return self._exceeded
        if code == -signal.SIGXCPU:
            return exceeded("cpu_time_s", self._limits)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        await self._drain
        return ExecutionError(
            f"The child process died ({name}); its output was removed.",
            hint="SIGKILL usually means that the machine ran out of memory.",
            signal=name,
            stderr=self._stderr.decode(errors="replace")[-1000:],
        )

    async def _watch(self, limits: Limits) -> None:
        before_s = cpu_time_s(self.pid)
        while self.is_alive:
            resident = resident_bytes(self.pid)
            self.peak_memory_bytes = max(self.peak_memory_bytes, resident)
            passed = None
            if resident > limits.memory_bytes:
                passed = "memory_bytes"
            elif cpu_time_s(self.pid) - before_s > limits.cpu_time_s:
                passed = "cpu_time_s"
            if passed is not None:
                self._exceeded = exceeded(passed, limits)
                self.kill()
                return
            await asyncio.sleep(_WATCH_PERIOD_S)

    async def _drain_stderr(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and (piece := await stderr.read(_STDERR_BYTES)):
            self._stderr = (self._stderr + piece)[-_STDERR_BYTES:]


def child_command(module: str) -> list[str]:
    """Return the command of a child: no environment settings, no current directory, no cache.

    The user's own site directory stays out too, unless this package is installed there.
    """
    own = Path(__file__).resolve()
    in_user_site = bool(site.ENABLE_USER_SITE) and own.is_relative_to(site.getusersitepackages())
    isolation = ["-E", "-P"] if in_user_site else ["-I"]
    return [sys.executable, *isolation, "-B", "-X", "utf8", "-m", module]


def clean_environment(directory: Path) -> dict[str, str]:
    """Return all that a child learns of the environment: nothing of the node's own."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(directory),
        "TMPDIR": str(directory),
        # The engine's official builds send usage reports unless told not to.
        "ORT_DISABLE_TELEMETRY": "1",
        # numpy's threads; the engine's are set per session.
        **dict.fromkeys(_THREAD_VARIABLES, "1"),
    }


def exceeded(limit: str, limits: Limits | None) -> ResourceExceeded:
    """Return the error for a limit, named as in :class:`Limits`."""
    return ResourceExceeded(
        f"The execution went over its limit of {limit}; it was ended and its output removed.",
        hint="Offer or ask for a larger limit, or use a smaller input.",
        limit=limit,
        allowed=None if limits is None else getattr(limits, limit),
    )


def _broke_protocol(error: Exception) -> ExecutionError:
    return ExecutionError(
        f"The child process broke the protocol ({error}); it was ended and its output removed."
    )
