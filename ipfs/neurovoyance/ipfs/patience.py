"""How long a server waits for whoever called: for a request, for the rest of it, for its answer.

Place: given to uvicorn as its HTTP protocol, by every server that strangers reach, and so in the
lowest package that serves them, beside :mod:`.rate`: that one counts requests, this one the
connections that make none. A connection is given up when a request's head takes too long, when a
body stops coming, or when an answer is not read. Never: close one whose own side is the slow one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from neurovoyance.ipfs.rate import network_of


@dataclass(frozen=True, slots=True)
class Patience:
    """What a connection is allowed.

    Attributes:
        head_s: longest time for a request's head, from the connection's first moment or, of a later
            request, its first byte.
        stall_s: a body brings ``stall_bytes`` within this time, again and again, until it is
            complete; an answer that does not fit the buffers is read on within it.
        stall_bytes: see above.
        per_peer: connections at once of one IPv4 address or IPv6 /64 network; None for any number.
        uncounted: addresses that ``per_peer`` does not count, such as a proxy's.
    """

    head_s: float = 10.0
    stall_s: float = 30.0
    stall_bytes: int = 16_384
    per_peer: int | None = None
    uncounted: frozenset[str] = frozenset()


class _Part(Enum):
    HEAD = auto()
    BODY = auto()


_PARTS: Final = {h11.IDLE: _Part.HEAD, h11.SEND_BODY: _Part.BODY}
"""What is waited for in a state of the caller; elsewhere nothing is."""


def impatient(patience: Patience) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol with this patience; each class counts its own connections."""
    held: Counter[str] = Counter()

    class Impatient(H11Protocol):
        """One connection."""

        _peer: str | None = None
        _part: _Part | None = None
        _coming: asyncio.TimerHandle | None = None
        _going: asyncio.TimerHandle | None = None
        _received_bytes = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._await(_Part.HEAD)
            host = self.client[0] if self.client else ""
            if patience.per_peer is None or host in patience.uncounted:
                return
            self._peer = network_of(host)
            held[self._peer] += 1
            if held[self._peer] > patience.per_peer:
                transport.abort()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._received_bytes += len(data)
            part = _PARTS.get(self.conn.their_state)
            if part is not self._part:
                self._await(part)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._going = self.loop.call_later(patience.stall_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            _stop(self._going)
            self._going = None

        def connection_lost(self, exc: Exception | None) -> None:
            self._await(None)
            _stop(self._going)
            self._going = None
            if self._peer is not None:
                held[self._peer] -= 1
                if not held[self._peer]:
                    del held[self._peer]
                self._peer = None
            super().connection_lost(exc)

        def _await(self, part: _Part | None) -> None:
            """Count the time for this part of a request from now on; None for no part."""
            _stop(self._coming)
            self._part, self._coming, self._received_bytes = part, None, 0
            if part is _Part.HEAD:
                self._coming = self.loop.call_later(patience.head_s, self.transport.abort)
            elif part is _Part.BODY:
                self._coming = self.loop.call_later(patience.stall_s, self._judge_body)

        def _judge_body(self) -> None:
            # While reading is paused it is the application that is slow.
            if self._received_bytes < patience.stall_bytes and not self.flow.read_paused:
                self.transport.abort()
            else:
                self._await(_Part.BODY)

    return Impatient


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
