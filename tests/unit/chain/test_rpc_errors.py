"""What callers may rely on in the errors of endpoints."""

from __future__ import annotations

from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused, WrongChain
from neurovoyance.protocol.errors import RpcError


def test_all_are_rpc_errors_with_codes_of_their_own() -> None:
    kinds = (RpcRefused, WrongChain, ResponseTooLarge)
    assert all(issubclass(kind, RpcError) for kind in kinds)
    assert len({kind.code for kind in kinds} | {RpcError.code}) == 4


def test_a_refusal_keeps_the_nodes_words_and_data() -> None:
    refused = RpcRefused("eth_call", 3, "execution reverted", "0x1234")
    assert (refused.rpc_code, refused.rpc_message, refused.data) == (
        3,
        "execution reverted",
        "0x1234",
    )
    assert not refused.retryable
    assert "eth_call" in refused.message
