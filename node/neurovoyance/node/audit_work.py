"""The auditor's own work: repeat a job, and look at what its provider revealed.

Place: between ``auditing`` and intake, bench, storage. Data flow: facts and listing -> model and
input -> our output -> four words under the seed of the round; later envelope and key -> revealed
output -> the answer that it should have given. Never: a vote on a job that this machine could not
repeat, or a finding about bytes that were not the committed ones.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.audit_book import Result
from neurovoyance.node.audit_rules import CaseKey
from neurovoyance.node.bench import Bench
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.intake import KEEP_S, HeldJob
from neurovoyance.node.key_seeker import KeySeeker
from neurovoyance.node.logs import log_event
from neurovoyance.node.output_file import Compared, Words, answer_of_file, root_of_file
from neurovoyance.node.records import PostedJob
from neurovoyance.node.result import unseal
from neurovoyance.protocol.audit import (
    FLAG_NON_FINITE,
    FLAG_UNAVAILABLE,
    AuditFacts,
    DisputeKind,
    seed_of_round,
)
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    NonFiniteOutput,
    SpecError,
    StorageDecryptError,
    StorageError,
    Unreachable,
)
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.verification.projection import NoVector

NO_WORDS: Words = (bytes(32),) * 4
FETCH_RETRY_S = 5.0

_OURS = (RefusalCause.MEMORY, RefusalCause.DISK, RefusalCause.RUNTIME)
"""Refusals that say something about this machine, not about the job."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What our repetition came to: four words and the flags of :class:`.audit_rules.Vote`."""

    z1: Words
    flags: int


@dataclass(frozen=True, slots=True)
class Forgery:
    """A result that was revealed, and that no honest audit could have led to.

    Attributes:
        kind: FORGED_ANSWER, or BAD_ENVELOPE.
        job: as it was listed; a challenge names its spec and salt.
        facts: of the audit.
        slot, round: whose answer was forged.
        answer: what the provider answered there, four words.
        result: what it revealed: output root, envelope CID, key.
        why: one full sentence for people.
    """

    kind: DisputeKind
    job: PostedJob
    facts: AuditFacts
    slot: int
    round: int
    answer: Words
    result: Result
    why: str


@dataclass(frozen=True, slots=True)
class AuditWork:
    """Repeats jobs of others on this machine's bench; ``seeker`` gets keys of private inputs."""

    bench: Bench
    storage: EmbeddedBackend
    seeker: KeySeeker | None = None

    async def repeat(
        self,
        key: CaseKey,
        facts: AuditFacts,
        job: PostedJob,
        sources: Sequence[str],
        finish_by_s: int,
    ) -> Finding:
        """Compute a job as its auditor.

        Args:
            key: the round.
            facts: of the audit.
            job: as it was listed.
            sources: gateways that may have model and input.
            finish_by_s: chain time at which our commitment has to be made.

        Returns:
            Our projection; flag 2 if the inputs could not be had while a run was still possible,
            flag 4 if the output is not finite.

        Raises:
            IntakeRefused: this machine cannot run the job.
            OutOfTime, NoRoom: it cannot now.
            ExecutionError: the run failed.
        """
        last_start_s = finish_by_s - facts.max_runtime_s
        held = await self._fetched(job, sources, last_start_s)
        if held is None:
            return Finding(NO_WORDS, FLAG_UNAVAILABLE)
        path = self._path(key, "audit")
        try:
            await self.bench.compute(job, held, path, finish_by_s=finish_by_s)
            return await asyncio.to_thread(_finding, path, key, facts, held.manifest, job)
        except NonFiniteOutput as error:
            log_event(logging.WARNING, "audited_not_finite", job_id=key.job_id, error=error)
            return Finding(NO_WORDS, FLAG_NON_FINITE)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _fetched(
        self, job: PostedJob, sources: Sequence[str], last_start_s: int
    ) -> HeldJob | None:
        """Return the files of a job, or None when they could not be had in time."""
        while True:
            try:
                held = await self._held(job, sources)
            except (StorageError, Unreachable) as error:
                log_event(logging.WARNING, "audit_delayed", job_id=job.job_id, error=error)
            else:
                if isinstance(held, HeldJob):
                    return held
                if held.cause in _OURS:
                    raise IntakeRefused(held.cause, held.message)
                log_event(logging.WARNING, "inputs_unfit", job_id=job.job_id, why=held.message)
                return None
            if await self.bench.chain.time_s() >= last_start_s:
                return None
            await asyncio.sleep(FETCH_RETRY_S)

    async def _held(self, job: PostedJob, sources: Sequence[str]) -> HeldJob | Refusal:
        if self.seeker is not None:
            return await self.seeker.hold(job, sources)
        return await self.bench.intake.hold(job.spec, sources, KEEP_S, client=job.client)

    async def check(
        self,
        key: CaseKey,
        facts: AuditFacts,
        job: PostedJob,
        answer: Words,
        result: Result,
        sources: Sequence[str],
    ) -> Forgery | None:
        """Compare what was answered to us with what was revealed; None if all is in order.

        Raises:
            StorageError, Unreachable: the envelope could not be had; asking again may help.
            SpecError: the manifest is not the one of the job.
        """
        held = await self._held(job, sources)
        if isinstance(held, Refusal):
            raise IntakeRefused(held.cause, held.message)
        out_root, envelope_cid, result_key = result

        def forged(kind: DisputeKind, why: str) -> Forgery:
            return Forgery(kind, job, facts, key.slot, key.round, answer, result, why)

        path = self._path(key, "revealed")
        try:
            await unseal(
                self.storage,
                envelope_cid,
                result_key,
                key.job_id,
                path,
                sources=sources,
                max_bytes=2 * self.bench.intake.output_bytes,
            )
            count = len(held.manifest.committed())
            found = await asyncio.to_thread(root_of_file, path, count)
            if found != out_root:
                return forged(
                    DisputeKind.BAD_ENVELOPE, "The envelope holds another output than committed to."
                )
            if await asyncio.to_thread(_is_true, path, key, facts, held.manifest, job, answer):
                return None
            return forged(
                DisputeKind.FORGED_ANSWER,
                f"The answer in round {key.round} is not the projection of the revealed output.",
            )
        except StorageDecryptError as error:
            return forged(DisputeKind.BAD_ENVELOPE, error.message)
        except (SpecError, NonFiniteOutput) as error:
            return forged(
                DisputeKind.BAD_ENVELOPE, f"The envelope holds no valid output: {error.message}"
            )
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def release(self, job: PostedJob) -> None:
        """Let the input of an audited job go."""
        try:
            await self.bench.intake.release(job.spec)
        except NeurovoyanceError as error:
            log_event(logging.WARNING, "release_failed", job_id=job.job_id, error=error)

    def _path(self, key: CaseKey, name: str) -> Path:
        return self.bench.outputs / f"{hex_of(key.job_id)}-{name}-{key.slot}-{key.round}.nvyt"

    def cancel(self, job_id: JobId, slot: int, round_number: int) -> None:
        """End our run of a round, if there is one."""
        self.bench.cancel(self._path(CaseKey(job_id, slot, round_number), "audit"))


def _finding(
    path: Path, key: CaseKey, facts: AuditFacts, manifest: ModelManifest, job: PostedJob
) -> Finding:
    root_of_file(path, len(manifest.committed()))  # raises where the output is not finite
    words = _answer(path, key, facts, manifest, job)
    if isinstance(words, NoVector):
        return Finding(NO_WORDS, FLAG_NON_FINITE)
    return Finding(words, 0)


def _is_true(
    path: Path,
    key: CaseKey,
    facts: AuditFacts,
    manifest: ModelManifest,
    job: PostedJob,
    answer: Words,
) -> bool:
    return _answer(path, key, facts, manifest, job) == answer


def _answer(
    path: Path, key: CaseKey, facts: AuditFacts, manifest: ModelManifest, job: PostedJob
) -> Words | NoVector:
    compared = Compared.of(manifest, job.spec.job_class)
    seed = seed_of_round(facts.seed0, key.round)
    return answer_of_file(path, compared, seed=seed, shift=facts.shift)
