"""The relay as a wallet's library meets it: statuses, limits, and a real contract's refusal."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from limits import RateLimitItemPerMinute
from tests.unit.marketplace.dapp.conftest import ScriptedChain

from neurovoyance.chain import Contracts
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.allowance import Allowance
from neurovoyance.marketplace.dapp.rpc_rules import BODY_MAX_BYTES, CALLS_MAX
from neurovoyance.protocol.errors import RpcError


@pytest.fixture(autouse=True)
def upstream(parts: Parts, chain: ScriptedChain) -> None:
    parts.dapp.upstream = chain


def call(method: str = "eth_chainId", params: Any = (), id_: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": list(params)}


async def test_one_call_and_a_batch(service: httpx.AsyncClient, chain: ScriptedChain) -> None:
    chain.answers["eth_chainId"] = "0x7a69"
    one = await service.post("/api/rpc", json=call())
    assert (one.status_code, one.json()["result"]) == (200, "0x7a69")
    assert one.headers["cache-control"] == "no-store"
    many = await service.post("/api/rpc", json=[call(id_=n) for n in range(CALLS_MAX)])
    assert [item["id"] for item in many.json()] == list(range(CALLS_MAX))


async def test_refusals_are_answers_of_json_rpc(service: httpx.AsyncClient) -> None:
    refused = await service.post("/api/rpc", json=call("eth_sendTransaction"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (200, -32601)
    broken = await service.post("/api/rpc", content=b"{")
    assert (broken.status_code, broken.json()["error"]["code"]) == (200, -32600)


async def test_too_long_and_too_many_are_refused(
    service: httpx.AsyncClient, chain: ScriptedChain
) -> None:
    room = BODY_MAX_BYTES - len(json.dumps(call(params=[""])))
    fits = await service.post("/api/rpc", content=json.dumps(call(params=["x" * room])))
    assert fits.status_code == 200
    chain.asked.clear()
    for body in (b" " * (BODY_MAX_BYTES + 1), json.dumps([call()] * (CALLS_MAX + 1))):
        answer = await service.post("/api/rpc", content=body)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.market.too_large")
    assert chain.asked == []


async def test_who_asks_too_often_hears_when_to_come_again(
    service: httpx.AsyncClient, parts: Parts
) -> None:
    parts.dapp.calls = Allowance(RateLimitItemPerMinute(3), "calls of the chain")
    assert (await service.post("/api/rpc", json=[call()] * 2)).status_code == 200
    answer = await service.post("/api/rpc", json=[call()] * 2)
    assert (answer.status_code, answer.json()["code"]) == (429, "request.rate")
    assert 1 <= int(answer.headers["retry-after"]) <= 61


async def test_a_chain_that_is_away_is_a_bad_gateway(
    service: httpx.AsyncClient, parts: Parts, chain: ScriptedChain
) -> None:
    chain.answers["eth_chainId"] = RpcError("None answers.")
    answer = await service.post("/api/rpc", json=call())
    assert (answer.status_code, answer.json()["code"]) == (502, "chain.rpc.away")
    parts.dapp.upstream = None
    assert (await service.post("/api/rpc", json=call())).status_code == 502


async def test_a_real_contract_and_its_refusal(
    service: httpx.AsyncClient, parts: Parts, contracts: Contracts, devnet: str
) -> None:
    token = contracts.deployment.token
    async with RpcPool([devnet], expected_chain_id=31337, attempts=1) as pool:
        parts.dapp.upstream = pool
        batch = [
            call("eth_call", [{"to": token, "data": "0x313ce567"}, "latest"]),
            # transfer(0x1, 1) of somebody who holds nothing
            call("eth_call", [{"to": token, "data": "0xa9059cbb" + f"{1:064x}" * 2}, "latest"], 2),
            call("eth_feeHistory", ["0x1", "latest", [50]], 3),
            call("eth_sendRawTransaction", ["0x02"], 4),
        ]
        decimals, refused, fees, nonsense = (await service.post("/api/rpc", json=batch)).json()
    assert int(decimals["result"], 16) == 18
    assert refused["error"]["code"] == 3
    assert refused["error"]["data"].startswith("0x")
    assert len(refused["error"]["data"]) > 10
    assert len(fees["result"]["baseFeePerGas"]) == 2
    assert nonsense["error"]["code"] < 0
