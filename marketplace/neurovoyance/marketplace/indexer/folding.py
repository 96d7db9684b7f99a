"""One batch of typed events to rows: what happened, what is now, where the money is.

Place: pure but for the reads that :class:`.Rows` makes; ``store`` gives the transaction around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import EVENT_CLASSES
from neurovoyance.marketplace.indexer import channel_folds, job_folds, party_folds
from neurovoyance.marketplace.indexer.encoding import event_json, subject_of
from neurovoyance.marketplace.indexer.money import Money
from neurovoyance.marketplace.indexer.movements import Movements
from neurovoyance.marketplace.indexer.rows import Rows
from neurovoyance.marketplace.indexer.schema import (
    BALANCE,
    BOOK,
    CHANNEL,
    EVENT,
    JOB,
    PROVIDER,
    SIDE,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, hex_of

_FOLDS: dict[type[Any], Any] = {
    **job_folds.FOLDS,
    **party_folds.FOLDS,
    **channel_folds.FOLDS,
}
_PARTIES = ("provider", "client", "owner", "court", "to", "from_", "finder", "delegator", "account")


@dataclass(frozen=True, slots=True)
class BlockTime:
    """A block that holds events: its hash, ``0x`` hex, and its timestamp, unix seconds."""

    block_hash: str
    time_s: int


class Folding:
    """Applies events of one deployment to rows."""

    def __init__(self, rows: Rows, deployment: Deployment) -> None:
        self._rows = rows
        self._movements = Movements(rows, deployment)
        court, router = deployment.audit_court, deployment.fee_router
        self.money = Money(
            rows,
            self._movements.note,
            audit_court="" if court == ZERO_ADDRESS else court,
            fee_router="" if router == ZERO_ADDRESS else router,
        )

    def forget(self) -> None:
        """Drop what is in memory."""
        self._rows.forget()
        self._movements.forget()
        self.money.forget()

    def apply(self, events: Iterable[ChainEvent], blocks: Mapping[int, BlockTime]) -> int:
        """Apply events in the order of the chain; return how many.

        Args:
            events: of whole blocks.
            blocks: hash and time of every block that holds one of them.
        """
        listed = list(events)
        self._prefetch(listed)
        for event in listed:
            meta = event.meta
            self._rows.stand_at(meta.block_number, meta.log_index, blocks[meta.block_number].time_s)
            self._rows.grow(EVENT, _event_row(event, self._rows))
            fold = _FOLDS.get(type(event))
            if fold is not None:
                fold(self._rows, event)
            self.money.apply(event)
            self._movements.write(event)
        self.money.finish()
        return len(listed)

    def _prefetch(self, events: list[ChainEvent]) -> None:
        """Read the rows that the events will ask for, with a few queries instead of thousands."""
        parties: set[str] = set()
        jobs: set[str] = set()
        locks: set[str] = set()
        channels: set[str] = set()
        sides: set[str] = set()
        for event in events:
            found = {getattr(event, name) for name in _party_names(event.topic)}
            parties |= found
            job_id = getattr(event, "job_id", None)
            if job_id is not None:
                text = hex_of(job_id)
                jobs.add(text)
                locks |= {f"lock:{party}:{text}" for party in found}
            channel_id = getattr(event, "channel_id", None)
            if channel_id is not None:
                channels.add(hex_of(channel_id))
                payee = getattr(event, "payee", None)
                if payee is not None:
                    sides.add(channel_folds.side_key(channel_id, payee))
        self._rows.prefetch(JOB, jobs)
        self._rows.prefetch(CHANNEL, channels)
        self._rows.prefetch(SIDE, sides)
        self._rows.prefetch(PROVIDER, parties)
        self._rows.prefetch(BALANCE, parties)
        entries = {f"job:{job}" for job in jobs} | {f"pool:{party}" for party in parties}
        self._rows.prefetch(BOOK, entries | locks)


@cache
def _party_names(topic: bytes) -> tuple[str, ...]:
    """Return the fields of an event that hold an address of a party."""
    names = {item.name: item.type for item in fields(EVENT_CLASSES[topic])}
    return tuple(name for name in _PARTIES if str(names.get(name, "")).endswith("Address"))


def _event_row(event: ChainEvent, rows: Rows) -> dict[str, Any]:
    meta = event.meta
    return {
        "born": rows.born,
        "block_number": meta.block_number,
        "log_index": meta.log_index,
        "block_hash": meta.block_hash,
        "tx_hash": meta.tx_hash,
        "time_s": rows.time_s,
        "address": meta.address,
        "name": event.solidity_name,
        "subject": subject_of(event),
        "data": event_json(event),
    }
