"""Where models run: the places of computation that jobs, audits and checks share.

Place: between ``work``, ``defence``, ``audit_work`` and the pool of executions: this machine, or a
farm of workers. A place is waited for in the order of asking; time spent waiting counts, since
deadlines do not wait. Never: a decision about what a failure means, or a run that could not end in
time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.farm.pool import ExecutionPool, Order
from neurovoyance.node.farm.pool import NoRoom as NoRoom
from neurovoyance.node.farm.pool import OutOfTime as OutOfTime
from neurovoyance.node.held_models import HeldModels
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.logs import log_event
from neurovoyance.node.records import PostedJob
from neurovoyance.node.runtime.base import Profile, Runtime
from neurovoyance.protocol.job_spec import JobClass, JobSpec

RUN_MIN_S = 1


def _public(_job: PostedJob) -> bool:
    return False


@dataclass(slots=True)
class Bench:
    """The places of computation of one node.

    Attributes:
        outputs: folder of output files.
        places: runs at once.
        held: is told what was loaded, and how long that took.
        is_private: whether a job's input is private; such a run shares no process with others.
        pool: where runs go; by default to the runtime of this machine.
    """

    chain: ChainSide
    intake: Intake
    runtime: Runtime
    outputs: Path
    places: int
    held: HeldModels = field(default_factory=HeldModels)
    is_private: Callable[[PostedJob], bool] = _public
    pool: ExecutionPool = field(init=False)
    _free: asyncio.Semaphore = field(init=False)
    _expected: dict[Path, asyncio.Task[None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.outputs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._free = asyncio.Semaphore(self.places)
        self.pool = LocalPool(self.runtime, lambda wall_time_s: self.intake.run_limits(wall_time_s))

    async def compute(
        self,
        job: PostedJob,
        held: HeldJob,
        path: Path,
        *,
        finish_by_s: int,
        profile: Profile | None = None,
    ) -> None:
        """Run a job once and leave what a commitment covers at ``path``, whole or not at all.

        Args:
            job: what is computed.
            held: its files on this disk.
            path: of the output; its name without the suffix is the handle for :meth:`cancel`.
            finish_by_s: chain time at which the output has to be there.
            profile: how to run; by default C1 where bytes are compared, else the fastest way.

        Raises:
            OutOfTime, NoRoom: nothing was started.
            ExecutionError, SpecError: see :meth:`neurovoyance.node.runtime.base.Runtime.run`.
        """
        profile = profile or _profile_of(job.spec)
        async with self._free:
            left_s = finish_by_s - await self.chain.time_s()
            if left_s < RUN_MIN_S:
                raise OutOfTime("The deadline is too near to start a run.", left_s=left_s)
            order = _order_of(job.spec, held, path, profile, left_s)
            await self._run(job, replace(order, is_shared=not self.is_private(job)))

    async def _run(self, job: PostedJob, order: Order) -> None:
        log_event(logging.INFO, "run_started", job_id=job.job_id, profile=order.profile.value)
        output = await self.pool.execute(order)
        self.held.note(job.spec.model_id, output.usage.model_load_ms)
        log_event(
            logging.INFO,
            "run_finished",
            job_id=job.job_id,
            wall_ms=output.usage.wall_ms,
            peak_memory_bytes=output.usage.peak_memory_bytes,
        )

    async def compute_task(self, order: Order) -> None:
        """Compute one task of a batch; its place is free for a job before the next one.

        Raises:
            NoRoom: nothing was started.
            ExecutionError, SpecError: see :meth:`neurovoyance.node.runtime.base.Runtime.run`.
        """
        async with self._free:
            await self.pool.execute(order)

    def cancel(self, path: Path) -> None:
        """End the run whose output would go to ``path``, if there is one."""
        self.pool.cancel(path.stem)

    def expect(self, spec: JobSpec, held: HeldJob) -> None:
        """Have the model of a likely job loaded ahead, unless the places are taken."""
        model = held.model.path
        if self._free.locked() or model in self._expected:
            return
        path = self.outputs / f"expected-{spec.spec_hash().hex()[:16]}.nvyt"
        order = _order_of(spec, held, path, _profile_of(spec), spec.max_runtime_s)
        task = self._expected[model] = asyncio.create_task(self.pool.expect(order))
        task.add_done_callback(lambda _: self._expected.pop(model, None))

    async def close(self) -> None:
        """Give up what is only expected."""
        for task in list(self._expected.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _profile_of(spec: JobSpec) -> Profile:
    # Bytes are compared only in EXACT; elsewhere honest runs may differ in the last bits.
    return Profile.C1 if spec.job_class is JobClass.EXACT else Profile.FAST


def _order_of(spec: JobSpec, held: HeldJob, path: Path, profile: Profile, left_s: int) -> Order:
    return Order(
        execution_id=path.stem,
        model_path=held.model.path,
        input_path=held.input_path,
        output_path=path,
        output_names=tuple(tensor.name for tensor in held.manifest.committed()),
        profile=profile,
        wall_time_s=min(spec.max_runtime_s, left_s),
        left_s=float(left_s),
        model_cid=held.manifest.model_cid,
    )
