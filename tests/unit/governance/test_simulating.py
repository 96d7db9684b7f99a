"""An endpoint that cannot imagine blocks is named; what is imagined is an integration test."""

from __future__ import annotations

from typing import Any

import pytest
from tests.governed import Visit

from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.governance.drafting import draft
from neurovoyance.governance.simulating import simulate
from neurovoyance.governance.timeline import next_epoch_s
from neurovoyance.protocol.errors import RpcError

BURN = "set burnBps to 4.5 percent because it is imagined"


async def test_the_past_is_moved_to_the_next_second(visit: Visit) -> None:
    made = await draft(visit.governance, BURN)
    found = await simulate(visit.governance, made.actions, False, 0)
    assert found.execute_s == (await visit.chain.block()).timestamp_s + 1
    assert found.applies_s == next_epoch_s(found.execute_s)
    assert found.changed == {"burnBps": (400, 450)}
    assert found.guardian[0] == found.guardian[1]


async def test_an_endpoint_without_the_method_is_told_apart(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, request = await draft(visit.governance, BURN), visit.chain.rpc.request

    async def older(method: str, params: Any = (), **rest: Any) -> Any:
        if method == "eth_simulateV1":
            raise RpcRefused(method, -32601, "the method does not exist")
        return await request(method, params, **rest)

    monkeypatch.setattr(visit.chain.rpc, "request", older)
    with pytest.raises(RpcError, match="cannot imagine blocks") as refused:
        await simulate(visit.governance, made.actions, False, 0)
    assert "anvil --fork-url" in refused.value.hint
