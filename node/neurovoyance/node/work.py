"""The node's own work on a job: check it, run it, let it go.

Place: between ``agent`` and intake, runtime, storage. Each method obeys one instruction and
returns the event that answers it; what another attempt may cure is an ``ActionFailed``. Never: a
send, or a second opening for a job that has one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.bench import Bench, NoRoom, OutOfTime
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.defence import ROOM_RETRY_S, Defence
from neurovoyance.node.execution_values import (
    Action,
    ActionDone,
    ActionFailed,
    CheckFailed,
    CheckPassed,
    Event,
    OutputSealed,
    OutputUnsound,
)
from neurovoyance.node.fitting import InputKeyMissing, IntakeRefused, refusal_of
from neurovoyance.node.intake import KEEP_S, HeldJob, Intake
from neurovoyance.node.logs import log_event
from neurovoyance.node.offering import PricePolicy, quote
from neurovoyance.node.output_file import Compared
from neurovoyance.node.records import PostedJob
from neurovoyance.node.result import seal
from neurovoyance.node.runtime.base import ExecutionCancelled, Runtime
from neurovoyance.protocol.errors import (
    InputMismatch,
    NetworkError,
    NeurovoyanceError,
    NonFiniteOutput,
    ResourceExceeded,
    RuntimeMissing,
    StorageError,
    UnsupportedModel,
)
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause

CHECK_ATTEMPTS = 6
CHECKS_AT_ONCE = 8
RETRY_MAX_S = 60

_ROOM = (RefusalCause.MEMORY, RefusalCause.DISK)
_HOPELESS = (InputMismatch, UnsupportedModel, RuntimeMissing, ResourceExceeded)


@dataclass(slots=True)
class Work:
    """Obeys the local instructions of one node.

    Attributes:
        outputs: folder of output files, which live until the envelope is stored.
        envelope_keep_s: how long results stay pinned.
        bench: where models run.
        defence: answers audits of our own jobs.
    """

    chain: ChainSide
    intake: Intake
    runtime: Runtime
    storage: EmbeddedBackend
    policy: PricePolicy
    outputs: Path
    envelope_keep_s: int
    max_jobs: int
    bench: Bench = field(init=False)
    defence: Defence = field(init=False)
    _checks: asyncio.Semaphore = field(init=False)
    _failed_checks: Counter[JobId] = field(init=False)

    def __post_init__(self) -> None:
        self.bench = Bench(self.chain, self.intake, self.runtime, self.outputs, self.max_jobs)
        self.defence = Defence(self.bench, self.storage, self.chain.journal)
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._failed_checks = Counter()

    async def check(self, job: PostedJob) -> Event:
        """Decide whether a listed job is for this node, and hold its files."""
        terms = quote(self.policy, job.spec, job.max_price_wei, job.min_lock_wei, job.client)
        if isinstance(terms, Refusal):
            return CheckFailed(terms)
        refusal = await self.chain.refusal_of_audit(job.spec, terms)
        if refusal is not None:
            return CheckFailed(refusal)
        try:
            async with self._checks:
                held = await self.intake.hold(job.spec, job.sources, client=job.client)
        except InputKeyMissing as error:
            # A listing: nobody sends a key for it, so asking again is in vain.
            return CheckFailed(Refusal(cause=RefusalCause.INPUT, message=error.message))
        except (StorageError, NetworkError) as error:
            self._failed_checks[job.job_id] += 1
            failures = self._failed_checks[job.job_id]
            reason = refusal_of(error)
            if failures >= CHECK_ATTEMPTS and reason is not None:
                del self._failed_checks[job.job_id]
                return CheckFailed(reason)
            log_event(logging.WARNING, "check_failed", job_id=job.job_id, error=error)
            return ActionFailed(Action.CHECK, retry_s=min(2**failures, RETRY_MAX_S))
        self._failed_checks.pop(job.job_id, None)
        return CheckFailed(held) if isinstance(held, Refusal) else CheckPassed(terms)

    async def run(self, job: PostedJob, finish_by_s: int) -> Event:
        """Execute an assigned job and seal its output; an output sealed before is found again."""
        sealed = self.chain.journal.sealed(job.job_id)
        if sealed is not None:
            return OutputSealed(sealed.commitment)
        try:
            held = await self.intake.hold(job.spec, job.sources, KEEP_S, client=job.client)
            if isinstance(held, Refusal):
                return _no_room(job) if held.cause in _ROOM else _hopeless(job, held.message)
            await self.bench.compute(job, held, self._output_path(job), finish_by_s=finish_by_s)
            # The next job computes while this one's output is sealed.
            return await self._seal(job, held)
        except NonFiniteOutput as error:
            log_event(logging.WARNING, "output_not_finite", job_id=job.job_id, error=error)
            return OutputUnsound()
        except ExecutionCancelled:
            return ActionFailed(Action.RUN, is_counted=False)
        except OutOfTime:
            return ActionFailed(Action.RUN, is_hopeless=True)
        except NoRoom:
            return _no_room(job)
        except _HOPELESS as error:
            return _hopeless(job, error.message)
        except (StorageError, NetworkError) as error:
            # Taken with its content held, so it can be had again: worth trying until time is up.
            log_event(logging.WARNING, "run_delayed", job_id=job.job_id, error=error)
            return ActionFailed(Action.RUN, is_counted=False, retry_s=ROOM_RETRY_S)
        except NeurovoyanceError as error:
            log_event(logging.WARNING, "run_failed", job_id=job.job_id, error=error)
            return ActionFailed(Action.RUN)

    async def _seal(self, job: PostedJob, held: HeldJob) -> OutputSealed:
        output_path = self._output_path(job)
        keep_until_s = int(time.time()) + self.envelope_keep_s
        opening = await seal(
            output_path,
            len(held.manifest.committed()),
            Compared.of(held.manifest, job.spec.job_class),
            job.job_id,
            self.storage,
            keep_until_s,
        )
        sealed = self.chain.journal.fix_opening(
            job.job_id, opening, self.chain.commitment(job.job_id, opening)
        )
        await asyncio.to_thread(output_path.unlink, missing_ok=True)
        return OutputSealed(sealed.commitment)

    def _output_path(self, job: PostedJob) -> Path:
        return self.outputs / f"{hex_of(job.job_id)}.nvyt"

    async def reassure(self, job: PostedJob) -> None:
        """Make sure that a job's files are held before it is accepted, and stay.

        Raises:
            IntakeRefused: they are not fit after all.
            StorageError, Unreachable: they could not be had now.
        """
        held = await self.intake.hold(job.spec, job.sources, KEEP_S, client=job.client)
        if isinstance(held, Refusal):
            raise IntakeRefused(held.cause, held.message)

    def cancel(self, job_id: JobId) -> None:
        """End the execution of a job, if one runs."""
        for name in ("", "-recheck"):
            self.bench.pool.cancel(f"{hex_of(job_id)}{name}")

    async def release(self, job: PostedJob, is_input_shared: bool) -> Event:
        """Let the files of an ended job go; the envelope stays until its pin expires."""
        self._failed_checks.pop(job.job_id, None)
        await asyncio.to_thread(self._output_path(job).unlink, missing_ok=True)
        if not is_input_shared:
            try:
                await self.intake.release(job.spec)
            except NeurovoyanceError as error:
                log_event(logging.WARNING, "release_failed", job_id=job.job_id, error=error)
        return ActionDone(Action.RELEASE)


def _hopeless(job: PostedJob, why: str) -> ActionFailed:
    log_event(logging.ERROR, "run_impossible", job_id=job.job_id, cause=why)
    return ActionFailed(Action.RUN, is_hopeless=True)


def _no_room(job: PostedJob) -> ActionFailed:
    """The owner uses the machine just now; that may change before the deadline."""
    log_event(logging.WARNING, "run_waits_for_room", job_id=job.job_id)
    return ActionFailed(Action.RUN, is_counted=False, retry_s=ROOM_RETRY_S)
