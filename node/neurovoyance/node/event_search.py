"""Single events of one job or provider, looked up when they are needed.

Place: beside the event cursor, for duties that begin with an event of today and need one of last
week: who listed the job that we were drawn to audit. Asked backwards in short ranges, since nodes
refuse long ones. Never: trust in a log of another contract or another topic than was asked for.
"""

from __future__ import annotations

from typing import Any, TypeVar

from neurovoyance.chain import wire
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.events import ChainEvent
from neurovoyance.chain.logs import decode_log, parse_log
from neurovoyance.protocol.ids import hex_of

RANGE_BLOCKS = 2_000

Event = TypeVar("Event", bound=ChainEvent)


async def last_event(
    client: ChainClient,
    kind: type[Event],
    address: str,
    topic: bytes,
    *,
    first_block: int,
    last_block: int,
) -> Event | None:
    """Return the latest event of a kind whose first indexed argument is ``topic``, or None.

    Args:
        client: the chain.
        kind: class of the event.
        address: the contract that emits it.
        topic: 32 bytes.
        first_block, last_block: the range searched, from its end backwards.

    Raises:
        RpcError: no endpoint answered; asking again is safe.
    """
    end = last_block
    while end >= first_block:
        start = max(first_block, end - RANGE_BLOCKS + 1)
        wanted: dict[str, Any] = {
            "fromBlock": hex(start),
            "toBlock": hex(end),
            "address": [address],
            "topics": [[hex_of(kind.topic)], [hex_of(topic)]],
        }
        raw = await client.rpc.request("eth_getLogs", [wanted])
        logs = [parse_log(item) for item in wire.sequence(raw, "logs")]
        logs.sort(key=lambda log: (log.meta.block_number, log.meta.log_index), reverse=True)
        for log in logs:
            event = decode_log(log)
            if isinstance(event, kind) and log.meta.address == address and log.topics[1] == topic:
                return event
        end = start - 1
    return None
