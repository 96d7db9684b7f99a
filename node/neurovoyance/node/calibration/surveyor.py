"""Ask a confined child what a model's graph says, and whether its operators can be judged.

Place: parent side of ``survey_child``; one child a question, ended after its answer. Never: parse
the model here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from neurovoyance.node.calibration.survey import Survey
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.sandbox import child_command, clean_environment
from neurovoyance.protocol.errors import ExecutionError, ResourceExceeded, from_wire

_CHILD: Final = "neurovoyance.node.calibration.survey_child"
_LINE_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging an honest trace found: why no referee could judge it, and why perhaps not."""

    faults: tuple[str, ...]
    doubts: tuple[str, ...]


async def survey(model: Path, limits: Limits, names: Sequence[str] = ()) -> Survey:
    """Return what the graph of a model says.

    Raises:
        UnsupportedModel: the file is no ONNX model, or damaged.
        ResourceExceeded: it went over the limits.
        ExecutionError: the child died.
    """
    found = await _ask(model, None, None, limits, names)
    return Survey.model_validate(found)


async def judge_trace(model: Path, given: Path, folder: Path, limits: Limits) -> Judged:
    """Judge every operator of a trace of an honest run, as referees would.

    Args:
        given: the input of the run.
        folder: its rows, ``<row>.tensor``.
    """
    found = await _ask(model, given, folder, limits, ())
    return Judged(tuple(map(str, found["faults"])), tuple(map(str, found["doubts"])))


async def _ask(
    model: Path, given: Path | None, folder: Path | None, limits: Limits, names: Sequence[str]
) -> dict[str, Any]:
    task = _task(model, given, folder, limits, names)
    with tempfile.TemporaryDirectory(prefix="neurovoyance-survey-") as own:
        process = await asyncio.create_subprocess_exec(
            *child_command(_CHILD),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_BYTES,
            cwd=own,
            env=clean_environment(Path(own)),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(limits.wall_time_s):
                return await _converse(process, task)
        except TimeoutError:
            raise ResourceExceeded(
                "Reading the model took too long; it was ended.", limit="wall_time_s"
            ) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _task(
    model: Path, given: Path | None, folder: Path | None, limits: Limits, names: Sequence[str]
) -> dict[str, Any]:
    paths = [path.absolute() for path in (model, given, folder) if path is not None]
    return {
        "model": str(model.absolute()),
        "input": str(given.absolute()) if given else "",
        "folder": str(folder.absolute()) if folder else "",
        "names": list(names),
        "limits": asdict(replace(limits, threads=1)),
        "mapped_bytes": sum(map(_size_bytes, paths)),
    }


async def _converse(process: asyncio.subprocess.Process, task: dict[str, Any]) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise ExecutionError("The child process has no pipes.")
    process.stdin.write(json.dumps(task).encode() + b"\n")
    try:
        event = json.loads(await process.stdout.readline())
    except ValueError:
        raise ExecutionError("The process that reads the model died; nothing was found.") from None
    if "error" in event:
        raise from_wire(event["error"])
    done: dict[str, Any] = event["done"]
    return done


def _size_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(item.lstat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size
