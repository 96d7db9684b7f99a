"""The local work of disputes, with patience and deadlines: trace, seek, judge.

Place: between ``duty`` and the three parts. What can be had later is asked for again as long as
there is time; near the deadline what is not served counts as not served, and what cannot be judged
is abstained from. The result is fixed in the casebook, in words too. Never: a send.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.node.disputing.casebook import FINDING, vote_name
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.duty import NotYet
from neurovoyance.node.disputing.forms import Finding
from neurovoyance.node.disputing.judging import Judge
from neurovoyance.node.disputing.material import Material, Registrar
from neurovoyance.node.disputing.seeking import Seeker
from neurovoyance.node.disputing.tracing import Defender, pin_name
from neurovoyance.node.disputing.values import Case, DisputeView, Wanted
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.audit import DisputePhase, RefereeVote
from neurovoyance.protocol.errors import ChainError, NeurovoyanceError
from neurovoyance.verification.refereeing import Judgement

RESERVE_S = 30
"""Kept of the time to a deadline for fixing and sending."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is not there is asked for again, in seconds.

    Attributes:
        final_s: before the deadline, from when on the last word is said.
        retry_s: pause between attempts.
    """

    final_s: int = 300
    retry_s: int = 15


@dataclass(slots=True)
class DisputeHearing:
    """Does the work of :class:`~neurovoyance.node.disputing.duty.Hearing`."""

    court: CourtSide
    registrar: Registrar
    content: Content
    defender: Defender
    seeker: Seeker
    judging: Judge
    patience: Patience = field(default_factory=Patience)
    _inputs: dict[bytes, bytes] = field(default_factory=dict)

    async def trace(self, case: Case, view: DisputeView) -> None:
        """Run the model and fix the trace, or why there can be none."""
        material = await self._material(case)
        left_s = await self._left_s(view)
        folder = self._folder(case) / "trace"
        await self.defender.prepare(material, case.facts, folder, left_s)

    async def seek(self, case: Case, view: DisputeView) -> None:
        """Look through the posted trace and fix what to point at, or that there is nothing."""
        posted = await self.court.trace(case.facts)
        if posted is None:
            raise NotYet("The trace is not to be seen on the chain yet.")
        material = await self._material(case)
        left_s = await self._left_s(view)
        folder = self._folder(case) / "seek"
        is_last = left_s <= self.patience.final_s
        found = await self.seeker.seek(
            material, case.facts, posted, folder, left_s, is_last=is_last
        )
        if not found:
            why = "Part of the trace is not served; we ask again."
            raise NotYet(why, retry_s=self.patience.retry_s)
        await self.content.clear(folder)

    async def judge(self, case: Case, view: DisputeView, want: Wanted) -> None:
        """Judge what was pointed at or claimed; fix the vote of the level, or our own finding."""
        left_s = await self._left_s(view)
        folder = self._folder(case) / "judge"
        folder.mkdir(exist_ok=True, mode=0o700)
        found = await self._judgement(case, folder, left_s)
        is_vote = view.phase is DisputePhase.VOTE
        name = vote_name(want.level) if is_vote else FINDING
        salt = secrets.token_bytes(32) if is_vote else bytes(32)
        key = case.facts.facts_hash()
        fixed = self.court.book.fix(key, name, Finding(found.vote, found.reason, salt))
        log_event(
            logging.INFO,
            "judged",
            dispute_id=case.facts.dispute_id,
            job_id=case.facts.job_id,
            why=fixed.why,
        )
        await self.content.clear(folder)

    async def _judgement(self, case: Case, folder: Path, left_s: int) -> Judgement:
        is_last = left_s <= self.patience.final_s
        try:
            found = await self.judging.judge(case.facts, folder, left_s)
        except ChainError:
            raise
        except NeurovoyanceError as error:
            if not is_last:
                raise NotYet(error.message, retry_s=self.patience.retry_s) from error
            return Judgement(RefereeVote.ABSTAIN, f"We cannot judge it: {error.message}")
        if found.vote is RefereeVote.UNAVAILABLE and not is_last:
            raise NotYet(found.reason, retry_s=self.patience.retry_s)
        return found

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return the inputs of disputes that are not released."""
        return frozenset(self._inputs.values())

    async def release(self, case: Case) -> None:
        """Stop serving what was claimed in a dispute, and remove its files."""
        self._inputs.pop(case.facts.facts_hash(), None)
        await self.content.withdraw(pin_name(case.facts))
        await self.content.clear(self._folder(case))

    async def _material(self, case: Case) -> Material:
        material = await self.registrar.material(case.facts)
        self._inputs[case.facts.facts_hash()] = material.job.spec.input_cid
        return material

    async def _left_s(self, view: DisputeView) -> int:
        now_s = await self.court.contracts.client.time_s()
        return max(1, view.deadline_s - now_s - RESERVE_S)

    def _folder(self, case: Case) -> Path:
        facts = case.facts
        return self.content.place(f"{facts.dispute_id}-{facts.facts_hash()[:6].hex()}")
