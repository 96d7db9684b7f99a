"""Runs of blocks from peers that answer with archives: who is asked, for how much, for how long.

Place: beside :mod:`.swarm`, whose peers, failures and bans it shares; used by :mod:`.fetcher` for
files of several blocks. Whatever ends a run early, the fetcher asks again for what is left, from
another peer or block by block, so a peer that knows no archives costs one request. Every block is
on disk before its peer is read on, so a kill loses one block of each connection. Never: let a peer
that stands still hold a run while another could have it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

from neurovoyance.ipfs.archive_client import (
    ArchiveConnection,
    ArchiveEnded,
    FalseArchive,
    KnowsNoArchives,
)
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway_client import PeerFailed, PeerIsBusy, PeerLacksBlock, Timeouts
from neurovoyance.ipfs.peers import Peer
from neurovoyance.ipfs.runs import Run
from neurovoyance.ipfs.swarm import Swarm
from neurovoyance.protocol.errors import StorageIntegrityError

MAX_STREAMS = 12
_FIRST_BYTES = 8 << 20
_MIN_BYTES, _MAX_BYTES = 1 << 20, 64 << 20
_RUN_S = 2.0

StoreBlock = Callable[[Cid, memoryview], object]
OnStored = Callable[[Cid], None]


@dataclass(slots=True)
class Slot:
    """The right to read from ``peer`` over one connection, and how much to ask for at once."""

    peer: Peer
    connection: ArchiveConnection

    @property
    def most_bytes(self) -> int:
        """About two seconds' worth; little while the peer's speed is not known."""
        if not self.peer.stream_bytes_s:
            return _FIRST_BYTES
        return int(min(max(self.peer.stream_bytes_s * _RUN_S, _MIN_BYTES), _MAX_BYTES))


class Streams:
    """The connections of one job; use as an asynchronous context manager.

    Args:
        swarm: the peers; those that lie or fail here are banned or dropped there.
        store: verifies and stores a block, called in threads; must not keep the bytes.
        allow_private: whether peers may have private addresses.
        timeouts: when a peer counts as failed.
    """

    def __init__(
        self, swarm: Swarm, store: StoreBlock, *, allow_private: bool, timeouts: Timeouts
    ) -> None:
        self._swarm = swarm
        self._store = store
        self._allow_private = allow_private
        self._timeouts = timeouts
        self._idle: dict[str, list[ArchiveConnection]] = {}
        self._open: set[ArchiveConnection] = set()
        self._pool = ThreadPoolExecutor(MAX_STREAMS, thread_name_prefix="streams")

    async def __aenter__(self) -> Streams:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._open:
            connection.stop()
        # The store may be closed afterwards, so no thread may be left that writes to it.
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._open:
            connection.close()

    @property
    def width(self) -> int:
        """How many connections peers that know archives may have together."""
        count = sum(peer.knows_archives for peer in self._swarm.usable())
        return min(MAX_STREAMS, count * self._swarm.rules.streams_per_peer)

    def is_busy(self, node: Cid) -> bool:
        """Return whether leaves of ``node`` could be streamed once a stream in use ends."""
        return bool(self._able(node)) and any(peer.streams for peer in self._swarm.usable())

    def claim(self, node: Cid) -> Slot | None:
        """Return a free connection to a peer that may stream leaves of ``node``."""
        now_s, rules = time.monotonic(), self._swarm.rules
        free = [
            peer
            for peer in self._able(node)
            if peer.streams < rules.streams_per_peer and peer.paused_until_s <= now_s
        ]
        if not free or sum(peer.streams for peer in self._swarm.usable()) >= MAX_STREAMS:
            return None
        peer = min(free, key=lambda p: (p.streams, -p.stream_bytes_s))
        peer.streams += 1
        idle = self._idle.setdefault(peer.url, [])
        connection = idle.pop() if idle else self._connection(peer)
        return Slot(peer, connection)

    def give_back(self, slot: Slot) -> None:
        """End the use of a slot."""
        slot.peer.streams -= 1
        self._idle[slot.peer.url].append(slot.connection)

    def may_use(self, slot: Slot, node: Cid) -> bool:
        """Return whether the slot's peer may be asked for another run of ``node``."""
        return slot.peer in self._able(node)

    async def fetch(self, slot: Slot, run: Run, on_stored: OnStored) -> None:
        """Store leaves of ``run``; ``on_stored`` is told of each.

        Returns when the run is done or this peer will do no more of it; never raises for what the
        peer did, which is noted: it is then not asked for this node again, dropped, or banned.

        Raises:
            StorageFull, StorageError: a block could not be stored.
        """
        loop, started_s = asyncio.get_running_loop(), time.monotonic()
        stored_bytes, is_over = 0, False

        def note(cid: Cid, size_bytes: int) -> None:
            nonlocal stored_bytes
            if not is_over:  # a thread that was stopped may still store a last block
                stored_bytes += size_bytes
                on_stored(cid)

        def keep(cid: Cid, data: memoryview) -> None:
            self._store(cid, data)
            loop.call_soon_threadsafe(note, cid, len(data))

        thread = loop.run_in_executor(self._pool, slot.connection.fetch, run, keep)
        thread.add_done_callback(_take_note)
        try:
            if not await self._watch(slot, run, thread):
                slot.peer.unstreamable.add(run.node.binary)
                self._discard(slot)
        except asyncio.CancelledError:
            self._discard(slot)
            raise
        except StorageIntegrityError:
            self._swarm.ban(slot.peer)
        except FalseArchive as error:
            self._swarm.ban(slot.peer, f"{error}; banned for a day")
        except KnowsNoArchives:
            slot.peer.knows_archives = False
        except PeerLacksBlock as error:
            slot.peer.lacks[run.node.binary] = str(error)
        except PeerIsBusy as busy:
            slot.peer.paused_until_s = time.monotonic() + busy.wait_s
        except ArchiveEnded:
            slot.peer.unstreamable.add(run.node.binary)
        except PeerFailed as error:
            if run.node.binary not in slot.peer.unstreamable:  # all its connections count as one
                self._swarm.note_failure(slot.peer, str(error))
            slot.peer.unstreamable.add(run.node.binary)
        finally:
            is_over = True
        if stored_bytes:
            slot.peer.failures = 0
            elapsed_s = max(time.monotonic() - started_s, 1e-6)
            slot.peer.stream_bytes_s = stored_bytes / elapsed_s

    async def _watch(self, slot: Slot, run: Run, thread: asyncio.Future[None]) -> bool:
        """Wait for the thread; ``False`` when it stood still and another peer can go on.

        Raises:
            PeerFailed: no block came within the time that one may take.
        """
        seen, changed_s = slot.connection.stored_count, time.monotonic()
        patience_s = self._swarm.rules.hedge_s
        while True:
            waited_s = time.monotonic() - changed_s
            limit_s = min(patience_s, self._timeouts.block_s - waited_s)
            done, _ = await asyncio.wait({thread}, timeout=max(limit_s, 0.0))
            if done:
                thread.result()
                return True
            now_s = time.monotonic()
            if slot.connection.stored_count != seen:
                seen, changed_s = slot.connection.stored_count, now_s
            elif now_s - changed_s >= self._timeouts.block_s:
                self._discard(slot)
                raise PeerFailed("timed out")
            elif now_s - changed_s >= patience_s and self._has_other(slot.peer, run.node):
                return False

    def _has_other(self, peer: Peer, node: Cid) -> bool:
        return any(other is not peer for other in self._swarm.able(node))

    def _able(self, node: Cid) -> list[Peer]:
        return [
            peer
            for peer in self._swarm.able(node)
            if peer.knows_archives and node.binary not in peer.unstreamable
        ]

    def _connection(self, peer: Peer) -> ArchiveConnection:
        connection = ArchiveConnection(peer.url, self._allow_private, self._timeouts)
        self._open.add(connection)
        return connection

    def _discard(self, slot: Slot) -> None:
        """Stop a connection in use and put a new one in its place; its thread ends by itself."""
        slot.connection.stop()
        slot.connection = self._connection(slot.peer)


def _take_note(thread: asyncio.Future[None]) -> None:
    """Look at how a thread ended, which nobody may be waiting for any more."""
    if not thread.cancelled():
        thread.exception()
