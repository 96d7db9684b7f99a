"""Everything that the chain ever said about one job or one dispute.

Place: for explaining and checking after the fact; whoever acts follows an :class:`EventCursor`
instead. Every event of a job has the job id as its first indexed value, every event of a dispute
the dispute's id, so one filter finds all of them. Never: a position that is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.logs import decode_log, parse_log
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import RpcError

_RANGE_MAX_BLOCKS = 50_000


async def history(
    client: ChainClient, addresses: Iterable[str], subject: bytes | int, *, start_block: int
) -> list[ChainEvent]:
    """Return every event whose first indexed value is ``subject``, in the order of the chain.

    Args:
        client: the chain.
        addresses: the contracts; see :meth:`Deployment.contract_addresses`.
        subject: job id or slash id (32 bytes), or dispute id.
        start_block: first block that can hold one, usually ``Deployment.deploy_block``.

    Raises:
        RpcError: the endpoint does not answer, or answers what was not asked.
    """
    word = subject if isinstance(subject, bytes) else subject.to_bytes(32, "big")
    wanted: dict[str, Any] = {
        "address": sorted(set(addresses)),
        "topics": [None, "0x" + word.rjust(32, b"\0").hex()],
    }
    found: list[ChainEvent] = []
    first, head, width = start_block, await client.block_number(), _RANGE_MAX_BLOCKS
    while first <= head:
        last = min(head, first + width - 1)
        asked = {**wanted, "fromBlock": hex(first), "toBlock": hex(last)}
        try:
            raw = await client.rpc.request("eth_getLogs", [asked])
        except RpcRefused:
            if last == first:
                raise
            width = max(1, (last - first + 1) // 2)
            continue
        found += _decoded(raw, wanted["address"])
        first = last + 1
    return sorted(found, key=lambda event: (event.meta.block_number, event.meta.log_index))


def _decoded(raw: Any, addresses: list[str]) -> list[ChainEvent]:
    events = []
    for item in wire.sequence(raw, "logs"):
        log = parse_log(item)
        if log.meta.address not in addresses:
            raise RpcError("The RPC endpoint answered with logs that were not asked for.")
        event = decode_log(log)
        if event is not None:
            events.append(event)
    return events
