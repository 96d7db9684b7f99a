"""Answers are ranked by what was signed, by the chain, and by our own record alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neurovoyance.client import hiring
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import NotHired
from neurovoyance.client.journal import Status
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.nodes import Node, NodeAnswer
from neurovoyance.client.ranking import (
    asked_first,
    candidate_of_answer,
    live_of,
    rank_quote,
    records_of,
)
from neurovoyance.client.slots import HANDED_BACK
from neurovoyance.client.standing import Heard
from neurovoyance.matching.candidates import Cause, Wanted
from neurovoyance.matching.offer_book import Standing
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import QUEUE_DEPTH
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import Address, parse_address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.signing import Offer
from neurovoyance.protocol.standing_offers import SignedStandingOffer, StandingOffer
from neurovoyance.protocol.units import nvy

from .providers import PRICE_WEI, Provider

X = np.ones((1, 3), np.float32)
SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01" * 36)
A, B, C = (parse_address("0x" + f"{n:02x}" * 20) for n in (10, 11, 12))


def answer(provider: Address = A, price_wei: int = 100) -> NodeAnswer:
    offer = Offer(
        provider=provider,
        spec_hash=SPEC.spec_hash(),
        price_wei=price_wei,
        lock_wei=20 * price_wei,
        valid_until_s=10,
        nonce=1,
    )
    return NodeAnswer(Node(provider, "http://node.example"), offer, b"s")


def standing(provider: Address, **changes: object) -> SignedStandingOffer:
    values: dict[str, object] = {
        "provider": provider,
        "endpoint": "http://elsewhere.example",
        "seq": 1,
        "issued_s": 0,
        "expires_s": 60,
        "base_price_wei": 7,
        "devices": [{"device": "cpu", "per_second_wei": "9"}],
        "held": [{"model_id": "0x" + "11" * 32, "load_ms": 44}],
        "job_classes": ["EXACT"],
        "slots": 2,
        "occupied": 9,
        "max_runtime_s": 10,
        "lock_multiple": 20,
    }
    offer = StandingOffer.model_validate(values | changes)
    return SignedStandingOffer(offer=offer, signature=bytes(65))


def test_price_and_lock_are_the_signed_ones_and_the_rest_only_ranks() -> None:
    heard = Heard({A: standing(A)}, {}, {"http://node.example": 12})
    one = candidate_of_answer(answer(), heard=heard, standing=Standing(B, 9_999, 5_000))
    wanted = Wanted.of(SPEC, 100)
    assert (one.price_wei(wanted), one.lock_wei(wanted)) == (100, 2_000)
    assert (one.operator, one.free_stake_wei) == (B, 5_000)
    assert (one.load_ms(wanted), one.latency_ms) == (44, 12)
    assert one.endpoint == "http://node.example"
    assert one.occupied == QUEUE_DEPTH * 2 - 1, "who made an offer is not left out as busy"
    assert one.max_runtime_s == 14_400, "a list does not overrule a signed offer"


def test_an_answer_without_an_offer_is_no_candidate() -> None:
    with pytest.raises(ValueError, match="has no offer"):
        candidate_of_answer(NodeAnswer(Node(A, "")))


def test_those_worth_asking_come_first_and_the_silent_before_the_unfit() -> None:
    nodes = [Node(provider, f"http://{provider[-2:]}.example") for provider in (A, B, C)]
    wanted = Wanted.of(SPEC, 10**6)
    own = Standing(A, 10**9, 10**9)
    fit = standing(C, max_runtime_s=60, occupied=0)
    heard = Heard({A: standing(A), C: fit}, {A: own, C: own})
    found = asked_first(nodes, heard, wanted, Preset.CHEAPEST, {})
    assert [node.provider for node in found] == [C, B, A]
    unread = Heard({A: standing(A), C: fit}, {})
    assert asked_first(nodes, unread, wanted, Preset.CHEAPEST, {}) == nodes


async def test_a_provider_whose_stake_does_not_cover_the_lock_is_left_out(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    providers[0].price_wei = nvy("500")
    quote = await client.quote(model, {"x": X}, max_price_wei=nvy("600"))
    assert quote.spec is not None
    ranking = rank_quote(quote, quote.spec, Preset.CHEAPEST)
    assert list(ranking.causes.values()) == [Cause.STAKE]
    assert ranking.best is not None
    assert ranking.best.provider == providers[1].address
    with pytest.raises(NotHired, match="0 of 2: 1 tried before, 1 stake"):
        hiring.plan_offer(
            client.session,
            hiring.Plan("x", 0, quote.spec, frozenset({providers[1].address})),
            quote,
        )


@pytest.mark.parametrize("note", ["ProviderCommitTimeout", HANDED_BACK])
async def test_our_record_of_a_provider_counts_and_its_live_jobs(
    client: AsyncClient, providers: list[Provider], model: PublishedModel, note: str
) -> None:
    session = client.session
    before = live_of(session.journal)
    jobs = [await client.submit(model, {"x": X + n}) for n in range(3)]
    hired = [await job.assigned() for job in jobs]
    assert live_of(session.journal).total() == before.total() + 3
    session.journal.set_status(jobs[0].current.job_id, Status.CHECKED)
    session.journal.set_status(jobs[1].current.job_id, Status.REFUNDED, note)
    session.journal.set_status(jobs[2].current.job_id, Status.REFUNDED, "RefereeTimeout")
    records = records_of(session.journal, 0)
    total = {provider.address: records.get(provider.address, Record()) for provider in providers}
    assert sum(record.ok for record in total.values()) == 1
    assert sum(record.failed for record in total.values()) == 1
    assert total[hired[0]].ok == 1
    assert total[hired[1]].failed == 1


async def test_the_preset_decides_whom_the_client_hires(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    providers[0].price_wei = PRICE_WEI
    providers[1].price_wei = PRICE_WEI + 1
    cheap = await client.submit(model, {"x": X}, preset="cheapest")
    assert await cheap.assigned() == providers[0].address
    for attempt in (cheap.current,):
        client.session.journal.set_status(attempt.job_id, Status.REFUNDED, "ProviderCommitTimeout")
    sure = await client.submit(model, {"x": X}, preset="reliable")
    assert await sure.assigned() == providers[1].address
    assert json.loads(json.dumps(sure.order.terms))["preset"] == "reliable"
    with pytest.raises(SpecError, match="preset"):
        await client.submit(model, {"x": X}, preset="best")


async def test_many_nodes_are_asked_in_waves(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hiring, "ASKED_AT_ONCE", 1)
    quote = await client.quote(model, {"x": X}, job_class=JobClass.EXACT)
    assert len(quote.offers) == 1
    assert sum(bool(provider.asked) for provider in providers) == 1
    quote = await client.quote(model, {"x": X}, max_price_wei=1)
    assert quote.summary == "0 of 2 nodes: 2 price"
