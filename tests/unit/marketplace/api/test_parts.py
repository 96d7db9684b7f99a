"""Who asks, and whose allowance it costs."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.market_events import address

from neurovoyance.marketplace.api.parts import address_or_none
from neurovoyance.protocol.errors import SpecError


@pytest.fixture
def settings_given(settings_given: dict[str, object]) -> dict[str, object]:
    return {**settings_given, "reads_per_minute": 3}


async def test_guessing_keys_costs_the_guesser(service: httpx.AsyncClient) -> None:
    wrong = {"Authorization": "Bearer nvk_wrong"}
    answers = [await service.get("/v1/me", headers=wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[3].headers["retry-after"] == "60"


def test_a_wrong_checksum_names_the_field() -> None:
    good = address(0xABCDEF)
    assert address_or_none(good.lower(), "client") == good
    assert address_or_none(None, "client") is None
    with pytest.raises(SpecError, match="client: "):
        address_or_none(good.swapcase().replace("X", "x"), "client")
