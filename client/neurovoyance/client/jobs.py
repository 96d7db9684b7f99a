"""One order from submission to a checked result or a refund; resumable at every step.

Place: stages 1 to 8 as the client drives them. The chain says where the job is, the journal which
attempt that is; this module only decides what a client does next: wait, expire, fetch, confirm,
hire again. Never: a new attempt before the old one's refund is on chain, or a confirmation of an
output that was not checked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from neurovoyance.chain.reverts import (
    JobMarketBadDeadline,
    JobMarketDeadlineNotPassed,
    JobMarketNonceUsed,
    JobMarketOfferExpired,
    JobMarketWrongState,
)
from neurovoyance.client import hiring
from neurovoyance.client.early import EarlyResult, early_result
from neurovoyance.client.errors import JobRefunded, ResultMismatch, StillRunning
from neurovoyance.client.job_words import NEXT_AFTER, WHY_REFUNDED
from neurovoyance.client.journal import Attempt, Status, StoredEvent
from neurovoyance.client.orders import OrderView, plan_and_journal, revealed_of
from neurovoyance.client.phases import PHASE_OF_STATE, OnPhase, Phase
from neurovoyance.client.receipts import build_receipt, save_receipt
from neurovoyance.client.results import Arrays, fetch_result, load_result, save_result
from neurovoyance.client.signed_receipts import sign_receipt
from neurovoyance.client.slots import HANDED_BACK, slot_of
from neurovoyance.matching.reoffer import Ask
from neurovoyance.protocol.errors import RequestError, StorageNotFound
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import REFUNDED, JobState
from neurovoyance.protocol.units import format_nvy

log = logging.getLogger(__name__)

_TIMEOUTS = frozenset(
    {
        JobState.UNMATCHED,
        JobState.PROVIDER_COMMIT_TIMEOUT,
        JobState.PROVIDER_REVEAL_TIMEOUT,
        JobState.PROVIDER_ANSWER_TIMEOUT,
        JobState.AUDITOR_TIMEOUT,
        JobState.REFEREE_TIMEOUT,
    }
)
_BEFORE_REVEAL = frozenset(
    {
        JobState.OPEN,
        JobState.ASSIGNED,
        JobState.COMMITTED,
        JobState.DRAWN,
        JobState.AUDITED,
    }
)
_REFUNDS = ("JobExpired", "JobCancelled", "JobInvalid", "JobMoved")
_FETCHING = frozenset({"seen", "held", "accepting"})
_FETCH_TRIES = 20
_FETCH_PAUSE_S = 1.5


class AsyncJob(OrderView):
    """One order; make it with ``AsyncClient.submit`` or ``AsyncClient.job``."""

    async def state(self) -> JobState:
        """Return the state on chain at this moment, deadlines counted in."""
        return await self._session.contracts.market.state_of(self.current.job_id)

    # --- what to do with it ---

    async def wait(
        self, on_phase: OnPhase | None = None, *, timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Drive the order to its end and return the receipt.

        The end is a checked result, confirmed unless the terms say otherwise. Attempts that time
        out are expired and refunded here and made again with another provider, as often as the
        terms allow.

        Args:
            on_phase: told of every phase once.
            timeout_s: give up waiting after this; the order goes on.

        Raises:
            StillRunning: ``timeout_s`` passed.
            JobRefunded: no attempt brought a result; every wei is back.
            ResultMismatch: the output is not what was committed to; nothing was confirmed.
            NotHired: a further attempt found no provider; the money is back.
        """
        self._on_phase = on_phase
        try:
            async with asyncio.timeout(timeout_s) as limit:
                while not await self._drive(self.current):
                    await self._hire_again()
        except TimeoutError as error:
            if timeout_s is None or not limit.expired():
                raise
            state = await self.state()
            raise StillRunning(
                f"Job {self.id[:18]} is {state.label} after {timeout_s:g} s of waiting.",
                hint=f"It goes on; continue with `neurovoyance job watch {self.id}`.",
                job_id=self.id,
                state=state.label,
            ) from error
        return await self.receipt()

    async def assigned(self, on_phase: OnPhase | None = None) -> str:
        """Wait until a provider has the job and return its address; empty when none took it."""
        self._on_phase = on_phase or self._on_phase
        version = self._session.follower.version
        while await self.state() in (JobState.NONE, JobState.OPEN):
            version = await self._session.follower.changed(
                version, self._session.settings.profile.poll_s
            )
        event = await self._await_event("JobAssigned", "JobExpired", "JobCancelled")
        if self.provider:
            self._tell(Phase.ASSIGNED, tx=event)
        return self.provider

    async def result(self) -> Arrays:
        """Return the checked output, waiting for it if need be; raises as :meth:`wait`."""
        if not self.result_path.exists():
            await self.wait(self._on_phase)
        return load_result(self.result_path, self.manifest)

    async def early_result(self) -> EarlyResult:
        """Return a private job's output before its reveal; see :func:`.early.early_result`."""
        return await early_result(
            self._session,
            self.current.job_id,
            self.manifest,
            committed=self._event("JobCommitted"),
            sources=self._result_sources(),
        )

    async def confirm(self) -> str:
        """Accept the checked result now, so that the provider is paid; return the transaction.

        Raises:
            RequestError: the result has not been checked here.
            ContractRevert: the job is not in its challenge window any more.
        """
        attempt = self.current
        if not self._session.result_path(attempt.job_id).exists():
            raise RequestError(
                f"The result of job {self.id[:18]} has not been checked here.",
                hint=f"Fetch it first with `neurovoyance job fetch {self.id}`; nothing was sent.",
            )
        receipt = await self._session.contracts.market.confirm(
            self._session.wallet, attempt.job_id, idempotency_key="confirm:" + self.id
        )
        return receipt.tx_hash

    async def cancel(self) -> str:
        """Withdraw the listing before a provider took it; return the refunding transaction.

        Raises:
            RequestError: a provider computes it; nothing was sent.
            ContractRevert: a provider has it, or it ended.
        """
        attempt = self.current
        if await self.state() is JobState.ASSIGNED:  # it is its provider's to hand back now
            raise RequestError(
                f"A provider computes job {self.id[:18]}; only a listing that nobody took can be "
                "withdrawn. Nothing was sent.",
                hint=f"`neurovoyance job watch {self.id}` shows how it goes on.",
            )
        receipt = await self._session.contracts.market.cancel(
            self._session.wallet, attempt.job_id, idempotency_key="cancel:" + self.id
        )
        self._session.journal.set_status(attempt.job_id, Status.REFUNDED, "cancelled by the client")
        return receipt.tx_hash

    async def receipt(self) -> dict[str, Any]:
        """Return the signed receipt of the newest attempt, from chain data; kept as a file too."""
        attempt = self.current
        await self._session.follower.reach(await self._session.chain.block_number())
        facts = await build_receipt(self._session, attempt, self.attempts, self.manifest)
        receipt = sign_receipt(facts, self._session.wallet)
        save_receipt(self._session.receipt_path(attempt.job_id), receipt)
        return receipt

    # --- one attempt ---

    async def _drive(self, attempt: Attempt) -> bool:
        """Follow one attempt to its end; True with a result, False when another may follow."""
        version = self._session.follower.version
        while True:
            state = await self._session.contracts.market.state_of(attempt.job_id)
            if state is JobState.NONE:
                if not await self._send(attempt):
                    return False
                continue
            if attempt.status is Status.PLANNED:
                attempt = self._set(attempt, Status.HIRED)
            if state in _TIMEOUTS:
                await self._expire(attempt)
                return False
            if state in REFUNDED:
                await self._refunded(attempt, state)
                return False
            if state in PHASE_OF_STATE and await self._step(attempt, state):
                return True
            version = await self._session.follower.changed(
                version, self._session.settings.profile.poll_s
            )

    async def _step(self, attempt: Attempt, state: JobState) -> bool:
        """Do what a live state asks of the client; True when nothing is left to do."""
        assigned = self._event("JobAssigned")
        if state is not JobState.OPEN and assigned is not None:
            self._tell(Phase.ASSIGNED, tx=assigned)
        if state in _BEFORE_REVEAL:
            event = self._event_of_state(state)
            if event is None:
                return False
            self._tell(PHASE_OF_STATE[state], tx=event)
            if state is JobState.ASSIGNED:
                await self._tell_execution(attempt)
            return False
        revealed = self._event("JobRevealed", "AuditContested")
        if revealed is None:
            return False
        if state is JobState.DISPUTED:
            self._tell(Phase.DISPUTED, tx=revealed, detail="referees will judge")
            return False
        self._tell(Phase.REVEALED, tx=revealed)
        await self._check(attempt, revealed)
        if state is JobState.REVEALED:
            if self.order.terms["confirm"] != "auto" or self._is_audited():
                return True
            await self._confirm_quietly()
            return False
        if state is JobState.SETTLED:
            settled = self._event("JobSettled")
            if settled is None:
                return False
            self._tell(Phase.SETTLED, tx=settled, detail=f"{_paid(settled)} NVY paid")
            self._set(attempt, Status.SETTLED)
        return True

    async def _tell_execution(self, attempt: Attempt) -> None:
        """Tell what the provider's node says it does; the node may be silent or away."""
        if self._on_phase is None or not self._result_sources():
            return
        said = await self._session.asker.execution_phase(
            self._result_sources()[0], hex_of(attempt.job_id)
        )
        if said in _FETCHING:
            self._tell(Phase.FETCHING, detail="the node gets model and input")
        elif said == "running":
            self._tell(Phase.RUNNING, detail="the node computes")

    async def _send(self, attempt: Attempt) -> bool:
        """Send a journalled attempt; False when it is over and never reached the chain."""
        chain_s = await self._session.chain.time_s()
        if chain_s <= attempt.deadline_s:
            try:
                await hiring.send_attempt(self._session, attempt, self.on_deposit)
                return True
            except (JobMarketOfferExpired, JobMarketBadDeadline, JobMarketNonceUsed) as error:
                reason = error.message
        else:
            reason = "its time to be taken was over before it was sent"
        self._set(attempt, Status.VOID, reason)
        self._tell(Phase.RETRYING, detail="the offer lapsed before it was taken")
        return False

    async def _expire(self, attempt: Attempt) -> None:
        """End an attempt whose deadline passed; whoever calls first, the refund is the same."""
        market = self._session.contracts.market
        while True:
            record = await market.job(attempt.job_id)
            if record.state.is_final:
                break
            try:
                await market.expire(
                    self._session.wallet,
                    attempt.job_id,
                    idempotency_key="expire:" + hex_of(attempt.job_id),
                )
            except (JobMarketWrongState, JobMarketDeadlineNotPassed):
                await asyncio.sleep(self._session.settings.profile.poll_s)
        await self._refunded(attempt, record.state)

    async def _refunded(self, attempt: Attempt, state: JobState) -> None:
        event = await self._await_refund(attempt)
        refund_wei = int(event.body["refund_wei"]) if event else attempt.price_wei
        is_handed_back = state is JobState.CANCELLED and self._was_assigned(attempt)
        note = HANDED_BACK if is_handed_back else state.label
        self._set(attempt, Status.REFUNDED, note)
        detail = f"{format_nvy(refund_wei)} NVY back, {WHY_REFUNDED.get(note, note)}"
        self._tell(Phase.REFUNDED, tx=event, detail=detail)

    def _was_assigned(self, attempt: Attempt) -> bool:
        events = self._session.journal.events_of(attempt.job_id)
        return any(event.name == "JobAssigned" for event in events)

    def _refund_of(self, attempt: Attempt) -> StoredEvent | None:
        """Return the event that gave the escrow back; a court's other moves refund nothing."""
        for event in reversed(self._session.journal.events_of(attempt.job_id)):
            is_end = event.name != "JobMoved" or JobState(int(event.body["to"])).is_final
            if event.name in _REFUNDS and is_end:
                return event
        return None

    async def _await_refund(self, attempt: Attempt) -> StoredEvent | None:
        """Wait a little until the follower has the refund that is on chain already."""
        await self._session.follower.reach(await self._session.chain.block_number())
        return self._refund_of(attempt)

    async def _check(self, attempt: Attempt, event: StoredEvent) -> None:
        path = self._session.result_path(attempt.job_id)
        if path.exists():
            return
        revealed = revealed_of(event)
        try:
            arrays = await _patiently(
                lambda: fetch_result(
                    self._session.storage,
                    revealed,
                    self.manifest,
                    sources=self._result_sources(),
                )
            )
        except StorageNotFound as error:
            raise StorageNotFound(
                f"The output of job {self.id[:18]} cannot be downloaded now: {error.message}",
                hint="Nothing was confirmed; the escrow is held until the challenge window ends. "
                f"Try again soon with `neurovoyance job fetch {self.id}`.",
                **error.context,
            ) from error
        except ResultMismatch:
            self._set(attempt, Status.MISMATCH, "the output is not what was committed to")
            await self.receipt()
            raise
        save_result(path, arrays)
        self._set(attempt, Status.CHECKED)
        self._tell(Phase.CHECKED, detail="equal to what the provider committed to")

    async def _confirm_quietly(self) -> None:
        try:
            await self.confirm()
        except JobMarketWrongState:
            # The window ended, or the provider settled, in between.
            log.info("job.confirm.late job_id=%s", self.id)

    # --- another attempt ---

    async def _hire_again(self) -> None:
        attempts, terms = self.attempts, self.order.terms
        asked = slot_of(attempts, terms["retries"]).instruction
        if not isinstance(asked, Ask):
            raise self._no_result(attempts)
        last = attempts[-1]
        self._tell(Phase.RETRYING, detail=f"attempt {last.number + 2}")
        failed = [item for item in attempts if item.status is Status.REFUNDED]
        avoid = asked.avoid | {*filter(None, map(self._provider_of, failed))}
        plan = hiring.Plan(self.order_id, last.number + 1, last.spec, avoid)
        await plan_and_journal(self._session, plan, terms)

    def _no_result(self, attempts: list[Attempt]) -> JobRefunded:
        events = [self._refund_of(a) for a in attempts]
        refund_wei = sum(int(event.body["refund_wei"]) for event in events if event)
        notes = ", ".join(item.note or item.status.value for item in attempts)
        return JobRefunded(
            f"No provider brought a result: {notes}. All {format_nvy(refund_wei)} NVY of escrow "
            "came back to your free balance.",
            hint=NEXT_AFTER.get(attempts[-1].note, "Submit it again, perhaps with more retries."),
            job_id=hex_of(attempts[-1].job_id),
            refund_txs=[event.tx_hash for event in events if event],
        )


def _paid(event: StoredEvent) -> str:
    return format_nvy(int(event.body["paid_wei"]))


async def _patiently(call: Callable[[], Awaitable[Arrays]]) -> Arrays:
    """Repeat a download while its source may be starting up or coming back."""
    for left in reversed(range(_FETCH_TRIES)):
        try:
            return await call()
        except StorageNotFound:
            if not left:
                raise
            await asyncio.sleep(_FETCH_PAUSE_S)
    raise AssertionError("unreachable")
