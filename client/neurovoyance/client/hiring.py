"""Hires a provider: plans an attempt, puts the money in place, sends; every step repeatable.

Place: stages 1 to 3. An attempt is journalled before it is sent; its job id follows from its salt,
so sending it again is the same job, and the contract refuses a second one. Offers and listings are
limited in time, so an intent that never arrived dies by itself. Never: a second attempt while the
first could still take the client's money.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Literal

from neurovoyance.chain.market import Payment
from neurovoyance.chain.reverts import JobMarketInsufficientFree, JobMarketJobExists
from neurovoyance.client.audit_costs import escrow_of
from neurovoyance.client.deposits import OnDeposit, lacking
from neurovoyance.client.errors import NotHired
from neurovoyance.client.journal import Attempt, Status
from neurovoyance.client.nodes import Node, NodeAnswer, Quote, known_nodes
from neurovoyance.client.private_asking import ask_in_private
from neurovoyance.client.ranking import (
    asked_first,
    gather_facts,
    ordered,
    rank_quote,
    records_of,
)
from neurovoyance.client.session import Session
from neurovoyance.client.standing import hear
from neurovoyance.matching.candidates import Wanted
from neurovoyance.matching.explain import summary
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.ids import ZERO_ADDRESS, JobId, hex_of, job_id_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferRequest, RefusalCause
from neurovoyance.protocol.units import UINT96_MAX

Hire = Literal["offer", "listing"]
ASKED_AT_ONCE = 32
"""Nodes that are asked for an offer at the same time: each offer is a promise of its node."""
_PERMIT_EXTRA_S = 3_600
_DEPOSIT_TRIES = 3


async def ask_nodes(
    session: Session,
    spec: JobSpec,
    max_price_wei: int,
    avoid: frozenset[str] = frozenset(),
    preset: Preset = Preset.CHEAPEST,
) -> Quote:
    """Ask known nodes for an offer and rank what they say; nothing is signed by the client.

    All are asked, unless there are many: then the best by their standing offers first, and others
    only while nobody offers. A private job is shown to one node after the other, to none of
    ``avoid``, until one offers.

    Raises:
        NotHired: no node is known at all.
    """
    extra = [Node(ZERO_ADDRESS, url) for url in session.settings.node_urls]
    nodes = known_nodes(session.journal, extra)
    if not nodes:
        raise NotHired(
            "No node has announced itself on this network, so nobody can be asked for a price.",
            hint="Start one with `neurovoyance node start`; nothing was signed, no money moved.",
        )
    request = OfferRequest(
        spec=spec,
        client=session.address,
        max_price_wei=max_price_wei,
        sources=session.sources,
    )
    now_s = await session.chain.time_s()
    key = session.keys.input_key(spec.input_cid)
    if key is not None:
        return await ask_in_private(
            session.asker,
            nodes,
            request,
            key,
            now_s=now_s,
            avoid=avoid,
            preset=preset,
            records=records_of(session.journal, now_s),
        )
    hearing = hear(session.asker, nodes, session.settings.market_urls, now_s)
    if len(nodes) <= ASKED_AT_ONCE:
        heard, quote = await asyncio.gather(hearing, session.asker.ask(nodes, request, now_s=now_s))
    else:
        heard = await hearing
        wanted = Wanted.of(spec, max_price_wei, avoid=avoid)
        records = records_of(session.journal, now_s)
        quote = await _ask_in_waves(
            session, asked_first(nodes, heard, wanted, preset, records), request, now_s, avoid
        )
    return ordered(await gather_facts(session, quote, heard, now_s), spec, preset)


async def _ask_in_waves(
    session: Session, nodes: list[Node], request: OfferRequest, now_s: int, avoid: frozenset[str]
) -> Quote:
    """Ask so many at a time, until somebody who is not left out makes an offer."""
    answers: list[NodeAnswer] = []
    for start in range(0, len(nodes), ASKED_AT_ONCE):
        wave = nodes[start : start + ASKED_AT_ONCE]
        quote = await session.asker.ask(wave, request, now_s=now_s)
        answers += quote.answers
        if any(answer.offer and answer.offer.provider not in avoid for answer in quote.offers):
            break
    return Quote(tuple(answers), request.spec)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which attempt is to be made: of what order, the how manieth, whom it leaves out."""

    order_id: str
    number: int
    spec: JobSpec
    avoid: frozenset[str] = frozenset()
    preset: Preset = Preset.CHEAPEST
    max_price_wei: int = UINT96_MAX


def plan_offer(session: Session, plan: Plan, quote: Quote) -> Attempt:
    """Return the attempt that takes the best ranked offer of a provider that is not left out.

    Raises:
        NotHired: no such offer; the message counts the reasons.
    """
    ranking = rank_quote(
        quote, plan.spec, plan.preset, max_price_wei=plan.max_price_wei, avoid=plan.avoid
    )
    if ranking.order:
        answer = quote.offers[ranking.order[0]]
        if answer.offer is not None:
            salt, job_id = _new_id(session, plan.spec)
            return Attempt(
                job_id=job_id,
                order_id=plan.order_id,
                number=plan.number,
                spec=plan.spec,
                salt=salt,
                price_wei=answer.offer.price_wei,
                lock_wei=answer.offer.lock_wei,
                deadline_s=answer.offer.valid_until_s,
                source="",
                offer=answer.offer,
                signature=answer.signature,
            )
    left = f" Of their offers fit {summary(ranking)}." if quote.offers else ""
    raise NotHired(
        f"No node takes this job: {quote.summary}.{left} Nothing was signed, no money moved.",
        hint=_hint_of(quote),
        answers=[
            {
                "node": answer.node.endpoint,
                "cause": answer.refusal.cause.value,
                "message": answer.refusal.message,
            }
            for answer in quote.answers
            if answer.refusal
        ],
    )


def plan_listing(session: Session, plan: Plan, *, max_price_wei: int, deadline_s: int) -> Attempt:
    """Return the attempt that lists the job at a maximum price until ``deadline_s``."""
    salt, job_id = _new_id(session, plan.spec)
    return Attempt(
        job_id=job_id,
        order_id=plan.order_id,
        number=plan.number,
        spec=plan.spec,
        salt=salt,
        price_wei=max_price_wei,
        lock_wei=0,
        deadline_s=deadline_s,
        source=session.source_url,
    )


async def send_attempt(
    session: Session, attempt: Attempt, on_deposit: OnDeposit | None = None
) -> None:
    """Put the money in place and send the attempt; sending it again changes nothing.

    Args:
        session: whose money.
        attempt: already journalled.
        on_deposit: told the amount in wei before a deposit is signed.

    Raises:
        InsufficientFunds: the account does not hold the price; nothing was sent.
        ContractRevert: the market refused; no money moved.
        TransactionError: sent but not mined in time; send again later, it is the same one.
    """
    session.follower.watch(attempt.job_id)
    async with session.money_lock:
        for left in reversed(range(_DEPOSIT_TRIES)):
            try:
                await _send(session, attempt, await _payment(session, attempt, on_deposit))
                break
            except JobMarketJobExists:
                break
            except JobMarketInsufficientFree:
                # Another process of this account spent the balance in between.
                if not left:
                    raise
    session.journal.set_status(attempt.job_id, Status.HIRED)


async def _send(session: Session, attempt: Attempt, payment: Payment | None) -> None:
    """Send the attempt, and what it lacks with it: both arrive, or neither."""
    market, key = session.contracts.market, "hire:" + hex_of(attempt.job_id)
    if payment is not None:
        key = f"{key}:{payment.amount_wei}:{payment.permit.s.hex()}"
    if attempt.offer is not None and attempt.signature is not None:
        await market.open(
            session.wallet,
            attempt.spec,
            attempt.salt,
            attempt.offer,
            attempt.signature,
            payment=payment,
            idempotency_key=key,
        )
        return
    await market.post(
        session.wallet,
        attempt.spec,
        attempt.salt,
        max_price_wei=attempt.price_wei,
        min_lock_wei=attempt.lock_wei,
        deadline_s=attempt.deadline_s,
        source=attempt.source,
        payment=payment,
        idempotency_key=key,
    )


async def _payment(
    session: Session, attempt: Attempt, on_deposit: OnDeposit | None
) -> Payment | None:
    """Sign for what the free balance lacks.

    The permit's deadline and the amount follow from the attempt, so after a crash the same
    transaction is joined while it is pending, and none is needed once it is mined. Where the
    balance changed in between it is another transaction; the market lets only one of them in.
    """
    market = session.contracts.market
    if await market.state_of(attempt.job_id) is not JobState.NONE:
        return None
    return await lacking(
        session,
        await escrow_of(session.contracts, attempt),
        "The escrow of the job",
        ", or ask for a lower price.",
        deadline_s=attempt.deadline_s + _PERMIT_EXTRA_S,
        on_deposit=on_deposit,
    )


def _new_id(session: Session, spec: JobSpec) -> tuple[bytes, JobId]:
    salt, market = secrets.token_bytes(32), session.market_id
    job_id = job_id_of(market.chain_id, market.address, session.address, salt, spec.spec_hash())
    return salt, job_id


def _hint_of(quote: Quote) -> str:
    causes = {answer.refusal.cause for answer in quote.answers if answer.refusal}
    if causes == {RefusalCause.PRICE}:
        return "Raise the maximum price, or list the job and wait for a cheaper node."
    if causes == {RefusalCause.UNREACHABLE}:
        return "Check the connection to the nodes; `neurovoyance doctor` tests it."
    if RefusalCause.INPUT in causes or RefusalCause.MODEL in causes:
        return "Keep this client open: nodes fetch model and input from it while they decide."
    return "`neurovoyance job quote` shows every node's reason; a listing waits for a node."
