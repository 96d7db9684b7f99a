"""Everything that the chain ever said about one job or one dispute.

Place: for explaining and checking after the fact; whoever acts follows an :class:`EventCursor`
instead. Every event of a job has the job id as its first or second indexed value, every event of a
dispute the dispute's id as its first, so two filters find all. Never: a remembered position.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.logs import decode_log, parse_log
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import RpcError

_RANGE_MAX_BLOCKS = 10_000
"""What most endpoints answer at once; fewer blocks are asked for where they do not."""

Topic = str | Sequence[str] | None


async def history(
    client: ChainClient, addresses: Iterable[str], subject: bytes | int, *, start_block: int
) -> list[ChainEvent]:
    """Return every event about a job, a slash or a dispute, in the order of the chain.

    These are the events whose first or second indexed value is ``subject``.

    Args:
        client: the chain.
        addresses: the contracts; see :meth:`Deployment.contract_addresses`.
        subject: job id or slash id (32 bytes), or dispute id.
        start_block: first block that can hold one, usually ``Deployment.deploy_block``.

    Raises:
        RpcError: the endpoint does not answer, or answers what was not asked.
    """
    word = subject if isinstance(subject, bytes) else subject.to_bytes(32, "big")
    topic = "0x" + word.rjust(32, b"\0").hex()
    places: list[list[Topic]] = [[None, topic]]
    if isinstance(subject, bytes):
        # A dispute's number is small: as a second value it could be something else.
        places.append([None, None, topic])
    head = await client.block_number()
    found = [
        event
        for topics in places
        for event in await events_matching(client, addresses, topics, start_block, head)
    ]
    unique = {(event.meta.block_number, event.meta.log_index): event for event in found}
    return [unique[place] for place in sorted(unique)]


async def events_with(
    client: ChainClient, addresses: Iterable[str], kind: type[ChainEvent], *, start_block: int
) -> list[ChainEvent]:
    """Return every event of one class that these contracts ever emitted, in the chain's order.

    Raises:
        RpcError: as :func:`history`.
    """
    head = await client.block_number()
    return await events_matching(client, addresses, ["0x" + kind.topic.hex()], start_block, head)


async def events_matching(
    client: ChainClient,
    addresses: Iterable[str],
    topics: Sequence[Topic],
    first: int,
    head: int,
) -> list[ChainEvent]:
    """Return the events that one filter finds, in the order of the chain.

    Args:
        client: the chain.
        addresses: the contracts.
        topics: for each indexed place a word, several of which one has to fit, or None for any.
        first, head: first and last block searched; asked for in ranges that the endpoint takes.

    Raises:
        RpcError: as :func:`history`.
    """
    wanted_addresses = sorted(set(addresses))
    found: list[ChainEvent] = []
    width = _RANGE_MAX_BLOCKS
    while first <= head:
        last = min(head, first + width - 1)
        wanted = {
            "address": wanted_addresses,
            "topics": list(topics),
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        try:
            raw = await client.rpc.request("eth_getLogs", [wanted])
        except RpcRefused:
            if last == first:
                raise
            width = max(1, (last - first + 1) // 2)
            continue
        found += _decoded(raw, wanted_addresses)
        first = last + 1
    return found


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
