"""The confined process: wait for one task, lock itself in, check, load, run, write, end.

Place: started by ``sandbox`` as ``python -I -m neurovoyance.node.runtime.child ENGINE``; stdin
carries one task line, stdout event lines (``wire``). Until the task comes it has loaded nothing
but its own code, so it can wait as a warm spare. A task with an inbox is ``child_warm``'s. Never:
serve a second model, or touch one before ``confinement.lock``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Phase, TensorMeta, TensorSpec
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.wire import Kind, Task
from neurovoyance.protocol.errors import (
    ExecutionError,
    InternalError,
    NeurovoyanceError,
    NonFiniteOutput,
    ResourceExceeded,
    RuntimeMissing,
)

if TYPE_CHECKING:
    from neurovoyance.node.runtime.engine import EngineModule, LoadedModel
    from neurovoyance.node.runtime.model_check import ModelFacts
    from neurovoyance.verification.canonical import Array

_STDOUT, _STDERR = 1, 2
_TENSORS_PER_EVENT = 256


class Reporter:
    """Writes events to the parent on a descriptor that the engine's own prints cannot reach."""

    def __init__(self) -> None:
        self._handle = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)

    def send(self, event: str, **values: Any) -> None:
        """Write one event line."""
        line = json.dumps({"event": event, **values}).encode() + b"\n"
        while line:
            line = line[os.write(self._handle, line) :]

    def phase(self, phase: Phase) -> None:
        """Report that a phase begins."""
        self.send("phase", phase=phase.value)


def main(engine: Engine) -> None:
    """Serve one task and end the process."""
    entered = confinement.enter()
    reporter = Reporter()
    try:
        # Only now may the parent stop this process, which until now could have outlived it.
        reporter.send("bound")
        module = import_engine(engine)
        reporter.send("ready", confinement=entered)
        line = sys.stdin.buffer.readline()
        if line:  # an empty line is the end of the parent, or of its interest
            task = Task.from_line(line)
            if task.inbox is not None:
                from neurovoyance.node.runtime import child_warm

                child_warm.serve(task, module, entered, reporter)
            else:
                os.close(sys.stdin.fileno())
                _serve(task, module, entered, reporter)
    except NeurovoyanceError as error:
        reporter.send("error", error=error.to_wire())
    except MemoryError:
        reporter.send("error", error=_exceeded("memory_bytes").to_wire())
    except Exception as error:  # noqa: BLE001 - the process boundary: nothing may cross unwired
        text = f"The child process failed with {type(error).__name__}: {error}"[:1000]
        reporter.send("error", error=InternalError(text).to_wire())
    # No interpreter shutdown: a broken engine could hang in it, and nothing is left to save.
    os._exit(0)


def import_engine(engine: Engine) -> EngineModule:
    """Return the module of an engine.

    Raises:
        RuntimeMissing: it is not installed.
    """
    try:
        if engine is Engine.TORCH:
            from neurovoyance.node.runtime import torch_session

            return torch_session
        from neurovoyance.node.runtime import child_onnx, session  # noqa: F401

        return session
    except ImportError as error:
        extra = "torch" if engine is Engine.TORCH else "node"
        raise RuntimeMissing(
            f"The engine cannot be loaded: {error}.",
            hint=f"Install it with: pip install 'neurovoyance[{extra}]'",
        ) from error


def _serve(
    task: Task, module: EngineModule, entered: confinement.Report, reporter: Reporter
) -> None:
    # Opened first: once locked in, this process can open no file for writing.
    output = open_output(task)
    readable = [task.model_path, *task.input_paths]
    mapped_bytes = sum(size_bytes(path) for path in readable)
    held = confinement.lock(entered, task.limits, readable, mapped_bytes)
    confinement.require_no_network(held)

    reporter.phase(Phase.CHECKING)
    facts = module.check(task.model_path)
    if task.kind is Kind.PROBE:
        _probe(task, module, facts, reporter)
        return
    with writing(output) as file:
        job = Job(task, facts, file, reporter, module)
        if task.kind in (Kind.RUN, Kind.MANY):
            _run(job)
        else:
            from neurovoyance.node.runtime import child_onnx

            child_onnx.serve(job)
        file.flush()
        os.fsync(file.fileno())
    report_done(job)


def open_output(task: Task) -> int:
    """Return a descriptor of the new output file; -1 for a task without one."""
    if task.partial_path is None:
        return -1
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(task.partial_path, flags, 0o600)


def report_done(job: Job, *, spent_before_s: float = 0.0, stays: bool = False) -> None:
    """Say that a task is served; ``spent_before_s`` is CPU time that is not this task's."""
    job.reporter.send(
        "done",
        tensors=[],
        cpu_ms=round((sum(os.times()[:2]) - spent_before_s) * 1000),
        peak_memory_bytes=_peak_memory_bytes(),
        model_load_ms=job.model_load_ms,
        engine=job.module.describe(),
        nonce=job.task.nonce,
        stays=stays,
    )


def _probe(task: Task, module: EngineModule, facts: ModelFacts, reporter: Reporter) -> None:
    reporter.phase(Phase.LOADING)
    session = module.load(facts, task.config)
    reporter.send(
        "probed",
        inputs=[asdict(spec) for spec in session.inputs],
        outputs=[asdict(spec) for spec in session.outputs],
        opsets=facts.opsets,
        node_count=facts.node_count,
        model_bytes=facts.model_bytes,
        external_bytes=sum(facts.external.values()),
    )


@dataclass(slots=True)
class Job:
    """A task being served: where its output goes, and who hears of it."""

    task: Task
    facts: ModelFacts
    file: BinaryIO
    reporter: Reporter
    module: EngineModule
    model_load_ms: int = 0

    def load(self, output_names: Sequence[str] | None) -> LoadedModel:
        """Load the model and note how long it took."""
        started = time.monotonic()
        session = self.module.load(self.facts, self.task.config, output_names)
        self.model_load_ms += round((time.monotonic() - started) * 1000)
        return session

    def write(self, names: Sequence[str], arrays: Sequence[Array]) -> None:
        """Write canonical tensors and report them."""
        from neurovoyance.verification.canonical import encode_chunks, tensor_type

        metas = [
            TensorMeta(name, tensor_type(array.dtype).name, array.shape)
            for name, array in zip(names, arrays, strict=True)
        ]
        for array in arrays:
            for piece in encode_chunks(array):
                self.file.write(piece)
        for start in range(0, len(metas), _TENSORS_PER_EVENT):
            part = metas[start : start + _TENSORS_PER_EVENT]
            self.reporter.send("tensors", tensors=[asdict(meta) for meta in part])


def _run(job: Job) -> None:
    from neurovoyance.node.runtime.engine import select

    job.reporter.phase(Phase.LOADING)
    session = job.load(job.task.output_names)
    run_inputs(job, session, select(session.outputs, job.task.output_names))


def run_inputs(job: Job, session: LoadedModel, wanted: Sequence[TensorSpec]) -> None:
    """Run a loaded model once on each input of the task and write the wanted outputs."""
    from neurovoyance.node.runtime.engine import describe_given, read_inputs
    from neurovoyance.node.runtime.input_check import check_inputs

    for number, path in enumerate(job.task.input_paths):
        feed = read_inputs(path)
        check_inputs(session.inputs, describe_given(feed))
        if number == 0:
            job.reporter.phase(Phase.RUNNING)
        arrays = session.run(feed, wanted)
        _require_finite(wanted, arrays)
        if number == 0:
            job.reporter.phase(Phase.WRITING)
        job.write([spec.name for spec in wanted], arrays)


def _require_finite(wanted: Sequence[TensorSpec], arrays: Sequence[Array]) -> None:
    from neurovoyance.verification.canonical import has_non_finite

    for spec, array in zip(wanted, arrays, strict=True):
        if has_non_finite(array):
            raise NonFiniteOutput(
                f"The output {spec.name!r} holds NaN or infinity; it was thrown away.",
                hint="The job is invalid and is refunded; check the model and its input.",
                output=spec.name,
            )


@contextlib.contextmanager
def writing(output: int) -> Iterator[BinaryIO]:
    """Open the output for writing; errors of the file become errors of the execution."""
    try:
        with os.fdopen(output, "wb") as file:
            yield file
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _exceeded("file_bytes") from error
        raise ExecutionError(f"The output could not be written ({error.strerror}).") from error


def _exceeded(limit: str) -> ResourceExceeded:
    return ResourceExceeded(
        f"The execution went over its limit of {limit}; it was ended and its output removed.",
        limit=limit,
    )


def _peak_memory_bytes() -> int:
    """Return the high-water mark of this program; rusage would include what exec replaced."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0")
    return int(line.split()[1]) * 1024


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of everything in a directory; 0 if it does not exist."""
    if path.is_dir():
        return sum(item.lstat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    main(Engine(sys.argv[1]) if len(sys.argv) > 1 else Engine.ORT)
