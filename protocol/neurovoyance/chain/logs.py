"""Raw logs of receipts and ``eth_getLogs``, checked, and their decoding into typed events.

Place: under ``client`` and ``events``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain._generated_events import EVENT_CLASSES
from neurovoyance.chain.abi_codec import CONTRACT_NAMES, contract_abi, decode_values
from neurovoyance.chain.event_base import ChainEvent, LogMeta
from neurovoyance.chain.event_types import typed
from neurovoyance.protocol.errors import RpcError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RawLog:
    """One log as the chain holds it; ``topics`` are 32 bytes each."""

    meta: LogMeta
    topics: tuple[bytes, ...]
    data: bytes


def parse_log(value: Any) -> RawLog:
    """Return a checked log; RpcError when a member is missing or of a wrong type."""
    entry = wire.mapping(value, "a log")
    topics = tuple(wire.data(t, "a topic") for t in wire.sequence(entry.get("topics"), "topics"))
    if len(topics) > 4 or any(len(topic) != 32 for topic in topics):
        raise RpcError("The RPC endpoint answered with a log whose topics are malformed.")
    meta = LogMeta(
        wire.address(entry.get("address")),
        wire.quantity(entry.get("blockNumber"), "a block number"),
        wire.hash32(entry.get("blockHash"), "a block hash"),
        wire.hash32(entry.get("transactionHash"), "a transaction hash"),
        wire.quantity(entry.get("logIndex"), "a log index"),
    )
    return RawLog(meta, topics, wire.data(entry.get("data"), "log data"))


@cache
def _event_entries() -> dict[bytes, dict[str, Any]]:
    found: dict[bytes, dict[str, Any]] = {}
    for name in CONTRACT_NAMES:
        found.update(contract_abi(name).events)
    return found


def decode_log(log: RawLog) -> ChainEvent | None:
    """Return the typed event of a log, or None when no contract of ours defines it.

    Raises:
        RpcError: topics or data do not fit the event; a contract of ours cannot emit that.
    """
    topic = log.topics[0] if log.topics else b""
    cls = EVENT_CLASSES.get(topic)
    if cls is None:
        return None
    inputs = _event_entries()[topic]["inputs"]
    indexed = [param for param in inputs if param["indexed"]]
    if len(log.topics) - 1 != len(indexed):
        raise RpcError(f"A log of {cls.solidity_name} has {len(log.topics)} topics.")
    plain = [param for param in inputs if not param["indexed"]]
    from_topics = iter(decode_values(indexed, b"".join(log.topics[1:]), cls.solidity_name))
    from_data = iter(decode_values(plain, log.data, cls.solidity_name))
    values = [typed(next(from_topics if p["indexed"] else from_data), p) for p in inputs]
    names = [item.name for item in fields(cls) if item.name != "meta"]
    return cls(log.meta, **dict(zip(names, values, strict=True)))


def decode_logs(logs: tuple[RawLog, ...]) -> tuple[ChainEvent, ...]:
    """Return the typed events among logs of a receipt, in order; others are left out."""
    found = []
    for log in logs:
        try:
            event = decode_log(log)
        except RpcError:
            # A foreign contract may reuse a topic with other indexing; it is not ours.
            _log.debug("log_not_ours address=%s", log.meta.address)
            continue
        if event is not None:
            found.append(event)
    return tuple(found)
