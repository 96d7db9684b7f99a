"""Where models run: the places of computation that jobs, audits and checks share.

Place: between ``work``, ``defence``, ``audit_work`` and the runtime. A place is waited for in the
order of asking; time spent waiting counts, since deadlines do not wait. Never: a decision about
what a failure means, or a run that could not end in time.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.held_models import HeldModels
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.logs import log_event
from neurovoyance.node.records import PostedJob
from neurovoyance.node.runtime.base import Profile, RunRequest, Runtime
from neurovoyance.protocol.errors import ExecutionError
from neurovoyance.protocol.job_spec import JobClass

RUN_MIN_S = 1


class OutOfTime(ExecutionError):
    """There is no time left for a run before its deadline; it was not started."""

    code = "execution.out_of_time"


class NoRoom(ExecutionError):
    """Memory or disk do not suffice at this moment: the owner uses the machine."""

    code = "execution.no_room"


@dataclass(slots=True)
class Bench:
    """The places of computation of one node.

    Attributes:
        outputs: folder of output files.
        places: runs at once.
        held: is told what was loaded, and how long that took.
    """

    chain: ChainSide
    intake: Intake
    runtime: Runtime
    outputs: Path
    places: int
    held: HeldModels = field(default_factory=HeldModels)
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.outputs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._free = asyncio.Semaphore(self.places)

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
        if profile is None:
            # Bytes are compared only in EXACT; elsewhere honest runs may differ in the last bits.
            profile = Profile.C1 if job.spec.job_class is JobClass.EXACT else Profile.FAST
        async with self._free:
            left_s = finish_by_s - await self.chain.time_s()
            if left_s < RUN_MIN_S:
                raise OutOfTime("The deadline is too near to start a run.", left_s=left_s)
            await self._run(job, held, path, profile, min(job.spec.max_runtime_s, left_s))

    async def _run(
        self, job: PostedJob, held: HeldJob, path: Path, profile: Profile, wall_time_s: int
    ) -> None:
        request = RunRequest(
            model_path=held.model.path,
            input_path=held.input_path,
            output_path=path,
            output_names=tuple(tensor.name for tensor in held.manifest.committed()),
            profile=profile,
            execution_id=path.stem,
        )
        try:
            limits = self.intake.run_limits(wall_time_s)
        except ExecutionError as error:
            raise NoRoom(error.message, **error.context) from error
        log_event(logging.INFO, "run_started", job_id=job.job_id, profile=profile.value)
        output = await self.runtime.run(request, limits)
        self.held.note(job.spec.model_id, output.usage.model_load_ms)
        log_event(
            logging.INFO,
            "run_finished",
            job_id=job.job_id,
            wall_ms=output.usage.wall_ms,
            peak_memory_bytes=output.usage.peak_memory_bytes,
        )

    def cancel(self, path: Path) -> None:
        """End the run whose output would go to ``path``, if there is one."""
        self.runtime.cancel(path.stem)
