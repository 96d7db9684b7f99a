"""An audit under way in this process: a provider's station, and the parts of one auditor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.unit.node.conftest import AUDITOR, AUDITOR_KEY, LIMITS, Station
from tests.unit.node.content import publish_certified

from neurovoyance.chain.events import EventCursor
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_rules import CaseKey
from neurovoyance.node.audit_work import AuditWork, Forgery
from neurovoyance.node.auditing import AuditDuty
from neurovoyance.node.bench import Bench
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.execution_values import Phase, SlotGranted
from neurovoyance.node.intake import Intake
from neurovoyance.protocol.audit import AuditFacts
from neurovoyance.protocol.ids import Address, JobId

WAIT_S = 60.0


@dataclass
class Auditor:
    """The parts of one auditor's node."""

    chain: ChainSide
    book: AuditBook
    work: AuditWork
    duty: AuditDuty
    cursor: EventCursor
    storage: EmbeddedBackend
    forgeries: list[Forgery]

    async def turn(self) -> None:
        """Read the new events, then look at every case."""
        batch = await self.cursor.read()
        await self.duty.handle(batch.items)
        await self.cursor.commit(batch)
        await self.duty.sweep(await self.chain.time_s())


@asynccontextmanager
async def auditor_of(station: Station, *, has_content: bool = True) -> AsyncIterator[Auditor]:
    """Build an auditor beside a station; it shares the content unless told otherwise."""
    folder = station.folder / "auditor"
    contracts, deployment = station.contracts, station.contracts.deployment
    async with EmbeddedBackend(folder / "store", allow_private_addresses=True) as own:
        storage = station.storage if has_content else own
        limits = LIMITS if has_content else replace(LIMITS, fetch_timeout_s=1.0)
        intake = Intake(
            storage, station.runtime, limits, folder / "files", allow_private_addresses=True
        )
        chain = ChainSide(contracts, AUDITOR_KEY, Address(AUDITOR.address), station.journal)
        book = AuditBook(folder / "audits.sqlite", {"market": deployment.market})
        bench = Bench(chain, intake, station.runtime, folder / "outputs", 1)
        work = AuditWork(bench, storage)
        forgeries: list[Forgery] = []

        async def note(forgery: Forgery) -> None:
            forgeries.append(forgery)

        duty = AuditDuty(chain, book, work, CrashPoint(None), on_forgery=note)
        cursor = EventCursor(
            contracts.client,
            deployment.contract_addresses(),
            "auditor",
            state_path=folder / "events.sqlite",
            start_block=deployment.deploy_block,
        )
        try:
            yield Auditor(chain, book, work, duty, cursor, storage, forgeries)
        finally:
            await duty.close()
            cursor.close()
            book.close()


async def until_phase(station: Station, job_id: JobId, phase: Phase) -> None:
    """Let the provider work, its events and sweeps included, until its execution is in a phase."""
    async with asyncio.timeout(WAIT_S):
        while True:
            await station.handle_events()
            for live in station.shell:
                await station.shell.refresh(live.job.job_id)
                if live.execution.phase is Phase.HELD:
                    station.shell.feed(live.job.job_id, SlotGranted())
                if live.job.job_id == job_id and live.execution.phase is phase:
                    return
            await asyncio.sleep(0.05)


async def under_audit(station: Station) -> tuple[CaseKey, AuditFacts]:
    """Let a job be posted, computed, committed and drawn; return the only auditor's case."""
    spec = await publish_certified(station.storage)
    job_id = await station.post(spec)
    await until_phase(station, job_id, Phase.AUDITED)
    await station.handle_events()  # the facts are in an event
    facts = await station.chain.facts(job_id)
    return CaseKey(job_id, 0, 0), facts
