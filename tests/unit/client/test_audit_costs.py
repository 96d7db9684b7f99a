"""A market without audits holds nothing beside the price."""

from __future__ import annotations

import numpy as np

from neurovoyance.client.audit_costs import NO_AUDITS, audit_cost, escrow_of
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import PublishedModel

from .providers import PRICE_WEI, Provider

X = np.ones((2, 3), np.float32)


async def test_without_audits_the_escrow_is_the_price(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI)
    contracts, attempt = client.session.contracts, job.current
    assert await escrow_of(contracts, attempt) == PRICE_WEI
    cost = await audit_cost(
        contracts, attempt.spec, providers[0].address, price_wei=PRICE_WEI, lock_wei=5 * PRICE_WEI
    )
    assert cost == NO_AUDITS
