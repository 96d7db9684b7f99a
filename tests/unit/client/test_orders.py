"""An order knows its attempts and events; planning one signs and sends nothing."""

from __future__ import annotations

import numpy as np

from neurovoyance.client import hiring
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.journal import StoredEvent
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.orders import OrderView, new_order, plan_and_journal, revealed_of
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import JobState

from .providers import PRICE_WEI, Provider

X = np.ones((1, 3), np.float32)
TERMS = {"hire": "listing", "max_price_wei": str(PRICE_WEI), "listing_s": 60}


async def test_planning_writes_down_and_sends_nothing(
    client: AsyncClient, model: PublishedModel
) -> None:
    session = client.session
    spec = await client.spec(model, {"x": X})
    order = new_order(session, "one", spec, model.manifest, TERMS)
    plan = hiring.Plan("one", 0, spec)
    attempt = await plan_and_journal(session, plan, TERMS)
    view = OrderView(session, "one")
    assert view.current == attempt
    assert view.id == hex_of(attempt.job_id)
    assert view.manifest == model.manifest
    assert order.terms["spec"]["batch"] == 1
    assert view.provider == ""
    assert await session.contracts.market.state_of(attempt.job_id) is JobState.NONE
    # Two processes that plan the same attempt share the one that was written first.
    assert await plan_and_journal(session, plan, TERMS) == attempt


async def test_a_repetition_leaves_out_who_failed(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    session = client.session
    spec = await client.spec(model, {"x": X})
    new_order(session, "two", spec, model.manifest, TERMS)
    plan = hiring.Plan("two", 1, spec, frozenset({providers[0].address}))
    attempt = await plan_and_journal(session, plan, TERMS)
    assert attempt.offer is not None
    assert attempt.offer.provider == providers[1].address
    everyone = frozenset(provider.address for provider in providers)
    last = await plan_and_journal(session, hiring.Plan("two", 2, spec, everyone), TERMS)
    assert last.offer is None, "with nobody left, the listing is repeated"


def test_a_reveal_is_read_from_its_event() -> None:
    body = {
        "out_root": "0x" + "01" * 32,
        "envelope_cid": "0x0155",
        "result_key": "0x" + "02" * 32,
        "deadline_s": "77",
    }
    found = revealed_of(StoredEvent("JobRevealed", 1, "0x", 0, "0x", b"j" * 32, body))
    assert (found.envelope_cid, found.deadline_s, found.job_id) == (b"\x01\x55", 77, b"j" * 32)
