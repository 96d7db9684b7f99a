"""The duty of an auditor: where our owner was drawn, repeat the job, commit, reveal, close.

Place: a :class:`~neurovoyance.node.duty.Duty` beside the executions. ``audit_rules`` decides,
``audit_work`` computes, ``audit_book`` remembers. At most one action of a case is under way; what a
deadline depends on is read from the chain before each. Never: a commitment that is not in the book.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.events import (
    AuditAnswered,
    AuditContested,
    AuditOpened,
    AuditorDrawn,
    ChainEvent,
    EndpointChanged,
    JobRevealed,
    Rollback,
)
from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_reads import AuditReads
from neurovoyance.node.audit_rules import (
    LOCAL,
    AuditCase,
    AuditMargins,
    AuditorAction,
    CaseKey,
    CaseView,
    Vote,
    is_due,
    is_over,
    key_of,
    wanted,
)
from neurovoyance.node.audit_work import AuditWork, Forgery
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.logs import log_event
from neurovoyance.node.records import PostedJob
from neurovoyance.node.runtime.base import ExecutionCancelled
from neurovoyance.protocol.audit import AuditFacts, auditor_commitment
from neurovoyance.protocol.certificate import pool_of_numeric_class
from neurovoyance.protocol.errors import (
    ContractRevert,
    InternalError,
    NeurovoyanceError,
    SpecError,
    TransactionError,
)
from neurovoyance.protocol.job_spec import JobClass

RETRY_S = 3
DOUBLINGS_MAX = 4
RUN_ATTEMPTS = 5
CHECK_ATTEMPTS = 200
"""After so many vain attempts, hours in all, a result that nobody serves is left unchecked."""
DEFECT_RETRY_S = 60

OnForgery = Callable[[Forgery], Awaitable[None]]
"""Told of a result that no honest audit could have led to; see the disputes."""


async def _only_logged(forgery: Forgery) -> None:
    """Take no further step: the log has it already."""


@dataclass(slots=True)
class _Progress:
    """What this process knows about a case besides the book."""

    failures: int = 0
    runs: int = 0
    serial: int = 0
    not_before_s: int = 0
    is_hopeless: bool = False
    is_due: bool = False
    task: asyncio.Task[None] | None = None
    action: AuditorAction | None = None


class AuditDuty:
    """Audits jobs of others for one owner.

    Args:
        chain: reads and sends.
        book: what has to survive a crash.
        work: repeats jobs.
        crash: for tests.
        numeric_class: of this machine, 32 bytes; None if it was not found out.
        on_forgery: told of forged results.
    """

    name = "audits"

    def __init__(
        self,
        chain: ChainSide,
        book: AuditBook,
        work: AuditWork,
        crash: CrashPoint,
        *,
        numeric_class: bytes | None = None,
        on_forgery: OnForgery = _only_logged,
        margins: AuditMargins | None = None,
    ) -> None:
        self._chain = chain
        self._book = book
        self._work = work
        self._crash = crash
        self._numeric_class = numeric_class
        self._on_forgery = on_forgery
        self._margins = margins or AuditMargins()
        self._reads = AuditReads(chain, book)
        self._progress: dict[CaseKey, _Progress] = {}
        self._cases: dict[CaseKey, AuditCase] = {}

    # The duty.

    async def restore(self) -> None:
        """Nothing to load: the book is read in every sweep."""

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Note what the chain says only once: draws, answers, results, endpoints."""
        for item in items:
            match item:
                case AuditorDrawn() if item.auditor == self._chain.provider:
                    key = CaseKey(item.job_id, item.slot, item.round)
                    self._book.add_case(key, item.meta.block_number)
                    log_event(logging.INFO, "audit_drawn", job_id=key.job_id, round=key.round)
                case AuditOpened() if self._book.is_known(item.job_id):
                    self._book.add_facts(item.facts)
                case AuditAnswered() if self._book.is_known(item.job_id):
                    key = CaseKey(item.job_id, item.slot, item.round)
                    self._book.set_answer(key, tuple(item.z0))
                case JobRevealed() | AuditContested() if self._book.is_known(item.job_id):
                    result = (item.out_root, item.envelope_cid, item.result_key)
                    self._book.set_result(item.job_id, result)
                case EndpointChanged():
                    self._book.set_endpoint(item.provider, item.endpoint)
                case _:
                    continue

    async def sweep(self, time_s: int) -> None:
        """Look at every live case and start what is due."""
        failures: list[NeurovoyanceError] = []
        for key in self._book.live():
            try:
                await self._look(key, time_s)
            except NeurovoyanceError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def due(self) -> int:
        """Return the cases whose next step is ours and costs stake if missed."""
        return sum(progress.is_due for progress in self._progress.values())

    def live(self) -> int:
        """Return the cases that have not ended."""
        return len(self._book.live())

    def occupied(self) -> int:
        """Return the repetitions that run or wait for a place."""
        return sum(progress.action is AuditorAction.REPEAT for progress in self._progress.values())

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return the inputs of jobs under audit: they are served until the audits end."""
        jobs = (self._book.job(key.job_id) for key in self._book.live())
        return frozenset(job.spec.input_cid for job in jobs if job is not None)

    async def close(self) -> None:
        """End all tasks."""
        tasks = [p.task for p in self._progress.values() if p.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # One case.

    async def _look(self, key: CaseKey, time_s: int) -> None:
        progress = self._progress.setdefault(key, _Progress())
        is_busy = progress.task is not None and not progress.task.done()
        if is_busy and progress.action not in LOCAL:
            return  # a send is left to itself
        facts = await self._reads.facts(key)
        if facts is None:
            return
        view = await self._reads.view(key)
        case = replace(await self._reads.case(key, facts), is_hopeless=progress.is_hopeless)
        owner = self._chain.provider
        progress.is_due = is_due(case, view, owner)
        action = wanted(case, view, owner, time_s, self._margins)
        if is_busy and progress.task is not None:
            if action is not progress.action:
                progress.task.cancel()  # the round went on without us, or the job ended
            return
        if is_over(case, view, owner):
            await self._end(key)
        elif action is not None and time_s >= progress.not_before_s:
            await self._begin(case, view, action, time_s)

    async def _begin(
        self, case: AuditCase, view: CaseView, action: AuditorAction, time_s: int
    ) -> None:
        progress = self._progress[case.key]
        job = await self._reads.job(case.key)
        if job is None:
            log_event(logging.WARNING, "listing_not_found", job_id=case.key.job_id)
            progress.not_before_s = time_s + DEFECT_RETRY_S
            return
        progress.action = action
        progress.task = asyncio.create_task(self._obey(case, view, job, action, time_s))

    async def _end(self, key: CaseKey) -> None:
        self._book.end(key)
        self._progress.pop(key, None)
        log_event(logging.INFO, "audit_over", job_id=key.job_id, slot=key.slot, round=key.round)
        job = self._book.job(key.job_id)
        if job is None or job.spec.input_cid in self.inputs_in_use():
            return
        await self._work.release(job)

    async def _obey(
        self, case: AuditCase, view: CaseView, job: PostedJob, action: AuditorAction, time_s: int
    ) -> None:
        progress = self._progress[case.key]
        self._crash.reach("before", action)
        try:
            if action is AuditorAction.REPEAT:
                await self._repeat(case, view, job)
            elif action is AuditorAction.CHECK:
                await self._check(case, job)
            else:
                await self._send(case, view, action, progress.serial)
            progress.failures = 0
        except NeurovoyanceError as error:
            self._note_failure(case, action, error, time_s)
        except Exception:
            # A defect in one audit must not end the node: its jobs have stake behind them.
            logging.getLogger(__name__).exception("defect in %s", action.value)
            progress.not_before_s = time_s + DEFECT_RETRY_S
        finally:
            progress.action = None
        self._crash.reach("after", action)

    def _note_failure(
        self, case: AuditCase, action: AuditorAction, error: NeurovoyanceError, time_s: int
    ) -> None:
        progress = self._progress[case.key]
        level = logging.INFO if isinstance(error, ContractRevert) else logging.WARNING
        log_event(level, "audit_failed", job_id=case.key.job_id, action=action.value, error=error)
        is_mined = isinstance(error, TransactionError) and "block_number" in error.context
        progress.serial += isinstance(error, ContractRevert) or is_mined
        progress.failures += 1
        wait_s = RETRY_S << min(progress.failures, DOUBLINGS_MAX)
        progress.not_before_s = time_s + wait_s
        if action is AuditorAction.REPEAT:
            # A run given up for its owner is no attempt: it begins anew when the owner is away.
            progress.runs += not isinstance(error, ExecutionCancelled)
            is_for_good = isinstance(error, IntakeRefused | SpecError)
            progress.is_hopeless = is_for_good or progress.runs >= RUN_ATTEMPTS
            if progress.is_hopeless:
                log_event(logging.ERROR, "audit_given_up", job_id=case.key.job_id, error=error)
        if action is AuditorAction.CHECK and progress.failures >= CHECK_ATTEMPTS:
            log_event(logging.ERROR, "result_not_checked", job_id=case.key.job_id, error=error)
            self._book.set_checked(case.key)

    # What is done.

    async def _repeat(self, case: AuditCase, view: CaseView, job: PostedJob) -> None:
        facts, key = case.facts, case.key
        self._require_class(facts)
        finish_by_s = view.slot.deadline_s - self._margins.commit_s
        finding = await self._work.repeat(key, facts, job, self._sources(job, facts), finish_by_s)
        salt = secrets.token_bytes(32)
        commitment = auditor_commitment(
            chain_id=self._chain.chain_id,
            audit_court=self._chain.contracts.audits.address,
            job_id=key.job_id,
            slot=key.slot,
            round_number=key.round,
            auditor=self._chain.provider,
            z1=finding.z1,
            flags=finding.flags,
            salt=salt,
        )
        vote = Vote(finding.z1, finding.flags, salt, commitment)
        self._book.fix_vote(key, facts.seed0, vote)
        log_event(logging.INFO, "audited", job_id=key.job_id, flags=finding.flags)

    def _require_class(self, facts: AuditFacts) -> None:
        if facts.job_class != JobClass.EXACT:
            return
        ours = self._numeric_class
        if ours is None or pool_of_numeric_class(ours) != facts.pool:
            raise SpecError(
                "The job compares bytes of another numeric class than this machine computes.",
                hint="Leave the seats of that pool: `neurovoyance node init --seats 0`.",
            )

    async def _check(self, case: AuditCase, job: PostedJob) -> None:
        key, answer = case.key, case.answer
        result = self._book.result(key.job_id)
        if answer is None or result is None:
            raise InternalError("There is nothing to compare.", job_id=key.job_id)
        sources = self._sources(job, case.facts)
        forgery = await self._work.check(key, case.facts, job, answer, result, sources)
        if forgery is not None:
            log_event(logging.ERROR, "forgery_found", job_id=key.job_id, why=forgery.why)
            await self._on_forgery(forgery)
        self._book.set_checked(key)

    def _sources(self, job: PostedJob, facts: AuditFacts) -> tuple[str, ...]:
        endpoint = self._book.endpoint(facts.provider)
        return (*job.sources, endpoint) if endpoint else job.sources

    async def _send(
        self, case: AuditCase, view: CaseView, action: AuditorAction, serial: int
    ) -> None:
        receipt = await self._call(case, action, key_of(case, view, action, serial))
        log_event(
            logging.INFO,
            "sent",
            action=action.value,
            job_id=case.key.job_id,
            tx_hash=receipt.tx_hash,
            gas_used=receipt.gas_used,
        )

    async def _call(self, case: AuditCase, action: AuditorAction, key: str) -> Receipt:
        audits, wallet = self._chain.contracts.audits, self._chain.wallet
        facts, slot, vote = case.facts, case.key.slot, case.vote
        moves = {
            AuditorAction.SEAT: audits.seat,
            AuditorAction.EXPIRE: audits.expire,
            AuditorAction.CLOSE_VOTES: audits.close_votes,
        }
        if action in moves:
            return await moves[action](wallet, facts, slot, idempotency_key=key)
        if vote is None:
            raise InternalError("There is no vote to send.", job_id=case.key.job_id)
        if action is AuditorAction.COMMIT:
            return await audits.commit_audit(
                wallet, facts, slot, vote.commitment, idempotency_key=key
            )
        return await audits.reveal_audit(
            wallet,
            facts,
            slot,
            vote.z1,
            vote.flags,
            vote.salt,
            case.answer or (),
            idempotency_key=key,
        )
