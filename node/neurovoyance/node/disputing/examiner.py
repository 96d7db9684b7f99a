"""Look through claimed tensors in a confined child: what a challenger finds, what a referee votes.

Place: between ``seeking``, ``judging`` and the child. The child asks for tensors by row and for
single operators; this side fetches and runs them, within one limit on time for everything. Never:
parse a model or a claimed tensor here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.sandbox import child_command, clean_environment
from neurovoyance.protocol.audit import PointKind, RefereeVote
from neurovoyance.protocol.errors import (
    ExecutionError,
    NeurovoyanceError,
    VerificationError,
    from_wire,
)
from neurovoyance.verification.pointing import Point
from neurovoyance.verification.refereeing import Judgement

_CHILD: Final = "neurovoyance.node.disputing.examiner_child"
_LINE_BYTES: Final = 1 << 20
QUESTIONS_MAX: Final = 1_000_000
MANIFEST_NAME: Final = "theirs.json"
OWN_MANIFEST_NAME: Final = "own.json"

FetchRow: TypeAlias = Callable[[int], Awaitable[bool]]
"""Puts the tensor of a row into the folder as ``<row>.tensor``; False if it is not served."""

RunOperator: TypeAlias = Callable[[int, Sequence[tuple[str, "int | None"]]], Awaitable[str]]
"""Runs the operator of a row on inputs, each of a row or of the job; returns a file's name."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What lies ready for an examination.

    Attributes:
        model, given: files of model and input.
        folder: holds the manifests; tensors are put there.
        rows: operators that a trace of the model lists.
        root: of the provider's trace, 32 bytes.
        limits: of the child; ``wall_time_s`` counts fetching too.
    """

    dispute_id: int
    model: Path
    given: Path
    folder: Path
    rows: int
    root: bytes
    is_exact: bool
    limits: Limits


class Examiner:
    """Runs examinations, one child each."""

    async def judge(
        self, trial: Trial, kind: PointKind, row: int, fetch: FetchRow, run: RunOperator
    ) -> Judgement:
        """Return the vote on a row that was pointed at.

        Raises:
            VerificationError: it could not be judged; says nothing about the provider.
        """
        task = {"task": "judge", "kind": int(kind), "row": row}
        found = await self._serve(trial, task, fetch, run)
        return Judgement(RefereeVote(found["vote"]), str(found["why"]))

    async def seek(
        self, trial: Trial, own_root: bytes, fetch: FetchRow, run: RunOperator
    ) -> Point | None:
        """Return what to point at, or None; our own listing lies in the folder.

        Raises:
            VerificationError: the trace could not be looked through.
        """
        task = {"task": "seek", "own_manifest": OWN_MANIFEST_NAME, "own_root": own_root.hex()}
        found = await self._serve(trial, task, fetch, run)
        if not found:
            return None
        return Point(PointKind(found["kind"]), int(found["row"]), str(found["why"]))

    async def _serve(
        self, trial: Trial, task: dict[str, Any], fetch: FetchRow, run: RunOperator
    ) -> dict[str, Any]:
        line = json.dumps(task | _common(trial)).encode() + b"\n"
        process = await asyncio.create_subprocess_exec(
            *child_command(_CHILD),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_BYTES,
            cwd=trial.folder,
            env=clean_environment(trial.folder),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(trial.limits.wall_time_s):
                return await _converse(process, line, fetch, run)
        except TimeoutError:
            raise VerificationError("The examination took too long; it was ended.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _common(trial: Trial) -> dict[str, Any]:
    paths = [trial.model, trial.given]
    return {
        "dispute_id": str(trial.dispute_id),
        "model": str(trial.model.absolute()),
        "input": str(trial.given.absolute()),
        "folder": str(trial.folder.absolute()),
        "manifest": MANIFEST_NAME,
        "rows": trial.rows,
        "root": trial.root.hex(),
        "is_exact": trial.is_exact,
        "limits": asdict(replace(trial.limits, threads=1)),
        "mapped_bytes": sum(_size_bytes(path) for path in paths) + trial.limits.file_bytes,
    }


async def _converse(
    process: asyncio.subprocess.Process, first: bytes, fetch: FetchRow, run: RunOperator
) -> dict[str, Any]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise ExecutionError("The child process has no pipes.")
    stdin.write(first)
    for _ in range(QUESTIONS_MAX):
        try:
            event = json.loads(await stdout.readline())
        except ValueError:
            raise VerificationError("The examination died; nothing was found.") from None
        if "done" in event:
            done: dict[str, Any] = event["done"]
            return done
        if "error" in event:
            raise VerificationError(from_wire(event["error"]).message)
        answer = await _answer(event, fetch, run)
        stdin.write(json.dumps(answer).encode() + b"\n")
    raise VerificationError("The examination asked too much; it was ended.")


async def _answer(event: dict[str, Any], fetch: FetchRow, run: RunOperator) -> dict[str, Any]:
    row = int(event["row"])
    if event.get("ask") == "row":
        return {"ok": await fetch(row)}
    try:
        return {"file": await run(row, [(str(name), at) for name, at in event["inputs"]])}
    except NeurovoyanceError as error:
        return {"why": error.message}


def _size_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(item.lstat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size
