"""A page asks for offers with one request; bad questions are refused before any node hears them."""

from __future__ import annotations

import json
from typing import Any, cast

import httpx
import pytest
from tests.unit.marketplace.market_events import address

from neurovoyance.client.nodes import Node, NodeAnswer
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.asking import Asked, AskingDesk
from neurovoyance.marketplace.dapp.asking_routes import PATH
from neurovoyance.matching.explain import Row
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.signing import Offer

SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\2" * 32)
NODE = Node(address(1), "http://127.0.0.1:8420")
OFFER = Offer(
    provider=address(1),
    client=address(9),
    spec_hash=SPEC.spec_hash(),
    price_wei=5,
    lock_wei=100,
    valid_until_s=9,
    nonce=2**255,
)
SOURCE = "https://files.example"


class Desk:
    """Answers with one offer and one refusal, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[OfferRequest, Preset, int]] = []

    async def ask(self, request: OfferRequest, preset: Preset, now_s: int) -> Asked:
        self.asked.append((request, preset, now_s))
        row = Row(1, NODE.provider, NODE.endpoint, 5, 90, 0, 0, 1, 0, ("the only one that fits",))
        refusal = Refusal(cause=RefusalCause.BUSY, message="Two jobs are running.")
        refused = NodeAnswer(Node(address(2), "http://b"), refusal=refusal)
        return Asked("1 of 2", ((row, NodeAnswer(NODE, OFFER, b"\7" * 65)),), (refused,))


@pytest.fixture
def desk(parts: Parts) -> Desk:
    made = Desk()
    parts.dapp.asking = cast("AskingDesk", made)
    return made


def question(**changes: Any) -> dict[str, Any]:
    spec = json.loads(SPEC.model_dump_json())
    return {"spec": spec, "client": address(9), "max_price_wei": "1000", **changes}


async def test_the_answer_holds_what_a_page_signs_with(
    service: httpx.AsyncClient, desk: Desk
) -> None:
    answer = (await service.post(PATH, json=question(sources=[SOURCE]))).json()
    assert answer["summary"] == "1 of 2"
    (offer,), (refusal,) = answer["offers"], answer["refusals"]
    assert Offer.model_validate_json(json.dumps(offer["offer"])) == OFFER
    assert (offer["rank"], offer["price_wei"], offer["time_ms"]) == (1, "5", 90)
    assert offer["signature"] == "0x" + "07" * 65
    assert (refusal["cause"], refusal["message"]) == ("busy", "Two jobs are running.")
    ((request, preset, _),) = desk.asked
    assert (request.spec, request.max_price_wei, preset) == (SPEC, 1_000, Preset.CHEAPEST)
    assert request.sources == ["http://localhost", SOURCE], "the service itself keeps uploads"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec", {}),
        ("client", [1]),
        ("max_price_wei", "-1"),
        ("max_price_wei", "1e3"),
        ("preset", "dearest"),
        ("preset", "<script>"),
        ("sources", ["ftp://files.example"]),
        ("sources", ["http://user@files.example"]),
        ("sources", ["http://["]),
        ("sources", [SOURCE] * 5),
        ("surprise", 1),
    ],
)
async def test_a_bad_question_names_its_field_and_reaches_no_node(
    service: httpx.AsyncClient, desk: Desk, field: str, value: object
) -> None:
    answer = await service.post(PATH, json=question(**{field: value}))
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")
    assert field in json.dumps(answer.json())
    assert desk.asked == []


async def test_a_client_that_is_no_address_is_told_what_one_is(
    service: httpx.AsyncClient, desk: Desk
) -> None:
    answer = (await service.post(PATH, json=question(client="0x12"))).json()
    assert answer["status"] == 422
    assert "body.client: '0x12' is not an address. An address is 0x" in answer["detail"]
    assert desk.asked == []


async def test_a_service_that_asks_nobody_says_so(service: httpx.AsyncClient) -> None:
    answer = await service.post(PATH, json=question())
    assert answer.status_code == 501
    assert answer.json()["detail"] == "This service asks no nodes."
