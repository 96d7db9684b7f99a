"""Single events of the past, asked of the chain when they are needed.

Place: under ``court_side``. The contracts keep hashes only, so a trace, a point, an answer or a
revealed opening is read out of the log of the transaction that made it. Nothing is remembered
here: what the chain holds now is what counts. Never: an event of another contract, or of a range
that was not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from neurovoyance.chain import wire
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.events import ChainEvent
from neurovoyance.chain.logs import decode_log, parse_log
from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused
from neurovoyance.protocol.errors import RpcError

CHUNK_BLOCKS = 5_000
EVENTS_MAX = 1_000
"""Most events of one kind that are taken in; nobody can fill the memory with logs."""

_E = TypeVar("_E", bound=ChainEvent)


@dataclass(frozen=True, slots=True)
class History:
    """Reads events by kind and indexed values.

    Attributes:
        first_block: before which there can be no event.
    """

    client: ChainClient
    first_block: int

    async def last(
        self, kind: type[_E], address: str, *topics: bytes | int | str | None
    ) -> _E | None:
        """Return the newest event of a kind, or None.

        Args:
            kind: the event's class.
            address: the contract that emitted it.
            *topics: values of the indexed members in order; None takes any.

        Raises:
            RpcError: the chain could not be read.
        """
        end = await self.client.block_number()
        span = CHUNK_BLOCKS
        while end >= self.first_block:
            start = max(self.first_block, end - span + 1)
            try:
                found = await self._range(kind, address, topics, start, end)
            except RpcError as error:
                if not _is_too_large(error) or span == 1:
                    raise
                span = max(1, span // 2)
                continue
            if found:
                return found[-1]
            end = start - 1
        return None

    async def all(
        self,
        kind: type[_E],
        address: str,
        *topics: bytes | int | str | None,
        from_block: int | None = None,
    ) -> list[_E]:
        """Return the events of a kind in order, at most ``EVENTS_MAX``; see :meth:`last`."""
        start = max(self.first_block, from_block or 0)
        head, span = await self.client.block_number(), CHUNK_BLOCKS
        events: list[_E] = []
        while start <= head and len(events) < EVENTS_MAX:
            end = min(head, start + span - 1)
            try:
                events += await self._range(kind, address, topics, start, end)
            except RpcError as error:
                if not _is_too_large(error) or span == 1:
                    raise
                span = max(1, span // 2)
                continue
            start = end + 1
        return events[:EVENTS_MAX]

    async def _range(
        self,
        kind: type[_E],
        address: str,
        topics: tuple[bytes | int | str | None, ...],
        start: int,
        end: int,
    ) -> list[_E]:
        wanted = {
            "fromBlock": hex(start),
            "toBlock": hex(end),
            "address": address,
            "topics": ["0x" + kind.topic.hex(), *(_topic(value) for value in topics)],
        }
        raw: Any = await self.client.rpc.request("eth_getLogs", [wanted])
        events: list[_E] = []
        for item in wire.sequence(raw, "logs"):
            log = parse_log(item)
            if log.meta.address != address or not start <= log.meta.block_number <= end:
                raise RpcError("The RPC endpoint answered with logs that were not asked for.")
            event = decode_log(log)
            if not isinstance(event, kind):
                raise RpcError("The RPC endpoint answered with logs that were not asked for.")
            events.append(event)
        return sorted(events, key=lambda event: (event.meta.block_number, event.meta.log_index))


def _topic(value: bytes | int | str | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return "0x" + value.ljust(32, b"\0").hex()
    if isinstance(value, str):
        return "0x" + bytes.fromhex(value.removeprefix("0x")).rjust(32, b"\0").hex()
    return f"0x{value:064x}"


def _is_too_large(error: RpcError) -> bool:
    return isinstance(error, RpcRefused) or isinstance(error.__cause__, ResponseTooLarge)
