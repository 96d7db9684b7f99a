"""Answers requests for a price: a signed offer, or the reason for none.

Place: between ``api`` and the parts that know what is free. Cheap refusals come first; nothing is
fetched for a job that could not be taken. Never: two promises of the same room, or an offer for a
job whose model and input are not held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.execution_values import OCCUPYING, Phase, Terms
from neurovoyance.node.fitting import refusal_of
from neurovoyance.node.held_models import HeldModels
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.journal import OfferRecord
from neurovoyance.node.key_desk import KeyDesk
from neurovoyance.node.lending import VOLUNTEER_PRICE_WEI
from neurovoyance.node.logs import log_event
from neurovoyance.node.offering import (
    OfferSigner,
    PricePolicy,
    Room,
    quote,
    refusal_for_offer,
)
from neurovoyance.node.records import PostedJob
from neurovoyance.node.shell import Shell
from neurovoyance.protocol.errors import ChainError, NeurovoyanceError
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.offer_exchange import (
    OfferReply,
    OfferRequest,
    Refusal,
    RefusalCause,
)
from neurovoyance.protocol.standing_offers import SignedStandingOffer

CHECK_TIMEOUT_S = 45.0
CHECKS_AT_ONCE = 4
REUSE_MIN_S = 120
"""An offer with less time left than this is not handed out again."""


class OfferDesk:
    """Makes offers for one node, and knows what room it has.

    Attributes:
        keys: opens keys of private inputs; None where they are not taken.
        is_draining: the node is stopping and promises nothing more.
        is_paused: the owner uses the machine; nothing is promised meanwhile.
        occupied_by_duties: places of computation that audits and disputes use; set by the agent.
        held: models on this disk, for the standing offer.
        on_held: hears of jobs that are about to be offered for; set by the assembly.
        standing: returns the standing offer that is published now, if there is one.
    """

    def __init__(
        self,
        chain: ChainSide,
        shell: Shell,
        intake: Intake,
        policy: PricePolicy,
        signer: OfferSigner,
        max_jobs: int,
        keys: KeyDesk | None = None,
    ) -> None:
        self._chain = chain
        self._shell = shell
        self._intake = intake
        self.policy = policy
        self._signer = signer
        self.max_jobs = max_jobs
        self.keys = keys
        self._signing = asyncio.Lock()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self.is_draining = False
        self.is_paused = False
        self.occupied_by_duties: Callable[[], int] = int
        self.on_held: Callable[[OfferRequest, HeldJob], None] = lambda _request, _held: None
        self.held = HeldModels()
        self.standing: Callable[[], SignedStandingOffer | None] = lambda: None

    def taken(self) -> int:
        """Return how many places are occupied or promised, without asking the chain."""
        occupied = self._shell.count(OCCUPYING) + self.occupied_by_duties()
        return occupied + len(self._chain.journal.live_offers(self._shell.time_s))

    async def room(self) -> Room:
        """Return what is free for one more job.

        Raises:
            ChainError: the stake could not be read.
        """
        stake = await self._chain.stake()
        offers = self._chain.journal.live_offers(self._shell.time_s)
        accepting_wei = sum(
            live.execution.terms.lock_wei
            for live in self._shell
            if live.execution.phase is Phase.ACCEPTING and live.execution.terms
        )
        return Room(
            slots=self.max_jobs,
            occupied=self._shell.count(OCCUPYING) + self.occupied_by_duties(),
            promised=len(offers),
            own_stake_wei=stake.own_wei,
            free_stake_wei=stake.own_wei - stake.locked_wei,
            promised_wei=sum(offer.lock_wei for offer in offers) + accepting_wei,
        )

    def is_as_lent(self, job: PostedJob, terms: Terms) -> bool:
        """Tell whether terms fit how the owner lends now; a switch may have come after them."""
        if self.policy.lending.refusal_of(job.client) is not None:
            return False
        asked_wei = self.policy.terms(job.spec).price_wei
        return VOLUNTEER_PRICE_WEI not in (asked_wei, terms.price_wei) or (
            asked_wei == terms.price_wei
        )

    async def answer(self, request: OfferRequest) -> OfferReply:
        """Return a signed offer for a job, or the reason for none; never raises for either."""
        if self.is_draining:
            return _refused(RefusalCause.BUSY, "The node is stopping and takes no new jobs.")
        if self.is_paused:
            return _refused(RefusalCause.BUSY, "The node rests now; ask again later.")
        terms = quote(self.policy, request.spec, request.max_price_wei, 0, request.client)
        if isinstance(terms, Refusal):
            return OfferReply(refusal=terms)
        try:
            refusal = await self._refusal(request, terms)
            if refusal is None:
                refusal = await self._refusal_of_intake(request)
            if refusal is not None:
                return OfferReply(refusal=refusal)
            return await self._sign(request, terms)
        except ChainError as error:
            return _refused(RefusalCause.CHAIN, error.message)
        except NeurovoyanceError as error:
            refusal = refusal_of(error)
            return (
                OfferReply(refusal=refusal)
                if refusal
                else _refused(RefusalCause.RUNTIME, error.message)
            )

    async def _refusal_of_intake(self, request: OfferRequest) -> Refusal | None:
        key = self.keys.opened(request) if self.keys else None
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), self._checks:
                held = await self._intake.hold(
                    request.spec, request.sources, client=request.client, key=key
                )
        except TimeoutError:
            return Refusal(
                cause=RefusalCause.UNREACHABLE,
                message=f"Model and input did not arrive within {CHECK_TIMEOUT_S:g} s; what came "
                "is kept, so asking again goes on from there.",
            )
        if isinstance(held, Refusal):
            return held
        self.held.note(request.spec.model_id)
        self.on_held(request, held)
        return None

    async def _refusal(self, request: OfferRequest, terms: Terms) -> Refusal | None:
        if await self._same_offer(request, terms):
            return None
        refusal = await self._chain.refusal_of_audit(request.spec, terms)
        return refusal or refusal_for_offer(terms.lock_wei, await self.room())

    async def _sign(self, request: OfferRequest, terms: Terms) -> OfferReply:
        # Room is counted and promised under one lock, or two requests could share it.
        async with self._signing:
            refusal = await self._refusal(request, terms)
            if refusal is not None:
                return OfferReply(refusal=refusal)
            again = await self._same_offer(request, terms)
            time_s = await self._chain.time_s()
            offer, signature = self._signer.sign(request.spec, request.client, terms, time_s, again)
        log_event(
            logging.INFO,
            "offered",
            client=offer.client,
            price_wei=offer.price_wei,
            spec=offer.spec_hash,
        )
        return OfferReply(offer=offer, signature=signature)

    async def _same_offer(self, request: OfferRequest, terms: Terms) -> OfferRecord | None:
        """Return a live offer of these terms to this client: asking twice promises once."""
        if request.client == ZERO_ADDRESS:
            return None
        wanted = (request.client, request.spec.spec_hash(), terms.price_wei, terms.lock_wei)
        for offer in self._chain.journal.live_offers(self._shell.time_s + REUSE_MIN_S):
            found = (offer.client, offer.spec_hash, offer.price_wei, offer.lock_wei)
            market = self._chain.contracts.market
            if found == wanted and not await market.is_nonce_used(
                self._chain.provider, offer.nonce
            ):
                return offer
        return None


def _refused(cause: RefusalCause, message: str) -> OfferReply:
    return OfferReply(refusal=Refusal(cause=cause, message=message[:1_000]))
