"""Canaries: jobs that the protocol draws for our owner are taken in time, run, and scored.

Place: a duty of the agent, beside audits and disputes. Data flow: event ``CanaryDrawn`` -> book ->
sweep -> model held, offer signed and journalled -> ``take``; from then on the job is one of ours
like any other, and when it is over ``score`` counts it. Besides, if the owner wants it, the node
helps canaries along for everybody: it requests the next one and draws those that wait. Never: pick
canaries by whether they suit us; a canary not taken counts as failed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.chain.contracts import BeaconStatus
from neurovoyance.chain.emission import Canaries, CanaryRecord, CanaryState
from neurovoyance.chain.events import CanaryDrawn, CanaryRequested, ChainEvent, Rollback
from neurovoyance.node.canary_book import CanaryBook
from neurovoyance.node.canary_rules import CanaryAction, is_over, own_wait_s, wanted
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.execution_values import Terms
from neurovoyance.node.intake import Intake
from neurovoyance.node.journal import OfferRecord
from neurovoyance.node.logs import log_event
from neurovoyance.node.offering import OfferSigner
from neurovoyance.protocol.errors import ContractRevert, NeurovoyanceError
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.offer_exchange import Refusal

RETRY_S = 15
REQUEST_RETRY_S = 3_600
"""After a refused request: the budget or the catalogue is empty, which takes a vote to mend."""


@dataclass(slots=True)
class _Progress:
    """What this process knows about a canary besides the book."""

    serial: int = 0
    not_before_s: int = 0


class CanaryDuty:
    """Answers canaries of one owner.

    Args:
        chain: reads and sends.
        canaries: the contract.
        book: what has to survive a crash.
        intake: holds a canary's model and expands its input.
        signer: signs offers, which the node's journal keeps.
        helps: whether the node also requests and draws canaries for everybody.

    Attributes:
        helps: as given; can be changed while the node runs.
    """

    name = "canaries"

    def __init__(
        self,
        chain: ChainSide,
        canaries: Canaries,
        book: CanaryBook,
        intake: Intake,
        signer: OfferSigner,
        *,
        helps: bool = True,
    ) -> None:
        self._chain = chain
        self._canaries = canaries
        self._book = book
        self._intake = intake
        self._signer = signer
        self.helps = helps
        self._progress: dict[int, _Progress] = {}
        self._next_request_s = 0
        self._due: set[int] = set()

    # The duty.

    async def restore(self) -> None:
        """Nothing to load: the book is read in every sweep."""

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Note what to look at: canaries requested, and those drawn for us."""
        for item in items:
            match item:
                case CanaryRequested():
                    self._book.add_request(item.canary_id, item.requested_at)
                case CanaryDrawn() if item.provider == self._chain.provider:
                    self._book.add_drawn(item.canary_id, item.seed)
                    log_event(
                        logging.INFO, "canary_drawn", canary=item.canary_id, model=item.model_id
                    )
                case CanaryDrawn():
                    self._book.end_request(item.canary_id)
                case _:
                    continue

    async def sweep(self, time_s: int) -> None:
        """Look at every live canary, then help the next one along."""
        failures: list[NeurovoyanceError] = []
        for canary_id in self._book.live():
            try:
                await self._look(canary_id, time_s)
            except NeurovoyanceError as error:
                failures.append(error)
        if self.helps:
            await self._draw(time_s)
            await self._request(time_s)
        if failures:
            raise failures[0]

    def due(self) -> int:
        """Return nothing: a canary missed costs a score, never stake."""
        return 0

    def live(self) -> int:
        """Return the canaries that have not ended."""
        return len(self._book.live())

    def occupied(self) -> int:
        """Return the canaries that are about to become jobs."""
        return len(self._due)

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return nothing: a canary's input can be made again at any time."""
        return frozenset()

    async def close(self) -> None:
        """Nothing runs between sweeps."""

    # One canary of ours.

    async def _look(self, canary_id: int, time_s: int) -> None:
        progress = self._progress.setdefault(canary_id, _Progress())
        record = await self._canaries.canary_of(canary_id)
        if is_over(record, self._chain.provider):
            self._end(canary_id, record)
            return
        state = None
        if record.state is CanaryState.TAKEN:
            state = await self._chain.contracts.market.state_of(JobId(record.job_id))
        action = wanted(record, state, time_s)
        (self._due.add if action is CanaryAction.TAKE else self._due.discard)(canary_id)
        if action is None or time_s < progress.not_before_s:
            return
        progress.not_before_s = time_s + RETRY_S
        try:
            await self._obey(canary_id, action, progress, time_s)
        except ContractRevert as error:
            # Somebody was quicker, or parameters moved under the offer: the next look tells.
            progress.serial += 1
            log_event(
                logging.INFO, "canary_failed", canary=canary_id, action=action.value, error=error
            )

    def _end(self, canary_id: int, record: CanaryRecord) -> None:
        self._book.end(canary_id)
        self._progress.pop(canary_id, None)
        self._due.discard(canary_id)
        log_event(logging.INFO, "canary_over", canary=canary_id, state=record.state.name.lower())

    async def _obey(
        self, canary_id: int, action: CanaryAction, progress: _Progress, time_s: int
    ) -> None:
        key = f"canary {canary_id} {action.value} {progress.serial}"
        wallet = self._chain.wallet
        if action is CanaryAction.TAKE:
            await self._take(canary_id, key, time_s)
        elif action is CanaryAction.MISS:
            await self._canaries.miss(wallet, canary_id, idempotency_key=key)
        else:
            await self._canaries.score(wallet, canary_id, idempotency_key=key)

    async def _take(self, canary_id: int, key: str, time_s: int) -> None:
        """Hold what the job needs, then promise and take it."""
        terms = await self._canaries.terms_of(canary_id)
        if terms is None:
            return
        client = Address(self._canaries.address)
        held = await self._intake.hold(terms.spec, client=client)
        if isinstance(held, Refusal):
            log_event(
                logging.WARNING, "canary_unfit", canary=canary_id, why=held.message,
                cause=held.cause.value,
            )  # fmt: skip
            return
        promised = Terms(terms.price_wei, terms.lock_wei)
        again = self._live_offer(terms.spec.spec_hash(), promised, time_s)
        offer, signature = self._signer.sign(terms.spec, client, promised, time_s, again)
        # An offer of its own nonce is a call of its own: the key names it.
        named = f"{key} {offer.nonce:x}"
        await self._canaries.take(
            self._chain.wallet, canary_id, offer, signature, idempotency_key=named
        )
        self._due.discard(canary_id)
        log_event(logging.INFO, "canary_taken", canary=canary_id, price_wei=offer.price_wei)

    def _live_offer(self, spec_hash: bytes, terms: Terms, time_s: int) -> OfferRecord | None:
        """Return an offer that was promised before a crash: asking twice promises once."""
        for offer in self._chain.journal.live_offers(time_s + RETRY_S):
            found = (offer.spec_hash, offer.price_wei, offer.lock_wei)
            if found == (spec_hash, terms.price_wei, terms.lock_wei):
                return offer
        return None

    # For everybody.

    async def _draw(self, time_s: int) -> None:
        for canary_id, requested_at_s in self._book.requests():
            progress = self._progress.setdefault(canary_id, _Progress())
            wait_s = own_wait_s(self._chain.provider, canary_id)
            if time_s < max(requested_at_s + wait_s, progress.not_before_s):
                continue
            progress.not_before_s = time_s + RETRY_S
            record = await self._canaries.canary_of(canary_id)
            if record.state is not CanaryState.REQUESTED:
                self._book.end_request(canary_id)
                continue
            status = await self._chain.contracts.beacon.status(record.round)
            if status is not BeaconStatus.PENDING:
                await self._try_draw(canary_id)

    async def _try_draw(self, canary_id: int) -> None:
        try:
            await self._canaries.draw(self._chain.wallet, canary_id)
        except ContractRevert as error:
            log_event(logging.INFO, "canary_draw_skipped", canary=canary_id, error=error)

    async def _request(self, time_s: int) -> None:
        if time_s < self._next_request_s:
            return
        ready_s = await self._canaries.ready_at_s()
        number = await self._canaries.count() + 1
        due_s = ready_s + own_wait_s(self._chain.provider, number)
        if time_s < due_s:
            self._next_request_s = min(due_s, time_s + REQUEST_RETRY_S)
            return
        self._next_request_s = time_s + RETRY_S
        try:
            await self._canaries.request(self._chain.wallet)
        except ContractRevert as error:
            self._next_request_s = time_s + REQUEST_RETRY_S
            log_event(logging.INFO, "canary_request_skipped", error=error)
