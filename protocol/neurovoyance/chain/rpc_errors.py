"""The two ways an RPC endpoint fails beyond silence: it refuses, or it is the wrong chain."""

from __future__ import annotations

from typing import Any

from neurovoyance.protocol.errors import RpcError


class RpcRefused(RpcError):
    """A sound endpoint answered a request with a JSON-RPC error; asking another is no use.

    Attributes:
        rpc_code: the JSON-RPC error code, e.g. 3 for a revert or -32000 for a refused transaction.
        rpc_message: the node's own words; for people, never to branch on where a code exists.
        data: what the node attached, e.g. the revert data as hex.
    """

    code = "chain.rpc.refused"
    retryable = False
    default_hint = "The node understood the request and declined it; see the message."

    def __init__(self, method: str, rpc_code: int, rpc_message: str, data: Any = None) -> None:
        super().__init__(
            f"The RPC endpoint refused {method}: {rpc_message} (code {rpc_code}).",
            method=method,
            rpc_code=rpc_code,
            rpc_message=rpc_message,
        )
        self.rpc_code = rpc_code
        self.rpc_message = rpc_message
        self.data = data


class WrongChain(RpcError):
    """The endpoint serves another chain than the one agreed on; it is not used."""

    code = "chain.rpc.wrong_chain"
    retryable = False
    default_hint = "Correct the RPC address, or use the deployment of the chain that it serves."


class ResponseTooLarge(RpcError):
    """An endpoint sent more than is read of one answer; asking for less may help."""

    code = "chain.rpc.too_large"
    default_hint = "Ask for a smaller range; a sound endpoint then answers."
