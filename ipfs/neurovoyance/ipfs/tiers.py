"""Where a missing block is looked for, one kind of place after the other.

Place: between :mod:`.obtaining` and what can be asked: the swarm of known providers, a daemon,
gateways. A place that lacked several blocks in a row is asked last for the rest of the operation,
but it is asked. Never: hand out bytes that the place did not verify.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.errors import (
    StorageError,
    StorageFull,
    StorageNotFound,
    StorageTooLarge,
)

_MISSES = 3

PutBlock = Callable[[Cid, bytes], Awaitable[None]]
"""Verifies and stores a block; raises :class:`StorageIntegrityError` for wrong bytes."""


class BlockSource(Protocol):
    """A place that returns verified blocks."""

    @property
    def width(self) -> int:
        """How many blocks are worth asking for at once."""
        ...

    async def obtain(self, cid: Cid, limit_bytes: int) -> bytes:
        """Return a verified block of at most ``limit_bytes``.

        Raises:
            StorageNotFound: not there; the context names who was asked and why each failed.
            StorageError: the place could not be asked.
        """
        ...


class Fallback(Protocol):
    """A place that is opened for one operation."""

    def source(self, put: PutBlock) -> AbstractAsyncContextManager[BlockSource]:
        """Return the opened place; it calls ``put`` with every block before returning it."""
        ...


@dataclass(slots=True)
class _Tier:
    source: BlockSource
    misses: int = 0


class Tiers:
    """Several places, asked in order."""

    def __init__(self, sources: Sequence[BlockSource]) -> None:
        self._tiers = [_Tier(source) for source in sources]

    @property
    def width(self) -> int:
        """How many blocks are worth asking for at once."""
        return max(tier.source.width for tier in self._ordered()[:1])

    async def obtain(self, cid: Cid, limit_bytes: int) -> bytes:
        """Return a block from the first place that has it.

        Raises:
            StorageNotFound: nobody has it; the context names everybody asked and why each failed.
            StorageTooLarge: whoever has it sends more than ``limit_bytes``.
            StorageFull: it could not be stored.
        """
        reasons: dict[str, str] = {}
        too_large: StorageTooLarge | None = None
        for tier in self._ordered():
            try:
                data = await tier.source.obtain(cid, limit_bytes)
                tier.misses = 0
                return data
            except StorageFull:
                raise
            except StorageTooLarge as error:
                too_large = error
            except StorageNotFound as error:
                asked = error.context.get("providers")
                reasons.update(asked if isinstance(asked, dict) else {})
                tier.misses += 1
            except StorageError as error:
                reasons[str(error.context.get("url", error.code))] = error.message
                tier.misses += 1
        if too_large is not None:
            raise too_large
        raise nobody_has(cid, reasons)

    def _ordered(self) -> list[_Tier]:
        return sorted(self._tiers, key=lambda tier: tier.misses >= _MISSES)


def nobody_has(cid: Cid, reasons: dict[str, str]) -> StorageNotFound:
    """Return the error for a block that nobody who was asked has."""
    shown = "; ".join(f"{url}: {reason}" for url, reason in reasons.items()) or "no peer known"
    return StorageNotFound(
        f"Nobody who was asked has {cid} ({shown}). What was fetched before is kept.",
        hint="Start the provider of this content, or name another source, and try again.",
        cid=str(cid),
        providers=reasons,
    )
