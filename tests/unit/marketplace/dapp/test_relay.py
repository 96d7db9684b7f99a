"""What the chain says reaches the wallet as it was said."""

from __future__ import annotations

import pytest
from tests.unit.marketplace.dapp.conftest import ScriptedChain

from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused
from neurovoyance.marketplace.dapp.relay import relay
from neurovoyance.marketplace.dapp.rpc_rules import SEND, RpcBody, RpcCall, RpcFault
from neurovoyance.marketplace.errors import ChainAway
from neurovoyance.protocol.errors import RpcError


def asking(*items: RpcCall | RpcFault) -> RpcBody:
    return RpcBody(items, len(items) > 1)


async def test_a_batch_is_answered_in_its_order(chain: ScriptedChain) -> None:
    chain.answers = {"eth_chainId": "0x7a69", "eth_blockNumber": "0x5"}
    answer = await relay(
        chain,
        asking(
            RpcCall("b", "eth_blockNumber", []),
            RpcFault(7, -32601, "no"),
            RpcCall(1, "eth_chainId", []),
        ),
    )
    assert answer == [
        {"jsonrpc": "2.0", "id": "b", "result": "0x5"},
        {"jsonrpc": "2.0", "id": 7, "error": {"code": -32601, "message": "no"}},
        {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"},
    ]


async def test_a_revert_keeps_its_data(chain: ScriptedChain) -> None:
    chain.answers["eth_call"] = RpcRefused("eth_call", 3, "execution reverted", "0xdeadbeef")
    answer = await relay(chain, asking(RpcCall(1, "eth_call", [{}])))
    assert isinstance(answer, dict)
    assert answer["error"] == {"code": 3, "message": "execution reverted", "data": "0xdeadbeef"}


async def test_a_signed_transaction_goes_to_every_endpoint(chain: ScriptedChain) -> None:
    await relay(chain, asking(RpcCall(1, SEND, ["0xsigned"])))
    assert chain.told == [SEND]


async def test_too_much_is_said_to_the_asker_and_silence_is_a_failure(chain: ScriptedChain) -> None:
    chain.answers["eth_getLogs"] = ResponseTooLarge("It sent too much.")
    answer = await relay(chain, asking(RpcCall(1, "eth_getLogs", [{}])))
    assert isinstance(answer, dict)
    assert answer["error"]["code"] == -32005
    chain.answers["eth_call"] = RpcError("http://key@secret.example does not answer.")
    with pytest.raises(ChainAway) as caught:
        await relay(chain, asking(RpcCall(1, "eth_call", [{}])))
    assert "secret" not in str(caught.value.to_wire())
