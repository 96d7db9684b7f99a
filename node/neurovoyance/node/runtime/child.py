"""The confined process: wait for one task, lock itself in, check, load, run, write, end.

Place: started by ``sandbox`` as ``python -I -m neurovoyance.node.runtime.child``; stdin carries
one task line, stdout event lines (``wire``). Until the task comes it has loaded nothing but its
own code, so it can wait as a warm spare. Never: serve a second task, or touch the model before
``confinement.lock``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Phase, TensorMeta, TensorSpec
from neurovoyance.node.runtime.wire import Task
from neurovoyance.protocol.errors import (
    ExecutionError,
    InternalError,
    NeurovoyanceError,
    NonFiniteOutput,
    ResourceExceeded,
    RuntimeMissing,
)

if TYPE_CHECKING:
    from neurovoyance.node.runtime.model_check import ModelFacts
    from neurovoyance.verification.canonical import Array

_STDOUT, _STDERR = 1, 2


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


def main() -> None:
    """Serve one task and end the process."""
    entered = confinement.enter()
    reporter = Reporter()
    try:
        _import_engine()
        reporter.send("ready", confinement=entered)
        line = sys.stdin.buffer.readline()
        if line:  # an empty line is the end of the parent, or of its interest
            os.close(sys.stdin.fileno())
            _serve(Task.from_line(line), entered, reporter)
    except NeurovoyanceError as error:
        reporter.send("error", error=error.to_wire())
    except MemoryError:
        reporter.send("error", error=_exceeded("memory_bytes").to_wire())
    except Exception as error:  # noqa: BLE001 - the process boundary: nothing may cross unwired
        text = f"The child process failed with {type(error).__name__}: {error}"[:1000]
        reporter.send("error", error=InternalError(text).to_wire())
    # No interpreter shutdown: a broken engine could hang in it, and nothing is left to save.
    os._exit(0)


def _import_engine() -> None:
    try:
        from neurovoyance.node.runtime import model_check, session  # noqa: F401
    except ImportError as error:
        raise RuntimeMissing(f"The engine cannot be loaded: {error}.") from error


def _serve(task: Task, entered: confinement.Report, reporter: Reporter) -> None:
    from neurovoyance.node.runtime.model_check import check_model

    # Opened first: once locked in, this process can open no file for writing.
    output = -1
    if task.partial_path is not None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        output = os.open(task.partial_path, flags, 0o600)
    readable = [task.model_path] + ([task.input_path] if task.input_path else [])
    mapped_bytes = sum(_size_bytes(path) for path in readable)
    held = confinement.lock(entered, task.limits, readable, mapped_bytes)
    confinement.require_no_network(held)

    reporter.phase(Phase.CHECKING)
    facts = check_model(task.model_path)
    if task.input_path is None:
        _probe(task, facts, reporter)
    else:
        _run(task, facts, output, reporter)


def _probe(task: Task, facts: ModelFacts, reporter: Reporter) -> None:
    from neurovoyance.node.runtime.session import Session

    reporter.phase(Phase.LOADING)
    session = Session(facts.graph_path, task.profile, task.limits)
    reporter.send(
        "probed",
        inputs=[asdict(spec) for spec in session.inputs],
        outputs=[asdict(spec) for spec in session.outputs],
        opsets=facts.opsets,
        node_count=facts.node_count,
        model_bytes=facts.model_bytes,
        external_bytes=sum(facts.external.values()),
    )


def _run(task: Task, facts: ModelFacts, output: int, reporter: Reporter) -> None:
    from neurovoyance.node.runtime.input_check import check_inputs
    from neurovoyance.node.runtime.session import Session, describe_given, read_inputs

    if task.input_path is None:
        raise InternalError("A run was asked for without an input.")
    reporter.phase(Phase.LOADING)
    started = time.monotonic()
    session = Session(facts.graph_path, task.profile, task.limits)
    model_load_ms = round((time.monotonic() - started) * 1000)
    wanted = session.select(task.output_names)
    feed = read_inputs(task.input_path)
    check_inputs(session.inputs, describe_given(feed))

    reporter.phase(Phase.RUNNING)
    arrays = session.run(feed, wanted)

    reporter.phase(Phase.WRITING)
    tensors = _write(output, wanted, arrays)
    reporter.send(
        "done",
        tensors=[asdict(meta) for meta in tensors],
        cpu_ms=round(sum(os.times()[:2]) * 1000),
        peak_memory_bytes=_peak_memory_bytes(),
        model_load_ms=model_load_ms,
    )


def _write(output: int, wanted: Sequence[TensorSpec], arrays: Sequence[Array]) -> list[TensorMeta]:
    from neurovoyance.verification.canonical import encode_chunks, has_non_finite, tensor_type

    tensors = []
    for spec, array in zip(wanted, arrays, strict=True):
        if has_non_finite(array):
            raise NonFiniteOutput(
                f"The output {spec.name!r} holds NaN or infinity; it was thrown away.",
                hint="The job is invalid and is refunded; check the model and its input.",
                output=spec.name,
            )
        tensors.append(TensorMeta(spec.name, tensor_type(array.dtype).name, array.shape))
    try:
        with os.fdopen(output, "wb") as file:
            for array in arrays:
                for piece in encode_chunks(array):
                    file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _exceeded("file_bytes") from error
        raise ExecutionError(f"The output could not be written ({error.strerror}).") from error
    return tensors


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


def _size_bytes(path: Path) -> int:
    """Return the size of a file, or of everything in a directory; 0 if it does not exist."""
    if path.is_dir():
        return sum(item.lstat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    main()
