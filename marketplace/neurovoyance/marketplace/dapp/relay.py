"""Passes allowed calls on to the chain's endpoints, and their answers back as they are.

Place: between ``rpc_rules`` and ``chain.rpc``. A refusal of the node (a revert with its data) is an
answer; silence is :class:`ChainAway`. Never: an address of an endpoint in an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused
from neurovoyance.marketplace.dapp.rpc_rules import LIMIT, SEND, RpcBody, RpcCall, RpcFault
from neurovoyance.marketplace.errors import ChainAway
from neurovoyance.protocol.errors import RpcError


class Upstream(Protocol):
    """What is needed of :class:`.RpcPool`."""

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Ask one endpoint."""
        ...

    async def broadcast(self, method: str, params: Sequence[Any]) -> Any:
        """Tell every endpoint."""
        ...


async def relay(upstream: Upstream, body: RpcBody) -> dict[str, Any] | list[dict[str, Any]]:
    """Return the answer to a body, calls of a batch asked side by side, in the order of the batch.

    Raises:
        ChainAway: no endpoint answered one of the calls.
    """
    answers = await asyncio.gather(*(_one(upstream, item) for item in body.items))
    return list(answers) if body.is_batch else answers[0]


async def _one(upstream: Upstream, item: RpcCall | RpcFault) -> dict[str, Any]:
    if isinstance(item, RpcFault):
        return item.answer()
    ask = upstream.broadcast if item.method == SEND else upstream.request
    try:
        result = await ask(item.method, item.params)
    except RpcRefused as refused:
        return RpcFault(item.id, refused.rpc_code, refused.rpc_message, refused.data).answer()
    except ResponseTooLarge:
        return RpcFault(item.id, LIMIT, "the answer is too large; ask for less").answer()
    except RpcError as error:
        raise ChainAway("The chain's endpoint does not answer now.", method=item.method) from error
    return {"jsonrpc": "2.0", "id": item.id, "result": result}
