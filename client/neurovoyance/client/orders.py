"""What is known of an order: its terms, its attempts, their events; and how attempts are planned.

Place: under :mod:`.jobs`, which acts on it. Reads the journal, never the chain. Never: a decision
on money; planning an attempt signs and sends nothing.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurovoyance.client import hiring
from neurovoyance.client.deposits import OnDeposit
from neurovoyance.client.errors import NotHired
from neurovoyance.client.journal import Attempt, Order, Status, StoredEvent
from neurovoyance.client.nodes import Quote, known_nodes
from neurovoyance.client.phases import OnPhase, Phase, PhaseUpdate
from neurovoyance.client.results import Revealed
from neurovoyance.client.session import Session
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import ModelManifest

log = logging.getLogger(__name__)

_EVENT_TRIES = 20


class OrderView:
    """One order as the journal knows it."""

    def __init__(self, session: Session, order_id: str) -> None:
        self._session = session
        self.order_id = order_id
        self._told: set[tuple[bytes, Phase]] = set()
        self._on_phase: OnPhase | None = None
        self.on_deposit: OnDeposit | None = None

    # --- what it is ---

    @property
    def order(self) -> Order:
        """What was asked for."""
        return self._session.journal.order(self.order_id)

    @property
    def attempts(self) -> list[Attempt]:
        """Every job that was, or was to be, sent for this order; oldest first."""
        return self._session.journal.attempts(self.order_id)

    @property
    def current(self) -> Attempt:
        """The newest attempt."""
        return self.attempts[-1]

    @property
    def id(self) -> str:
        """Job id of the newest attempt, ``0x`` hex."""
        return hex_of(self.current.job_id)

    @property
    def manifest(self) -> ModelManifest:
        """Manifest of the model."""
        return ModelManifest.model_validate_json(self.order.manifest)

    @property
    def provider(self) -> str:
        """Address of the provider of the newest attempt; empty while nobody is assigned."""
        event = self._event("JobAssigned")
        return str(event.body["provider"]) if event else ""

    @property
    def result_path(self) -> Path:
        """File in which the checked result is, or will be, kept."""
        return self._session.result_path(self.current.job_id)

    def _set(self, attempt: Attempt, status: Status, note: str = "") -> Attempt:
        self._session.journal.set_status(attempt.job_id, status, note)
        return self._session.journal.attempt(attempt.job_id) or attempt

    def _event(self, *names: str, of: Attempt | None = None) -> StoredEvent | None:
        attempt = of or self.current
        for event in reversed(self._session.journal.events_of(attempt.job_id)):
            if event.name in names:
                return event
        return None

    async def _await_event(self, *names: str) -> StoredEvent | None:
        """Wait a little until the follower has an event that is on chain already."""
        version = self._session.follower.version
        for _ in range(_EVENT_TRIES):
            if event := self._event(*names):
                return event
            version = await self._session.follower.changed(version, 1.0)
        return None

    def _event_of_state(self, state: JobState) -> StoredEvent | None:
        names = {
            JobState.OPEN: "JobPosted",
            JobState.ASSIGNED: "JobAssigned",
            JobState.COMMITTED: "JobCommitted",
            JobState.DRAWN: "SeedDrawn",
            JobState.AUDITED: "AuditOpened",
        }
        return self._event(names[state])

    def _is_audited(self) -> bool:
        drawn = self._event("SeedDrawn")
        return bool(drawn and drawn.body["audited"])

    def _provider_of(self, attempt: Attempt) -> str:
        assigned = self._event("JobAssigned", of=attempt)
        return str(assigned.body["provider"]) if assigned else ""

    def _result_sources(self) -> list[str]:
        nodes = known_nodes(self._session.journal)
        ours = [node.endpoint for node in nodes if node.provider == self.provider]
        return ours or [node.endpoint for node in nodes]

    def _tell(self, phase: Phase, *, tx: StoredEvent | None = None, detail: str = "") -> None:
        attempt = self.current
        if (attempt.job_id, phase) in self._told:
            return
        self._told.add((attempt.job_id, phase))
        log.info("job.%s job_id=%s", phase.value, hex_of(attempt.job_id))
        if self._on_phase is not None:
            self._on_phase(
                PhaseUpdate(
                    phase=phase,
                    job_id=hex_of(attempt.job_id),
                    detail=detail,
                    provider=self.provider,
                    tx_hash=tx.tx_hash if tx else "",
                )
            )


async def plan_and_journal(
    session: Session, plan: hiring.Plan, terms: dict[str, Any], quote: Quote | None = None
) -> Attempt:
    """Plan an attempt by the order's terms and write it down; nothing is sent yet.

    Args:
        session: whose order.
        plan: which attempt.
        terms: of the order.
        quote: answers of the nodes to this very spec, if they were asked already.

    Raises:
        NotHired: no node makes an acceptable offer.
    """
    max_price_wei = int(terms["max_price_wei"])
    attempt: Attempt
    if terms["hire"] == "offer" or plan.avoid:
        try:
            preset = preset_of(terms.get("preset", Preset.CHEAPEST))
            if quote is None:
                quote = await hiring.ask_nodes(
                    session, plan.spec, max_price_wei, plan.avoid, preset
                )
            plan = replace(plan, preset=preset, max_price_wei=max_price_wei)
            attempt = hiring.plan_offer(session, plan, quote)
        except NotHired:
            if terms["hire"] == "offer":
                raise
            attempt = await _listing(session, plan, terms, max_price_wei)
    else:
        attempt = await _listing(session, plan, terms, max_price_wei)
    try:
        session.journal.add_attempt(attempt)
    except sqlite3.IntegrityError:
        # Another process of this client made the same attempt at the same moment; join it.
        return session.journal.attempts(plan.order_id)[-1]
    return attempt


async def _listing(
    session: Session, plan: hiring.Plan, terms: dict[str, Any], max_price_wei: int
) -> Attempt:
    deadline_s = await session.chain.time_s() + int(terms["listing_s"])
    return hiring.plan_listing(session, plan, max_price_wei=max_price_wei, deadline_s=deadline_s)


def new_order(
    session: Session, order_id: str, spec: JobSpec, manifest: ModelManifest, terms: dict[str, Any]
) -> Order:
    """Write down an order and return it."""
    order = Order(
        order_id=order_id,
        made_s=int(time.time()),
        terms={**terms, "spec": spec.model_dump(mode="json")},
        manifest=manifest.canonical_bytes(),
    )
    session.journal.add_order(order)
    return order


def revealed_of(event: StoredEvent) -> Revealed:
    """Return what an event ``JobRevealed`` or ``AuditContested`` published."""
    body = event.body
    return Revealed(
        job_id=event.job_id or b"",
        out_root=bytes.fromhex(body["out_root"][2:]),
        envelope_cid=bytes.fromhex(body["envelope_cid"][2:]),
        result_key=bytes.fromhex(body["result_key"][2:]),
        # A contested job has no window of its own yet: the dispute gives it one.
        deadline_s=int(body.get("deadline_s", 0)),
    )
