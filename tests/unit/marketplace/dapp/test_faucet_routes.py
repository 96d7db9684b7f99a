"""The faucet's answers: coins, refusals with a time, and 404 where there is none."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.market_events import address

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.faucet import Grant
from neurovoyance.marketplace.errors import FaucetEmpty
from neurovoyance.protocol.errors import RateLimited
from neurovoyance.protocol.ids import Address

WHO = address(0xABC)


class Giver:
    """Stands for the faucet: gives once, refuses then."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def grant(self, who: Address, host: str) -> Grant:
        self.asked.append((who, host))
        if len(self.asked) == 2:
            raise RateLimited("Too often.", retry_after_s=1_234)
        if len(self.asked) == 3:
            raise FaucetEmpty("Nothing is left.")
        return Grant(who, 1, "0x1", 2, "0x2", 7)


@pytest.fixture
def giver(parts: Parts) -> Giver:
    parts.dapp.faucet = giver = Giver()  # type: ignore[assignment]
    return giver


async def test_who_asks_is_given_and_then_refused(service: httpx.AsyncClient, giver: Giver) -> None:
    answers = [await service.post("/api/faucet", json={"address": WHO.lower()}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 503]
    assert answers[0].json() == {
        "address": WHO,
        "gas_wei": "1",
        "gas_tx_hash": "0x1",
        "amount_wei": "2",
        "tx_hash": "0x2",
        "block": 7,
    }
    assert answers[1].headers["retry-after"] == "1234"
    assert {who for who, _ in giver.asked} == {WHO}


@pytest.mark.parametrize("text", ["", "0x12", "0x" + "zz" * 20, "0x" + "aB" * 20])
async def test_a_bad_address_is_named(service: httpx.AsyncClient, giver: Giver, text: str) -> None:
    answer = await service.post("/api/faucet", json={"address": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")
    assert "body.address: " in answer.json()["detail"]
    assert giver.asked == []


@pytest.mark.parametrize("body", [{"address": WHO}, {"address": "0x12"}, {}])
async def test_a_real_chain_has_no_faucet(service: httpx.AsyncClient, body: object) -> None:
    answer = await service.post("/api/faucet", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "request.market.no_faucet")
