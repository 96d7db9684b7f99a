"""The confined process that stays: one model, loaded once, for one input after another.

Place: in the child, under ``child``, when the task names an inbox. The first task decides what the
process may read for good: the model and the inbox, into which the parent puts one input at a time.
The output is one file, opened before the locks and written anew for each task; the parent copies
it. Between tasks the process is stopped by its parent. Never: another model, another
configuration, or a second task after a model that draws random numbers.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Phase
from neurovoyance.node.runtime.child import (
    Job,
    Reporter,
    open_output,
    report_done,
    run_inputs,
    size_bytes,
    writing,
)
from neurovoyance.node.runtime.wire import Kind, Task

if TYPE_CHECKING:
    from neurovoyance.node.runtime.engine import EngineModule

INBOX_BYTES: Final = 1 << 30
"""Address space kept for inputs that come later; they are mapped while they are read."""


def serve(
    task: Task, module: EngineModule, entered: confinement.Report, reporter: Reporter
) -> None:
    """Serve tasks for one model until the parent closes the pipe.

    Raises:
        ConfinementUnavailable: nothing keeps this process off the network.
        NeurovoyanceError: a task failed; the process is of no further use.
    """
    from neurovoyance.node.runtime.engine import select

    output = open_output(task)
    inbox = task.inbox
    readable = [task.model_path] if inbox is None else [task.model_path, inbox]
    mapped_bytes = size_bytes(task.model_path) + INBOX_BYTES
    held = confinement.lock(entered, task.limits, readable, mapped_bytes, counts_cpu=False)
    confinement.require_no_network(held)
    reporter.phase(Phase.CHECKING)
    facts = module.check(task.model_path)
    spent_s = 0.0
    with writing(output) as file:
        job = Job(task, facts, file, reporter, module)
        reporter.phase(Phase.LOADING)
        session = job.load(task.output_names)
        wanted = select(session.outputs, task.output_names)
        while True:
            if job.task.kind is Kind.RUN:
                run_inputs(job, session, wanted)
                file.flush()
            report_done(job, spent_before_s=spent_s, stays=not facts.draws)
            spent_s = sum(os.times()[:2])
            line = b"" if facts.draws else sys.stdin.buffer.readline()
            if not line:
                return
            job = Job(Task.from_line(line), facts, _emptied(file), reporter, module)
            reporter.phase(Phase.CHECKING)
            reporter.phase(Phase.LOADING)


def _emptied(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    file.truncate()
    return file
