"""Files that go into a warm child's own directory, and the output that comes out of it.

Place: in the node's own process, between ``confined`` and a child that stays. Such a child opens
files for writing only once, so its output is one file written anew; what is delivered is a copy,
made while the child is stopped and checked afterwards. Never: leave an input or an output of one
execution where the next could read it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from neurovoyance.node.runtime.base import Limits, ModelInfo, OnProgress
from neurovoyance.node.runtime.outfile import copy_range
from neurovoyance.node.runtime.sandbox import Sandbox, exceeded
from neurovoyance.node.runtime.wire import Done, Kind, Task
from neurovoyance.protocol.errors import ExecutionError

INBOX: Final = "inbox"
OUTPUT: Final = "output"


async def serve_staying(
    sandbox: Sandbox, task: Task, locked: Limits, on_progress: OnProgress | None
) -> Done | ModelInfo:
    """Serve a task with a child that stays, and leave a copy of its output at the partial name.

    Args:
        sandbox: serves this model alone.
        task: with the limits of this execution.
        locked: limits with which the child was locked in, or will be.
        on_progress: hears of phases.

    Raises:
        ExecutionError, SpecError: as :meth:`.sandbox.Sandbox.serve`; the child is of no use then.
    """
    inside = await asyncio.to_thread(admit, replace(task, limits=locked), sandbox.directory)
    result = await sandbox.serve(inside, on_progress, limits=task.limits)
    if task.partial_path is not None and task.kind is Kind.RUN:
        await asyncio.to_thread(hand_over, sandbox.directory, task.partial_path, task.limits)
    return result


def admit(task: Task, directory: Path) -> Task:
    """Put the inputs of a task into a child's directory and return the task with their names there.

    Linked where the disk is the same, else copied. A missing input is left out: the child says so.

    Raises:
        ExecutionError: the directory cannot be written.
    """
    inbox = directory / INBOX
    paths = []
    try:
        inbox.mkdir(mode=0o700, exist_ok=True)
        for number, source in enumerate(task.input_paths):
            target = inbox / str(number)
            paths.append(target)
            if source.is_file():
                _link_or_copy(source, target)
    except OSError as error:
        raise ExecutionError(f"An input could not be handed over ({error.strerror}).") from error
    return replace(
        task,
        input_paths=tuple(paths),
        partial_path=directory / OUTPUT,
        inbox=inbox,
        nonce=secrets.token_hex(16),
    )


def hand_over(directory: Path, target: Path, limits: Limits) -> None:
    """Copy the output of a stopped child to a new file, and clear the child's directory.

    Raises:
        ResourceExceeded: the output is larger than the limit of this execution.
        ExecutionError: it could not be copied.
    """
    try:
        source = os.open(directory / OUTPUT, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size_bytes = os.fstat(source).st_size
            if size_bytes > limits.file_bytes:
                raise exceeded("file_bytes", limits)
            copy_range(source, target, 0, size_bytes)
        finally:
            os.close(source)
        clear(directory)
    except OSError as error:
        raise ExecutionError(f"The output could not be copied ({error.strerror}).") from error


def clear(directory: Path) -> None:
    """Remove what an execution left in a child's directory."""
    for path in (directory / INBOX).iterdir():
        path.unlink()
    os.truncate(directory / OUTPUT, 0)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
