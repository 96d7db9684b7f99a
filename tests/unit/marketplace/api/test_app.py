"""The application as a caller sees it: pages, problems, limits, sign-in, its description."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from sqlalchemy import update
from tests.unit.marketplace.api.test_siwe import KEY, PLAIN
from tests.unit.marketplace.conftest import JOBS
from tests.unit.marketplace.market_events import PRICE_WEI, SPEC, address, job_id

from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.indexer.schema import BOOK

MODEL = "0x" + SPEC.model_id.hex()


async def test_pages_neither_repeat_nor_skip(service: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await service.get(f"/v1/jobs?limit=7{cursor}")).json()
        seen += [job["job_id"] for job in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == JOBS


async def test_filters_and_single_rows(service: httpx.AsyncClient) -> None:
    mine = (await service.get(f"/v1/jobs?client={address(100)}&state=Settled")).json()["items"]
    assert {job["client"] for job in mine} == {address(100)}
    one = (await service.get(f"/v1/jobs/0x{job_id(0).hex()}")).json()
    assert (one["price_wei"], one["state"], one["spec"]["batch"]) == (str(PRICE_WEI), "Settled", 2)
    assert (await service.get("/v1/jobs?state=Lost")).status_code == 422
    prices = (await service.get(f"/v1/prices/{MODEL}")).json()
    assert (prices["jobs"], prices["median_wei"]) == (JOBS, str(PRICE_WEI))
    story = (await service.get(f"/v1/events?subject=0x{job_id(0).hex()}")).json()["items"]
    assert story[0]["name"] == "JobSettled"
    assert story[0]["data"]["paid_wei"] == str(PRICE_WEI)


async def test_money_is_told_to_the_wei_or_not_at_all(
    service: httpx.AsyncClient, parts: Parts
) -> None:
    earned = [
        int((await service.get(f"/v1/money/{address(200 + who)}")).json()["earned_wei"])
        for who in range(8)
    ]
    assert sum(earned) == JOBS * PRICE_WEI
    stranger = await service.get(f"/v1/money/{address(9_999)}")
    assert stranger.status_code == 200
    assert {v for k, v in stranger.json().items() if k.endswith("_wei")} == {"0"}
    assert (stranger.json()["party"], stranger.json()["born"]) == (address(9_999), 0)
    with parts.reading.database.writer.begin() as connection:
        broken = '{"fault": "Slashed in block 9, log 1: it", "burned_wei": 0, "insurance_wei": 0}'
        connection.execute(update(BOOK).where(BOOK.c.entry == "totals").values(value=broken))
    parts.progress.batches += 1  # as the indexer does
    answer = await service.get(f"/v1/money/{address(200)}")
    assert (answer.status_code, answer.json()["code"]) == (503, "internal.market.books")
    assert "block 9" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/jobs/0x12", 422, "spec"),
        ("GET", "/v1/jobs/0x" + "ab" * 32, 404, "request.market.not_found"),
        ("GET", "/v1/jobs?cursor=abc", 422, "spec"),
        ("GET", "/v1/jobs?cursor=WzEsIDJd", 422, "spec"),
        ("GET", "/v1/jobs?limit=100000", 422, "spec"),
        ("GET", "/v1/nothing", 404, "request.market.not_found"),
        ("PUT", "/v1/jobs", 405, "request"),
        ("GET", "/v1/keys", 401, "request.market.sign_in"),
        ("POST", "/v1/quotes", 422, "spec"),
        ("GET", "/v1/providers/0x" + "aB" * 20, 422, "spec"),
    ],
)
async def test_every_failure_is_a_problem_with_code_and_hint(
    service: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await service.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["detail"]


async def test_long_bodies_and_foreign_hosts_are_refused(service: httpx.AsyncClient) -> None:
    async def drip() -> Any:
        for _ in range(100):
            yield b" " * 1_024

    for body in (b" " * 70_000, drip()):
        answer = await service.post("/v1/auth/sign-in", content=body)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.market.too_large")
    answer = await service.get("/v1/jobs", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (421, "request.market.host")


async def sign_in(service: httpx.AsyncClient) -> tuple[httpx.Response, dict[str, str]]:
    nonce = (await service.get("/v1/auth/nonce")).json()["nonce"]
    text = PLAIN.replace("abcdefgh12345678", nonce).replace("localhost:8650", "localhost")
    signature = KEY.sign_message(encode_defunct(text=text)).signature
    body = {"message": text, "signature": "0x" + bytes(signature).hex()}
    return await service.post("/v1/auth/sign-in", json=body), body


async def test_a_sign_in_works_once_and_gives_keys(service: httpx.AsyncClient) -> None:
    answer, body = await sign_in(service)
    assert answer.status_code == 200
    replayed = await service.post("/v1/auth/sign-in", json=body)
    assert (replayed.status_code, replayed.json()["code"]) == (422, "spec.signature")
    session = {"Authorization": f"Bearer {answer.json()['token']}"}
    made = (await service.post("/v1/keys", json={"label": "bot"}, headers=session)).json()
    key = {"Authorization": f"Bearer {made['secret']}"}
    assert (await service.get("/v1/me", headers=key)).json()["address"] == KEY.address
    assert (await service.post("/v1/keys", json={}, headers=key)).status_code == 403
    listed = (await service.get("/v1/keys", headers=key)).json()["items"]
    assert [item["key_id"] for item in listed] == [made["key_id"]]
    gone = await service.delete(f"/v1/keys/{made['key_id']}", headers=session)
    assert gone.status_code == 204
    assert (await service.get("/v1/me", headers=key)).status_code == 401
    assert (await service.post("/v1/auth/sign-out", headers=session)).status_code == 204
    assert (await service.get("/v1/me", headers=session)).status_code == 401


async def test_a_signature_of_somebody_else_signs_nobody_in(service: httpx.AsyncClient) -> None:
    _, body = await sign_in(service)
    other = Account.from_key(b"\2" * 32).sign_message(encode_defunct(text=body["message"]))
    forged = {**body, "signature": "0x" + bytes(other.signature).hex()}
    answer = await service.post("/v1/auth/sign-in", json=forged)
    assert answer.json()["code"] == "spec.signature"


async def test_cross_origin_calls_are_off(service: httpx.AsyncClient) -> None:
    answer = await service.get("/v1/jobs", headers={"Origin": "https://page.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_description_names_every_route_and_failure(parts: Parts) -> None:
    document = make_app(parts).openapi()
    assert {"/v1/jobs", "/v1/money/{party}", "/v1/stream", "/v1/quotes"} <= set(document["paths"])
    for path in document["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]
