"""The challenger's part: look through a posted trace and find the one row to point at.

Place: under ``hearing``. Own trace first, then the listing, then tensors one operator at a time.
Nothing found is a finding too: the dispute is let lapse, and the bond with it, since pointing at
what is right would cost the same and accuse somebody falsely. Never: a point that a referee could
not repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.events import TracePosted
from neurovoyance.ipfs.cid import PROBE
from neurovoyance.node.disputing.casebook import NOTHING, POINT, Casebook
from neurovoyance.node.disputing.claims import Claimed, ClaimedTrace
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.examiner import OWN_MANIFEST_NAME, Examiner, Trial
from neurovoyance.node.disputing.forms import PointPlan, Reason
from neurovoyance.node.disputing.material import Material
from neurovoyance.node.disputing.projections import NotServed, Projections
from neurovoyance.node.disputing.tracing import OwnTrace, Tracer
from neurovoyance.protocol.audit import DisputeFacts, PointKind, TraceRow
from neurovoyance.verification.pointing import Point
from neurovoyance.verification.trace import TraceManifest

NO_ROW = TraceRow(0, bytes(32), 0, (bytes(32), bytes(32)))
"""Stands for z0 and zTrace, which no row of the tree holds."""

_NOTHING = (
    "Nothing in the trace can be pointed at: every operator gives its claimed output from its "
    "claimed inputs. We let the dispute lapse, and with it our bond if we gave one."
)


@dataclass(frozen=True, slots=True)
class Seeker:
    """Looks for what to point at."""

    tracer: Tracer
    content: Content
    examiner: Examiner
    claims: Claimed
    projections: Projections
    book: Casebook

    async def seek(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        folder: Path,
        wall_time_s: int,
        *,
        is_last: bool,
    ) -> bool:
        """Fix what to point at, or that there is nothing.

        Args:
            folder: emptied, then used for both traces.
            wall_time_s: real seconds that all of it may take.
            is_last: point at what is not served, since there is no time to try again.

        Returns:
            False if something is not served now and there is time to try again.

        Raises:
            NeurovoyanceError: it could not be found out now.
        """
        await self.content.empty(folder)
        claimed = await self.claims.listing(facts, posted, material.sources, folder)
        if claimed is None:
            if is_last:
                self._miss(facts, 0, "The listing of the trace is not served.")
            return is_last
        own_folder = folder / "own"
        await self.content.empty(own_folder)
        own = await self.tracer.run(material, facts, own_folder, wall_time_s)
        try:
            point = await self._forged(material, facts, posted, claimed)
        except NotServed as error:
            if not is_last:
                return False
            row = error.context.get("row")
            point = None if row is None else Point(PointKind.MISSING_ROW, row, error.message)
        if point is None:
            trial = self._trial(material, facts, posted, folder, wall_time_s)
            point = await self._examined(trial, own, material, claimed)
        if point is not None and point.kind is PointKind.MISSING_ROW and not is_last:
            return False
        self._fix(facts, claimed, point)
        return True

    def _miss(self, facts: DisputeFacts, row: int, why: str) -> None:
        missing = TraceRow(row, bytes(32), 0, NO_ROW.z16)
        self.book.fix(facts.facts_hash(), POINT, PointPlan(PointKind.MISSING_ROW, missing, (), why))

    async def _forged(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        claimed: ClaimedTrace,
    ) -> Point | None:
        if material.is_exact:
            return None
        why = await self.projections.forged(material, facts, posted, claimed)
        return None if not why else Point(PointKind.FORGED_PROJECTION, None, why)

    def _trial(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        folder: Path,
        wall_time_s: int,
    ) -> Trial:
        return Trial(
            dispute_id=facts.dispute_id,
            model=material.held.model.path,
            given=material.held.input_path,
            folder=folder,
            rows=facts.rows,
            root=posted.root,
            is_exact=material.is_exact,
            limits=self.tracer.limits(wall_time_s),
        )

    async def _examined(
        self, trial: Trial, own: OwnTrace, material: Material, claimed: ClaimedTrace
    ) -> Point | None:
        names: Sequence[str] = [str(PROBE)] * len(own.paths)  # our own tensors are not for others
        listed = TraceManifest(trial.dispute_id, own.trace, tuple(names))
        path = trial.folder / OWN_MANIFEST_NAME
        await asyncio.to_thread(path.write_bytes, listed.canonical_bytes())
        return await self.examiner.seek(
            trial, own.trace.root, claimed.fetch_row, claimed.runner(material)
        )

    def _fix(self, facts: DisputeFacts, claimed: ClaimedTrace, point: Point | None) -> None:
        key = facts.facts_hash()
        if point is None:
            self.book.fix(key, NOTHING, Reason(_NOTHING))
            return
        trace = claimed.listed.trace
        row = NO_ROW if point.row is None else trace.rows[point.row]
        has_proof = point.row is not None and point.kind is not PointKind.MISSING_ROW
        proof = tuple(trace.proof(row.index)) if has_proof else ()
        self.book.fix(key, POINT, PointPlan(point.kind, row, proof, point.reason))
