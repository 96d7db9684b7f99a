"""The provider's side of an audit: answers from the bytes it committed to, and a second look.

Place: beside ``work``, under ``shell``. The output is opened from its envelope when a question
comes, answered from, and deleted again. After a failed audit the job is computed once more under
the reference profile: only what stands then is worth a bond. Never: an answer that was not fixed
in the journal, or one from other bytes than those committed to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.bench import Bench, NoRoom, OutOfTime
from neurovoyance.node.execution_values import Action, ActionFailed, Event, Rechecked
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.intake import KEEP_S, HeldJob
from neurovoyance.node.journal import Journal
from neurovoyance.node.logs import log_event
from neurovoyance.node.output_file import Compared, Words, answer_of_file
from neurovoyance.node.records import PostedJob
from neurovoyance.node.result import unseal
from neurovoyance.node.runtime.base import ExecutionCancelled, Profile
from neurovoyance.protocol.audit import AuditFacts, Outcome, seed_of_round, unpack_ints
from neurovoyance.protocol.errors import InternalError, NeurovoyanceError, NonFiniteOutput
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.offer_exchange import Refusal
from neurovoyance.verification.projection import NoVector
from neurovoyance.verification.tolerance import compare, compare_exact

ROOM_RETRY_S = 10


@dataclass(frozen=True, slots=True)
class Defence:
    """Answers audits of this node's own jobs."""

    bench: Bench
    storage: EmbeddedBackend
    journal: Journal

    async def answer(self, job: PostedJob, facts: AuditFacts, round_number: int) -> Words:
        """Return what we answer to a round, four words; fixed in the journal before it returns.

        Raises:
            StorageError: our own envelope cannot be read.
            InternalError: our output cannot be projected any more; it could when it was sealed.
        """
        seed = seed_of_round(facts.seed0, round_number)
        known = self.journal.answer_to(job.job_id, seed)
        if known is not None:
            return known
        held = await self._held(job)
        compared = Compared.of(held.manifest, job.spec.job_class)
        async with self.opened(job.job_id, f"answer-{round_number}") as path:
            words = await asyncio.to_thread(
                answer_of_file, path, compared, seed=seed, shift=facts.shift
            )
        if isinstance(words, NoVector):
            raise InternalError(f"Our own output has no answer: {words.reason}")
        return self.journal.fix_answer(job.job_id, seed, words)

    async def recheck(self, job: PostedJob, facts: AuditFacts, finish_by_s: int) -> Event:
        """Compute a job again under the reference profile, and say whether our output stands."""
        path = self.bench.outputs / f"{hex_of(job.job_id)}-recheck.nvyt"
        try:
            held = await self._held(job)
            await self.bench.compute(job, held, path, finish_by_s=finish_by_s, profile=Profile.C1)
            stands, why = await self._stands(job, facts, held, path)
        except NonFiniteOutput as error:
            stands, why = False, error.message
        except ExecutionCancelled:
            return ActionFailed(Action.RECHECK, is_counted=False)
        except NoRoom:
            return ActionFailed(Action.RECHECK, is_counted=False, retry_s=ROOM_RETRY_S)
        except OutOfTime:
            return ActionFailed(Action.RECHECK, is_hopeless=True)
        except NeurovoyanceError as error:
            log_event(logging.WARNING, "recheck_failed", job_id=job.job_id, error=error)
            return ActionFailed(Action.RECHECK)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        name = "output_stands" if stands else "output_does_not_stand"
        log_event(logging.WARNING, name, job_id=job.job_id, why=why)
        return Rechecked(stands)

    async def _stands(
        self, job: PostedJob, facts: AuditFacts, held: HeldJob, fresh: Path
    ) -> tuple[bool, str]:
        """Compare the committed output with a fresh one by the rule of the court."""
        compared = Compared.of(held.manifest, job.spec.job_class)
        async with self.opened(job.job_id, "recheck-own") as own:
            z0, z1 = [
                await asyncio.to_thread(
                    answer_of_file, path, compared, seed=facts.seed0, shift=facts.shift
                )
                for path in (own, fresh)
            ]
        if isinstance(z0, NoVector) or isinstance(z1, NoVector):
            return False, "One of the two outputs cannot be projected."
        if job.spec.job_class is JobClass.EXACT:
            stands = compare_exact(z0, z1) is Outcome.PASS
            return stands, "The bytes are equal." if stands else "The bytes differ."
        found = compare(unpack_ints(z0), unpack_ints(z1), tau_sq=facts.tau_sq)
        return (
            found.outcome is Outcome.PASS,
            f"Our output is {found.in_tau()} times the tolerance away from a fresh reference run.",
        )

    @asynccontextmanager
    async def opened(self, job_id: JobId, name: str) -> AsyncIterator[Path]:
        """Give the file of the tensors that we committed to, for as long as the context lasts.

        Args:
            name: tells files of one job apart that are open at once.

        Raises:
            InternalError: nothing was committed to.
            StorageError: the envelope is gone.
        """
        sealed = self.journal.sealed(job_id)
        if sealed is None:
            raise InternalError("The job has no opening in the journal.", job_id=hex_of(job_id))
        path = self.bench.outputs / f"{hex_of(job_id)}-{name}.nvyt"
        opening = sealed.opening
        try:
            await unseal(self.storage, opening.envelope_cid, opening.result_key, job_id, path)
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _held(self, job: PostedJob) -> HeldJob:
        held = await self.bench.intake.hold(job.spec, job.sources, KEEP_S, client=job.client)
        if isinstance(held, Refusal):
            raise IntakeRefused(held.cause, held.message)
        return held
