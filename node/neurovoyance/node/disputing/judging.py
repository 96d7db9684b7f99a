"""The referee's part: judge one point, or recompute one claim, and say why.

Place: under ``hearing``. A claim about a trace is judged in the examination, on tensors whose
hashes were checked; the others by exact recomputation from the revealed bytes. What is not served
counts against who has to serve it, but only after it was asked for again and again; what this
machine cannot judge is abstained from. Never: a look at anything but what was pointed at.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.events import Pointed, TracePosted
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.private_input import HEAD_BYTES, is_encrypted
from neurovoyance.node.disputing.claims import ROW_MAX_BYTES, Claimed, ClaimedTrace
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.examiner import Examiner, Trial
from neurovoyance.node.disputing.material import Material, Registrar
from neurovoyance.node.disputing.projections import BadEnvelope, NotServed, Projections
from neurovoyance.node.disputing.tracing import Tracer
from neurovoyance.node.key_seeker import KeyNotGiven
from neurovoyance.protocol.audit import DisputeFacts, DisputeKind, PointKind, RefereeVote
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canary_input import seed_of_cid
from neurovoyance.verification.refereeing import Judgement

CLEAR, GUILTY, ABSTAIN = RefereeVote.CLEAR, RefereeVote.GUILTY, RefereeVote.ABSTAIN
_NO_ROW = bytes(32)


@dataclass(frozen=True, slots=True)
class Judge:
    """Finds out what is true of one dispute."""

    court: CourtSide
    registrar: Registrar
    content: Content
    tracer: Tracer
    examiner: Examiner
    claims: Claimed
    projections: Projections

    async def judge(self, facts: DisputeFacts, folder: Path, wall_time_s: int) -> Judgement:
        """Return a vote on what is claimed.

        Args:
            folder: for what is fetched; what lies there is used again.
            wall_time_s: real seconds that all of it may take.

        Returns:
            UNAVAILABLE for what is not served now: ask again before it counts.

        Raises:
            NeurovoyanceError: it could not be judged now, for a reason of this machine or of the
                model's and the input's; no finding about the provider.
        """
        try:
            match facts.kind:
                case DisputeKind.WRONG_OUTPUT:
                    return await self._point(facts, folder, wall_time_s)
                case DisputeKind.UNAVAILABLE:
                    return await self._served(facts, folder)
                case _:
                    return await self._revealed(facts, folder)
        except KeyNotGiven as error:
            # Only the provider can give it, so its silence is no excuse for it.
            return Judgement(RefereeVote.UNAVAILABLE, error.message)

    # Without a trace.

    async def _revealed(self, facts: DisputeFacts, folder: Path) -> Judgement:
        material = await self.registrar.material(facts)
        count = len(material.held.manifest.committed())
        try:
            async with self.projections.opened(facts, material.sources, count, folder) as path:
                if facts.kind is DisputeKind.BAD_ENVELOPE:
                    return Judgement(CLEAR, "The envelope holds the committed output.")
                answers = await self.court.answers(facts.job_id, material.posted_block)
                why = await self.projections.false_answer(material, facts, answers, path)
        except NotServed as error:
            return Judgement(RefereeVote.UNAVAILABLE, error.message)
        except BadEnvelope as error:
            return Judgement(GUILTY, error.message)
        return Judgement(GUILTY, why) if why else Judgement(CLEAR, "Every answer is true.")

    async def _served(self, facts: DisputeFacts, folder: Path) -> Judgement:
        """Try to have the envelope and the input from the provider itself."""
        job, _ = await self.registrar.job(facts)
        sources = await self.registrar.sources(facts)
        revealed = await self.court.revealed(facts.job_id)
        is_seed = (
            seed_of_cid(job.spec.input_cid) is not None
        )  # nothing to serve: anybody expands it
        wanted = [] if is_seed else [("input", job.spec.input_cid, ROW_MAX_BYTES)]
        if revealed is not None:
            limit = self.projections.envelope_bytes
            wanted.insert(0, ("envelope", revealed.envelope_cid, limit))
        for name, cid, max_bytes in wanted:
            path = folder / f"served-{name}"
            if not await self.content.fetch(Cid.from_bytes(cid), path, sources, max_bytes):
                return Judgement(RefereeVote.UNAVAILABLE, f"The {name} is not served.")
        if not is_seed and await asyncio.to_thread(_is_private, folder / "served-input"):
            await self.registrar.material(facts)
        return Judgement(CLEAR, "Envelope and input are served.")

    # By trace.

    async def _point(self, facts: DisputeFacts, folder: Path, wall_time_s: int) -> Judgement:
        posted, pointed = await self.court.trace(facts), await self.court.pointed(facts)
        if posted is None or pointed is None:
            raise VerificationError("The trace or the point cannot be found on the chain.")
        material = await self.registrar.material(facts)
        claimed = await self.claims.listing(facts, posted, material.sources, folder)
        if claimed is None:
            why = "The listing of the trace is not served."
            return Judgement(RefereeVote.UNAVAILABLE, why)
        is_of_row = pointed.row.tensor_hash != _NO_ROW
        if pointed.kind is PointKind.FORGED_PROJECTION and not is_of_row:
            return await self._posted(material, facts, posted, claimed)
        return await self._row(material, facts, posted, pointed, claimed, wall_time_s)

    async def _posted(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        claimed: ClaimedTrace,
    ) -> Judgement:
        if material.is_exact:
            return Judgement(CLEAR, "An EXACT job has no z0 and no zTrace.")
        try:
            why = await self.projections.forged(material, facts, posted, claimed)
        except NotServed as error:
            return Judgement(RefereeVote.UNAVAILABLE, error.message)
        except BadEnvelope as error:
            return Judgement(GUILTY, error.message)
        return Judgement(GUILTY, why) if why else Judgement(CLEAR, "z0 and zTrace are true.")

    async def _row(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        pointed: Pointed,
        claimed: ClaimedTrace,
        wall_time_s: int,
    ) -> Judgement:
        listed = claimed.listed.trace.rows[pointed.row.index]
        if pointed.kind is not PointKind.MISSING_ROW and pointed.row != listed:
            why = "The row pointed at is not one of the trace, so there is nothing to judge."
            return Judgement(CLEAR, why)
        trial = Trial(
            dispute_id=facts.dispute_id,
            model=material.held.model.path,
            given=material.held.input_path,
            folder=claimed.folder,
            rows=facts.rows,
            root=posted.root,
            is_exact=material.is_exact,
            limits=self.tracer.limits(wall_time_s),
        )
        return await self.examiner.judge(
            trial, pointed.kind, pointed.row.index, claimed.fetch_row, claimed.runner(material)
        )


def _is_private(path: Path) -> bool:
    with path.open("rb") as file:
        return is_encrypted(file.read(HEAD_BYTES))
