"""What a dispute is about, on this disk: the job as it was listed, its model and its input.

Place: between ``hearing`` and intake. A job that this node never saw is looked up on chain; its
files are fetched like those of any job, within the same limits. Never: a job whose spec does not
belong to the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.intake import KEEP_S, HeldJob, Intake
from neurovoyance.node.key_seeker import KeySeeker
from neurovoyance.node.output_file import Compared
from neurovoyance.node.records import PostedJob, posted_job
from neurovoyance.protocol.audit import DisputeFacts
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.offer_exchange import Refusal


@dataclass(frozen=True, slots=True)
class Material:
    """A job ready to be looked into.

    Attributes:
        posted_block: in which the job was listed.
        sources: gateways that may have its content, the provider's own first.
        shift: of the projection, as committed.
    """

    job: PostedJob
    posted_block: int
    held: HeldJob
    sources: tuple[str, ...]
    compared: Compared
    shift: int

    @property
    def is_exact(self) -> bool:
        """Whether outputs are compared bit by bit."""
        return self.job.spec.job_class is JobClass.EXACT


@dataclass(frozen=True, slots=True)
class Registrar:
    """Brings material together; ``seeker`` gets keys of private inputs."""

    court: CourtSide
    intake: Intake
    content: Content
    seeker: KeySeeker | None = None

    async def sources(self, facts: DisputeFacts, job: PostedJob | None = None) -> tuple[str, ...]:
        """Return the gateways to ask: the provider's endpoint, then those of the client."""
        endpoint = await self.court.endpoint_of(facts.provider)
        named = [endpoint, *(job.sources if job else ())]
        return tuple(self.content.usable(url for url in named if url))

    async def job(self, facts: DisputeFacts) -> tuple[PostedJob, int]:
        """Return the job as it was listed, and the block.

        Raises:
            VerificationError: its listing cannot be found, or is another than the facts name.
            ChainError: the chain could not be read.
        """
        event = await self.court.posted(facts.job_id)
        if event is None:
            raise VerificationError("The listing of the job cannot be found.")
        job = posted_job(event)
        if job.spec.model_id != facts.model_id or int(job.spec.job_class) != facts.job_class:
            raise VerificationError("The listing of the job is another than the dispute names.")
        return job, event.meta.block_number

    async def material(self, facts: DisputeFacts) -> Material:
        """Return everything at hand to repeat the job or a part of it.

        Raises:
            IntakeRefused: this machine cannot take the job.
            StorageError, Unreachable: model or input could not be had now.
            VerificationError: see :meth:`job`.
        """
        job, block = await self.job(facts)
        sources = await self.sources(facts, job)
        if self.seeker is not None:
            held = await self.seeker.hold(job, sources)
        else:
            held = await self.intake.hold(job.spec, sources, KEEP_S, client=job.client)
        if isinstance(held, Refusal):
            raise IntakeRefused(held.cause, held.message)
        record = await self.court.contracts.market.job(job.job_id)
        compared = Compared.of(held.manifest, job.spec.job_class)
        return Material(job, block, held, sources, compared, record.shift)
