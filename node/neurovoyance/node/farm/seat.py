"""One seat of a worker: takes a task from the queue, computes it in the sandbox, reports once.

Place: in a worker's process, the other end of ``queued``. Order: look whether the order still
stands, claim it, beat while it runs, report. Whoever lost the claim or the order stops and says
nothing. Never: a key of the chain, a second report, or a model outside the sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from redis.asyncio import Redis
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential

from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.farm.broker import REDIS_ERRORS
from neurovoyance.node.farm.messages import Report, Task, Tensor, Usage
from neurovoyance.node.farm.names import Names
from neurovoyance.node.farm.parcel import BYTES_MOST, Parcel, is_held, pack, reachable, unpack
from neurovoyance.node.logs import log_event
from neurovoyance.node.runtime.base import Limits, RunOutput, RunRequest
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.warm import note_use
from neurovoyance.protocol.errors import (
    InternalError,
    NeurovoyanceError,
    ResourceExceeded,
    RuntimeMissing,
    StorageNotFound,
)

REPORT_S = 3_600
REPORT_TRIES_S = 900.0
KEEP_S = 2 * 86_400
"""How long a model stays on a worker's disk after its last use."""


class Fetcher(Protocol):
    """Gets content by CID."""

    async def fetch(self, cid: Cid, path: Path) -> None:
        """Write the file or directory of a CID to a path, whole or not at all."""
        ...


@dataclass(frozen=True, slots=True)
class SeatSettings:
    """How a seat works.

    Attributes:
        name: of this worker; told in reports.
        farm: which queue.
        folder: for models, inputs and outputs of its own.
        shared: folders that this machine and the agent's both see, at the same path.
        beat_s: time between two signs of life.
        lost_after_s: how long a claim lasts without one.
        bytes_most: outputs up to this size travel inside reports.
        turn_down_s: pause before a task is handed back that came while the seat rests, so that it
            is not tossed back and forth while the worker stops listening.
    """

    name: str
    farm: str
    folder: Path
    shared: tuple[Path, ...] = ()
    beat_s: float = 2.0
    lost_after_s: float = 15.0
    bytes_most: int = BYTES_MOST
    turn_down_s: float = 1.0


class Seat:
    """Computes tasks one after another or at once, as they come.

    Args:
        settings: see above.
        redis: made by :func:`.broker.connect`, which loses no cancellation.
        runtimes: what computes, by engine; whoever made them closes them.
        limits: what a run of so many seconds may take now.
        fetcher: gets models from peers; None where there are none.

    Attributes:
        is_resting: the machine is needed by its owner, so every task is handed back.
    """

    def __init__(
        self,
        settings: SeatSettings,
        redis: Redis,
        runtimes: Mapping[Engine, ConfinedRuntime],
        limits: Callable[[int], Limits],
        fetcher: Fetcher | None = None,
    ) -> None:
        self._settings = settings
        self._names = Names(settings.farm)
        self._redis = redis
        self._runtimes = runtimes
        self._limits = limits
        self._fetcher = fetcher
        self._working: set[asyncio.Task[Report]] = set()
        self.is_resting = False
        for name in ("models", "work"):
            (settings.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    async def serve(self, task: Task) -> bool:
        """Compute a task and report it; False if it was not this worker's to compute."""
        if not await self._is_wanted(task) or not await self._claim(task):
            log_event(logging.INFO, "task_passed_over", execution_id=task.execution_id)
            return False
        if self.is_resting:
            await asyncio.sleep(self._settings.turn_down_s)
            await self._hand_back(task)
            return False
        work = asyncio.create_task(self._compute(task))
        beat = asyncio.create_task(self._beat(task, work))
        self._working.add(work)
        try:
            report = await work
        except asyncio.CancelledError:
            if not work.cancelled():
                raise
            report = None
        finally:
            self._working.discard(work)
            work.cancel()
            beat.cancel()
            await asyncio.gather(work, beat, return_exceptions=True)
        if report is not None:
            await self._report(report)
        elif self.is_resting:
            await self._hand_back(task)
        else:
            log_event(logging.INFO, "task_withdrawn", execution_id=task.execution_id)
        return report is not None

    def rest(self) -> None:
        """Hand back what runs, and from now on whatever comes. Repeatable."""
        self.is_resting = True
        for work in self._working:
            work.cancel()

    def resume(self) -> None:
        """Compute again what comes. Repeatable."""
        self.is_resting = False

    async def expect(self, task: Task) -> None:
        """Fetch a model and load it into a warm child; what fails is left undone."""
        if self.is_resting:
            return
        try:
            model = await self._model(task.model)
            await self._runtime(task).expect(
                self._request(task, model, model, model), self._limits(task.wall_time_s)
            )
        except (NeurovoyanceError, OSError) as error:
            log_event(logging.INFO, "model_not_loaded_ahead", cause=str(error)[:200])

    async def _is_wanted(self, task: Task) -> bool:
        """Look at the order's mark; if Redis lost it, the agent restores it or sends again."""
        mark = await self._redis.get(self._names.mark(task.execution_id))
        return mark is None or mark == str(task.token)

    async def _claim(self, task: Task) -> bool:
        key = self._names.claim(task.execution_id, task.token)
        expires_ms = int(self._settings.lost_after_s * 1000)
        return bool(await self._redis.set(key, self._settings.name, nx=True, px=expires_ms))

    async def _beat(self, task: Task, work: asyncio.Task[Report]) -> None:
        """Show that this task is alive, and end it when the order does not stand any more."""
        names, expires_ms = self._names, int(self._settings.lost_after_s * 1000)
        for number in itertools.count():
            with contextlib.suppress(*REDIS_ERRORS):
                pipe = self._redis.pipeline(transaction=False)
                pipe.set(
                    names.claim(task.execution_id, task.token), self._settings.name, px=expires_ms
                )
                pipe.set(
                    names.beat(task.execution_id, task.token),
                    f"{self._settings.name}:{number}",
                    px=expires_ms,
                )
                await pipe.execute()
                if not await self._is_wanted(task):
                    work.cancel()
                    return
            await asyncio.sleep(self._settings.beat_s)

    async def _compute(self, task: Task) -> Report:
        name = f"{task.execution_id}.{task.token}"
        work = self._settings.folder / "work" / name
        try:
            await asyncio.to_thread(work.mkdir, mode=0o700, exist_ok=True)
            model = await self._model(task.model)
            given = await self._input(task, work)
            output = self._output_path(task, work)
            runtime = self._runtime(task)
            limits = self._limits(task.wall_time_s)
            done = await runtime.run(self._request(task, model, given, output), limits)
            return await asyncio.to_thread(self._success, task, done)
        except NeurovoyanceError as error:
            return self._failure(task, error)
        except Exception as error:
            # The boundary of a worker: without a report the agent would wait for its silence and
            # send the order that meets this defect to one worker after another.
            logging.getLogger(__name__).exception("defect in a task")
            return self._failure(task, InternalError(f"A worker failed: {type(error).__name__}."))
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    def _runtime(self, task: Task) -> ConfinedRuntime:
        runtime = self._runtimes.get(task.engine)
        if runtime is None:
            raise RuntimeMissing(f"This worker does not run the engine {task.engine.value!r}.")
        return runtime

    def _request(self, task: Task, model: Path, given: Path, output: Path) -> RunRequest:
        return RunRequest(
            model_path=model,
            input_path=given,
            output_path=output,
            output_names=task.output_names,
            profile=task.profile,
            execution_id=f"{task.execution_id}.{task.token}",
            is_shared=task.is_shared,
        )

    async def _model(self, parcel: Parcel) -> Path:
        """Return where the model lies on this machine, fetched once."""
        found = await asyncio.to_thread(reachable, parcel, self._settings.shared)
        if found is not None:
            return found
        path = self._settings.folder / "models" / f"{parcel.digest}{Path(parcel.path).suffix}"
        if not await asyncio.to_thread(is_held, parcel, path):
            await asyncio.to_thread(_purge, path.parent)
            await self._bring(parcel, path)
        await asyncio.to_thread(note_use, path)
        return path

    async def _input(self, task: Task, work: Path) -> Path:
        if task.input is None:
            raise StorageNotFound("The task came without an input.")
        found = await asyncio.to_thread(reachable, task.input, self._settings.shared)
        if found is not None:
            return found
        await self._bring(task.input, work / "input")
        return work / "input"

    async def _bring(self, parcel: Parcel, path: Path) -> None:
        """Get files that no shared folder holds: from the message, or from peers."""
        # Other seats may bring the same model at the same time; whoever comes first is right.
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        if not await asyncio.to_thread(unpack, parcel, partial):
            if parcel.cid is None or self._fetcher is None:
                raise StorageNotFound(
                    f"A file of {parcel.size_bytes} bytes cannot be reached from this worker.",
                    hint="Share the agent's data folder with --shared, or name a peer with --peer.",
                )
            await self._fetcher.fetch(Cid.from_text(parcel.cid), partial)
        if not await asyncio.to_thread(is_held, parcel, partial):
            await asyncio.to_thread(_remove, partial)
            raise StorageNotFound("A file came that is not the one that was announced.")
        await asyncio.to_thread(_settle, parcel, partial, path)

    def _output_path(self, task: Task, work: Path) -> Path:
        """Return where the output is written: beside its final name if both sides see that."""
        final = Path(task.output_path).resolve()
        is_seen = any(final.is_relative_to(root.resolve()) for root in self._settings.shared)
        if is_seen and final.parent.is_dir():
            return final.with_name(f".{final.name}.{task.token}.part")
        return work / "output"

    def _success(self, task: Task, done: RunOutput) -> Report:
        parcel = pack(done.output_path, bytes_most=self._settings.bytes_most)
        is_shared = done.output_path.name.startswith(".")
        if not is_shared and parcel.files[0].data is None:
            raise ResourceExceeded(
                f"The output of {parcel.size_bytes} bytes cannot reach the agent.",
                hint="Share the agent's data folder with the worker: --shared.",
                limit="bytes_most",
            )
        tensors = tuple(Tensor(**asdict(meta)) for meta in done.tensors)
        return Report(
            execution_id=task.execution_id,
            token=task.token,
            worker=self._settings.name,
            output=parcel,
            tensors=tensors,
            usage=Usage(**asdict(done.usage)),
            engine=done.engine[:100],
        )

    def _failure(self, task: Task, error: NeurovoyanceError) -> Report:
        log_event(logging.WARNING, "task_failed", execution_id=task.execution_id, error=error)
        return Report(
            execution_id=task.execution_id,
            token=task.token,
            worker=self._settings.name,
            error=error.to_wire(),
        )

    async def _hand_back(self, task: Task) -> None:
        """Let the agent send the order again at once, to whoever listens."""
        log_event(logging.INFO, "task_handed_back", execution_id=task.execution_id)
        await self._report(
            Report(
                execution_id=task.execution_id,
                token=task.token,
                worker=self._settings.name,
                is_handed_back=True,
            )
        )

    async def _report(self, report: Report) -> None:
        """Leave the report, waiting out a Redis that is away."""
        key = self._names.report(report.execution_id, report.token)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(REDIS_ERRORS),
            wait=wait_exponential(0.1, max=5.0),
            stop=stop_after_delay(REPORT_TRIES_S),
            reraise=True,
        ):
            with attempt:
                await self._redis.set(key, report.to_json(), nx=True, ex=REPORT_S)


def _settle(parcel: Parcel, partial: Path, path: Path) -> None:
    """Give files that were compared their name, unless they lie there already."""
    if is_held(parcel, path):
        _remove(partial)
        return
    if path.is_dir():
        # Moved before it goes: another seat that settles the same files never meets half of them.
        with contextlib.suppress(FileNotFoundError):
            path.replace(aside := partial.with_suffix(".old"))
            _remove(aside)
    try:
        partial.replace(path)
    except OSError:
        _remove(partial)
        if not is_held(parcel, path):  # what stands there is what another seat just settled
            raise


def _purge(models: Path) -> None:
    """Remove models that no task has used for days."""
    oldest_s = time.time() - KEEP_S
    for path in models.iterdir():
        # Seats share the folder: what another settles or removes meanwhile is gone.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_atime < oldest_s:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
