"""Ranks the answers of nodes: facts of offers, chain and our own record, by ``matching``.

Place: stage 3, between asking and hiring. The price and the lock are those of the signed offer; a
standing offer only adds what ranks it (load, held models), never what is paid. Reliability is our
own record: what others claim of a provider does not count. Pure but for :func:`gather_facts`.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurovoyance.client.journal import Journal, Status
from neurovoyance.client.nodes import Node, NodeAnswer, Quote
from neurovoyance.client.session import Session
from neurovoyance.client.slots import HANDED_BACK
from neurovoyance.client.standing import Heard, standing_of
from neurovoyance.matching.candidates import Candidate, Wanted, candidate_of
from neurovoyance.matching.columns import rank
from neurovoyance.matching.offer_book import Standing
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import QUEUE_DEPTH, Ranking
from neurovoyance.matching.reliability import Record, aged
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import UINT96_MAX

_GOOD = frozenset({Status.CHECKED, Status.SETTLED})
_AT_FAULT = frozenset(
    {
        JobState.PROVIDER_COMMIT_TIMEOUT.label,
        JobState.PROVIDER_REVEAL_TIMEOUT.label,
        JobState.PROVIDER_ANSWER_TIMEOUT.label,
        JobState.PROVIDER_TRACE_TIMEOUT.label,
        JobState.REJECTED.label,
        HANDED_BACK,
    }
)


def records_of(journal: Journal, now_s: int) -> dict[str, Record]:
    """Return our own record of every provider that ended a job of ours; older ends count less."""
    hired = journal.providers_hired()
    ends: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for end in journal.ends():
        is_bad = end.status is Status.MISMATCH or end.note in _AT_FAULT
        if end.job_id in hired and (end.status in _GOOD or is_bad):
            ends[hired[end.job_id]].append((end.made_s, not is_bad))
    return {provider: aged(found, now_s) for provider, found in ends.items()}


def live_of(journal: Journal) -> Counter[str]:
    """Return how many jobs of ours each provider has now."""
    hired = journal.providers_hired()
    return Counter(
        hired[end.job_id]
        for end in journal.ends()
        if end.status is Status.HIRED and end.job_id in hired
    )


def candidate_of_answer(
    answer: NodeAnswer,
    *,
    heard: Heard | None = None,
    standing: Standing | None = None,
    record: Record | None = None,
    live: int = 0,
) -> Candidate:
    """Return an offer for one job as a candidate at exactly its price and lock.

    Who offered has room: its load ranks it, and does not leave it out.
    """
    if answer.offer is None:
        raise ValueError("answer: has no offer")
    provider, heard = answer.offer.provider, heard or Heard()
    signed = heard.offers.get(provider)
    known = signed and candidate_of(signed.offer, free_stake_wei=0)
    open_ = Candidate(provider)
    base = known or open_
    return replace(
        base,
        endpoint=answer.node.endpoint,
        operator=standing.operator if standing else "",
        base_price_wei=answer.offer.price_wei,
        per_second_wei=0,
        per_unit_wei=0,
        lock_multiple=0,
        min_lock_wei=answer.offer.lock_wei,
        free_stake_wei=standing.free_stake_wei if standing else UINT96_MAX,
        memory_bytes=0,
        max_runtime_s=open_.max_runtime_s,
        job_classes=open_.job_classes,
        occupied=min(max(base.occupied, live), QUEUE_DEPTH * base.slots - 1),
        latency_ms=heard.latency_ms.get(answer.node.endpoint, 0),
        record=record or Record(),
    )


async def gather_facts(session: Session, quote: Quote, heard: Heard, now_s: int) -> Quote:
    """Return a quote whose offers are candidates with all that is known of their providers."""
    offers = [answer for answer in quote.offers if answer.offer]
    names: list[str] = [answer.offer.provider for answer in offers if answer.offer]
    missing = [name for name in names if name not in heard.standings]
    read = await asyncio.gather(*(standing_of(session.asker, name) for name in missing))
    standings = dict(heard.standings)
    standings.update((name, one) for name, one in zip(missing, read, strict=True) if one)
    records, live = records_of(session.journal, now_s), live_of(session.journal)
    found = {
        name: candidate_of_answer(
            answer,
            heard=heard,
            standing=standings.get(name),
            record=records.get(name),
            live=live[name],
        )
        for name, answer in zip(names, offers, strict=True)
    }
    return replace(quote, candidates=found)


def rank_quote(
    quote: Quote,
    spec: JobSpec,
    preset: Preset,
    *,
    max_price_wei: int = UINT96_MAX,
    avoid: frozenset[str] = frozenset(),
) -> Ranking:
    """Return the ranking of a quote's offers; positions are those of ``quote.offers``."""
    wanted = Wanted.of(spec, max_price_wei, avoid=avoid)
    return rank([_candidate(quote, answer) for answer in quote.offers], wanted, preset)


def ordered(quote: Quote, spec: JobSpec, preset: Preset) -> Quote:
    """Return a quote with its offers in the order of the ranking, those left out behind."""
    ranking, offers = rank_quote(quote, spec, preset), quote.offers
    out = [position for position in range(len(offers)) if position in ranking.causes]
    refusals = [answer for answer in quote.answers if answer.offer is None]
    answers = [offers[position] for position in (*ranking.order, *out)] + refusals
    return replace(quote, answers=tuple(answers))


def _candidate(quote: Quote, answer: NodeAnswer) -> Candidate:
    provider = answer.offer.provider if answer.offer else ""
    known = quote.candidates.get(provider)
    return known if known is not None else candidate_of_answer(answer)


def asked_first(
    nodes: Sequence[Node],
    heard: Heard,
    wanted: Wanted,
    preset: Preset,
    records: Mapping[str, Record],
) -> list[Node]:
    """Return nodes in the order in which they are worth asking, by their standing offers.

    Those that publish nothing come between those that fit and those that say they do not.
    """
    by_provider = {node.provider: node for node in nodes}
    known = [
        made
        for provider, signed in heard.offers.items()
        if provider in by_provider
        and provider in heard.standings
        and (
            made := candidate_of(
                signed.offer,
                free_stake_wei=heard.standings[provider].free_stake_wei,
                latency_ms=heard.latency_ms.get(by_provider[provider].endpoint, 0),
                record=records.get(provider),
                wanted=wanted,
            )
        )
    ]
    ranking = rank(known, wanted, preset)
    fit = [by_provider[one.provider] for one in ranking.ranked]
    unfit = [by_provider[known[position].provider] for position in ranking.causes]
    silent = [node for node in nodes if node not in {*fit, *unfit}]
    return [*fit, *silent, *unfit]
