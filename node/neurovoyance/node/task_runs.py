"""Computes the tasks of a batch, one warm session, in order; what fails ends the batch there.

Place: between ``task_desk`` and the bench. A place of computation is taken for one task at a time,
so that jobs with deadlines wait for a task and not for a batch. What is delivered is always a
prefix: whoever slips in a task that fails pays for those before it. Never: an output of a task
behind one that failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.bench import Bench
from neurovoyance.node.farm.pool import Order
from neurovoyance.node.fitting import IntakeRefused, check_given, refusal_of
from neurovoyance.node.input_files import header_of
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.output_file import map_tensors
from neurovoyance.node.runtime.base import Profile
from neurovoyance.protocol.errors import NeurovoyanceError, ResourceExceeded
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.tasks import OUTPUT_MAX_BYTES, REPLY_MAX_BYTES, Task
from neurovoyance.verification.repeats import roots_of

SEAL_S: Final = 0.1
"""Outputs are hashed so often while tasks run, several at once: a thread each costs too much."""

Outcome = tuple[bytes, bytes] | Refusal
"""Output root and numeric root of a task, 32 bytes each, or why there are none."""


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task whose input is on this disk; ``given`` is None while only its CID is known."""

    task: Task
    hash: bytes
    given: Path | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of a batch: roots and files of its first tasks, and why it ended there."""

    roots: tuple[tuple[bytes, bytes], ...]
    paths: tuple[Path, ...]
    ended: Refusal | None


async def compute(
    bench: Bench,
    model: HeldJob,
    tasks: Sequence[HeldTask],
    folder: Path,
    *,
    sources: Sequence[str],
    client: str,
    left_s: float,
    on_done: Callable[[int], None],
) -> Delivered:
    """Compute tasks until one fails or the time is over.

    Args:
        bench: places of computation.
        model: model and manifest of every task.
        tasks: in order.
        folder: for outputs; its name is unique among those that run.
        sources: where inputs named by CID can be fetched.
        client: whose tasks they are.
        left_s: longest time for all of them.
        on_done: told how many are computed.
    """
    batch = _Batch(bench, model, folder, sources, client, time.monotonic() + left_s)
    outcomes: list[Outcome | None] = [None] * len(tasks)
    waiting = iter(range(len(tasks)))
    unsealed: list[int] = []
    all_ran = asyncio.Event()
    is_over = False

    async def seal() -> None:
        nonlocal is_over
        while not (all_ran.is_set() and not unsealed):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(all_ran.wait(), SEAL_S)
            group = [(index, tasks[index]) for index in unsealed]
            unsealed.clear()
            if not group:
                continue
            for (index, _), found in zip(group, await batch.sealed(group), strict=True):
                outcomes[index] = found
                is_over = is_over or isinstance(found, Refusal)
            on_done(sum(item is not None for item in outcomes))

    async def work() -> None:
        nonlocal is_over
        for index in waiting:
            refusal = None if is_over else await batch.computed(index, tasks[index])
            if is_over or refusal is not None:
                outcomes[index] = refusal
                is_over = True
                return
            unsealed.append(index)

    # The next tasks compute while the outputs of those before are hashed.
    async with asyncio.TaskGroup() as both:
        both.create_task(seal())
        async with asyncio.TaskGroup() as places:
            for _ in range(min(bench.places, len(tasks))):
                places.create_task(work())
        all_ran.set()
    return _prefix(outcomes, [batch.output(index) for index in range(len(tasks))])


def _prefix(outcomes: Sequence[Outcome | None], paths: Sequence[Path]) -> Delivered:
    roots: list[tuple[bytes, bytes]] = []
    size_bytes = 0
    for outcome, path in zip(outcomes, paths, strict=True):
        if isinstance(outcome, Refusal):
            return Delivered(tuple(roots), tuple(paths[: len(roots)]), outcome)
        if outcome is None:
            break
        size_bytes += path.stat().st_size
        if size_bytes > REPLY_MAX_BYTES:
            break
        roots.append(outcome)
    ended = None
    if len(roots) < len(outcomes):
        ended = Refusal(
            cause=RefusalCause.DISK, message="The outputs would be longer than one reply may be."
        )
    return Delivered(tuple(roots), tuple(paths[: len(roots)]), ended)


@dataclass(slots=True)
class _Batch:
    bench: Bench
    model: HeldJob
    folder: Path
    sources: Sequence[str]
    client: str
    ends_at: float

    def output(self, index: int) -> Path:
        return self.folder / f"{self.folder.name[:24]}-{index}.nvyt"

    async def computed(self, index: int, held: HeldTask) -> Refusal | None:
        """Run one task; return why it could not."""
        try:
            given = await self._input(held)
            left_s = self.ends_at - time.monotonic()
            if left_s < 1:
                return Refusal(cause=RefusalCause.TIME, message="The time of the batch is over.")
            await self.bench.compute_task(self._order(index, held, given, left_s))
        except IntakeRefused as error:
            return error.refusal
        except NeurovoyanceError as error:
            return _told(error)
        return None

    async def sealed(self, group: Sequence[tuple[int, HeldTask]]) -> list[Outcome]:
        """Return the roots of outputs that were computed, or why one has none."""
        return await asyncio.to_thread(lambda: [self._sealed(*item) for item in group])

    def _sealed(self, index: int, held: HeldTask) -> Outcome:
        try:
            return self._roots(self.output(index), held)
        except NeurovoyanceError as error:
            return _told(error)

    def _roots(self, path: Path, held: HeldTask) -> tuple[bytes, bytes]:
        if path.stat().st_size > OUTPUT_MAX_BYTES:
            raise ResourceExceeded(
                f"The output of a task has at most {OUTPUT_MAX_BYTES:,} bytes.", limit="file_bytes"
            )
        job_class = held.task.spec.job_class
        return roots_of(self.model.manifest, job_class, map_tensors(path), held.hash)

    async def _input(self, held: HeldTask) -> Path:
        if held.given is not None:
            return held.given
        found = await self.bench.intake.hold(held.task.spec, self.sources, client=self.client)
        if isinstance(found, Refusal):
            raise IntakeRefused(found.cause, found.message)
        return found.input_path

    def _order(self, index: int, held: HeldTask, given: Path, left_s: float) -> Order:
        spec, manifest = held.task.spec, self.model.manifest
        return Order(
            execution_id=f"task-{self.output(index).stem}",
            model_path=self.model.model.path,
            input_path=given,
            output_path=self.output(index),
            output_names=tuple(tensor.name for tensor in manifest.committed()),
            profile=Profile.C1 if spec.job_class is JobClass.EXACT else Profile.FAST,
            wall_time_s=max(1, min(spec.max_runtime_s, int(left_s))),
            left_s=left_s,
            model_cid=manifest.model_cid,
        )


async def hold_model(
    storage: EmbeddedBackend,
    intake: Intake,
    first: HeldTask,
    sources: Sequence[str],
    client: str,
) -> HeldJob | Refusal:
    """Hold the model of a batch, by way of its first task, as jobs are held.

    An input that came as bytes is put into the store for the look, and let go after it: what a
    client sent to this node alone is not offered to peers.

    Raises:
        StorageError, Unreachable: the content could not be had now.
    """
    spec = first.task.spec
    if first.given is None:
        return await intake.hold(spec, sources, client=client)
    is_new = not await storage.has(Cid.from_bytes(spec.input_cid))
    await storage.add(first.given, copy=True)
    try:
        return await intake.hold(spec, sources, client=client)
    finally:
        if is_new:
            await intake.release(spec)


def check_inputs_of(model: HeldJob, tasks: Sequence[HeldTask]) -> Refusal | None:
    """Compare the headers of all inputs that are here with the manifest; blocking."""
    for index, held in enumerate(tasks):
        if held.given is None:
            continue
        try:
            check_given(held.task.spec, model.manifest, header_of(held.given))
        except IntakeRefused as error:
            return _at(index, error.refusal)
        except NeurovoyanceError as error:
            return _at(index, _told(error))
    return None


def _at(index: int, refusal: Refusal) -> Refusal:
    return Refusal(cause=refusal.cause, message=f"Input {index}: {refusal.message}"[:1_000])


def _told(error: NeurovoyanceError) -> Refusal:
    known = refusal_of(error)
    return known or Refusal(cause=RefusalCause.RUNTIME, message=error.message[:1_000])
