"""From chain events to executions: which jobs concern this node, and which changed.

Place: between the event cursor and ``shell``. Events only say where to look; what counts is the
chain read afterwards, so a missed or repeated event costs nothing. Never: believe a spec that this
software does not accept.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable

from neurovoyance.chain.events import (
    AuditOpened,
    ChainEvent,
    JobAssigned,
    JobPosted,
    Rollback,
    SeedDrawn,
)
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.execution_values import ChainView, Phase
from neurovoyance.node.logs import log_event
from neurovoyance.node.offering import PricePolicy, quote
from neurovoyance.node.records import PostedJob, posted_job
from neurovoyance.node.shell import Shell
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import Refusal

LISTED_MAX = 64
REMEMBERED_MAX = 1_000


class Watch:
    """Feeds the shell from batches of events.

    Attributes:
        refused: listings not taken, counted by cause.
        is_paused: the owner uses the machine; listings are remembered, not begun.
        look_again: the next batch looks at remembered listings anew.
    """

    def __init__(self, chain: ChainSide, shell: Shell, policy: PricePolicy) -> None:
        self._chain = chain
        self._shell = shell
        self._policy = policy
        self._posted: OrderedDict[JobId, tuple[PostedJob, str]] = OrderedDict()
        self.refused: Counter[str] = Counter()
        self.is_draining = False
        self.is_paused = False
        self.look_again = False

    async def handle(self, items: Iterable[ChainEvent | Rollback]) -> None:
        """Take a batch into account.

        Raises:
            ChainError: the chain could not be read; handle the batch again.
        """
        if self.look_again and not self.is_paused:
            await self._reconsider()
        changed: dict[JobId, None] = {}
        for item in items:
            if isinstance(item, Rollback):
                log_event(logging.WARNING, "reorganisation", to_block=item.to_block)
                changed.update((live.job.job_id, None) for live in self._shell)
                continue
            job_id = getattr(item, "job_id", None)
            if job_id is None:
                continue
            if isinstance(item, JobPosted):
                await self._consider(item)
            elif isinstance(item, JobAssigned) and item.provider == self._chain.provider:
                await self._assigned(item)
            elif isinstance(item, SeedDrawn) and job_id in self._shell:
                self._chain.journal.add_seed(job_id, item.seed0)
            elif isinstance(item, AuditOpened) and job_id in self._shell:
                self._chain.journal.add_audit(item.facts)
                self._chain.journal.add_seed(job_id, item.facts.seed0)
            changed[job_id] = None
        for job_id in changed:
            if job_id in self._shell:
                await self._shell.refresh(job_id)

    async def _consider(self, event: JobPosted) -> None:
        try:
            job = posted_job(event)
        except SpecError as error:
            self.refused["spec"] += 1
            log_event(logging.DEBUG, "listing_ignored", job_id=event.job_id, error=error)
            return
        self._remember(job, event.meta.tx_hash)
        if event.job_id in self._shell:
            return
        view = await self._chain.view(event.job_id)
        if view.is_ours:
            self._shell.begin(job, view)
            return
        if view.stored is JobState.OPEN and self._is_interesting(job, view):
            self._shell.begin(job, view)

    async def _reconsider(self) -> None:
        """Look again at the listings of late: the owner is away, or lends in another way now."""
        for job, _ in list(self._posted.values())[-LISTED_MAX:]:
            if job.job_id not in self._shell:
                view = await self._chain.view(job.job_id)
                if view.stored is JobState.OPEN and self._is_interesting(job, view):
                    self._shell.begin(job, view)
        self.look_again = False

    def _is_interesting(self, job: PostedJob, view: ChainView) -> bool:
        listed = self._shell.count(frozenset({Phase.SEEN, Phase.HELD}))
        is_closed = self.is_draining or self.is_paused
        if is_closed or listed >= LISTED_MAX or view.deadline_s <= self._shell.time_s:
            return False
        terms = quote(self._policy, job.spec, job.max_price_wei, job.min_lock_wei, job.client)
        if isinstance(terms, Refusal):
            self.refused[terms.cause.value] += 1
            log_event(
                logging.INFO,
                "listing_refused",
                job_id=job.job_id,
                cause=terms.cause.value,
                message=terms.message,
            )
            return False
        return True

    async def _assigned(self, event: JobAssigned) -> None:
        if event.job_id not in self._posted:
            return
        job, posted_in = self._posted[event.job_id]
        if event.job_id not in self._shell:
            self._shell.begin(job, await self._chain.view(event.job_id))
        if posted_in == event.meta.tx_hash:
            # Posted and assigned at once: the client took a signed offer.
            self._chain.journal.take_offer(
                event.job_id, job.spec.spec_hash(), event.client, event.lock_wei
            )

    def _remember(self, job: PostedJob, tx_hash: str) -> None:
        self._posted[job.job_id] = (job, tx_hash)
        if len(self._posted) > REMEMBERED_MAX:
            self._posted.popitem(last=False)
