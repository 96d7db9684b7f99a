"""Gets one verified block from whichever peer has it: choice of peer, retries, drops, bans.

Place: used by :mod:`.fetcher` for whole DAGs and by the reader for single missing blocks. A peer
that sends wrong bytes is banned for a day, in the index, so it stays banned over restarts; one
that fails three times in a row is dropped for this job. When a peer takes long over a block, a
second one is asked for it meanwhile and the first right answer counts. Never: give up on a block
while a peer is left that may have it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway_client import (
    BlockIsLarger,
    GatewayClient,
    PeerFailed,
    PeerIsBusy,
    PeerLacksBlock,
)
from neurovoyance.ipfs.peers import Peer, check_url
from neurovoyance.ipfs.tiers import PutBlock, nobody_has
from neurovoyance.protocol.errors import (
    AccessDenied,
    SpecError,
    StorageIntegrityError,
    StorageNotFound,
    StorageTooLarge,
)

_RACERS = 2


@dataclass(frozen=True, slots=True)
class SwarmRules:
    """How peers are used: requests at once to one, failures in a row, seconds of a ban.

    ``hedge_s``: seconds after which a second peer is asked for the same block; a peer that was
    slower than that before gets three times its own average.
    ``streams_per_peer``: connections at once over which a peer sends runs of blocks.
    """

    per_peer: int = 8
    streams_per_peer: int = 3
    max_failures: int = 3
    max_busy_answers: int = 20
    max_peers: int = 32
    ban_s: int = 24 * 3600
    hedge_s: float = 2.0


class BanBook(Protocol):
    """Remembers who lied: the store's index, or memory."""

    def ban(self, peer: str, until_s: int) -> None:
        """Avoid a peer until a time."""
        ...

    def bans(self, now_s: int) -> dict[str, int]:
        """Return the peers banned now, with how often each lied."""
        ...


@dataclass(slots=True)
class MemoryBans:
    """Bans that end with the process."""

    rows: dict[str, tuple[int, int]] = field(default_factory=dict)

    def ban(self, peer: str, until_s: int) -> None:
        """Avoid a peer until a time; the count of lies grows by one."""
        self.rows[peer] = (until_s, self.rows.get(peer, (0, 0))[1] + 1)

    def bans(self, now_s: int) -> dict[str, int]:
        """Return the peers banned now, with how often each lied."""
        return {peer: count for peer, (until_s, count) in self.rows.items() if until_s > now_s}


@dataclass(slots=True)
class _Search:
    """One block being looked for: what came of each peer."""

    cid: Cid
    limit_bytes: int
    attempts: dict[str, str] = field(default_factory=dict)
    is_larger: bool = False
    busy_answers: int = 0


class Swarm:
    """The peers of one job."""

    def __init__(
        self,
        client: GatewayClient,
        bans: BanBook,
        put: PutBlock,
        *,
        allow_private: bool,
        rules: SwarmRules,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._bans = bans
        self._put = put
        self._allow_private = allow_private
        self.rules = rules
        self._now_s = now_s
        self._peers: dict[str, Peer] = {}
        self._refused: dict[str, str] = {}
        self._freed = asyncio.Condition()
        self._routing_lock = asyncio.Lock()
        self._is_routed = False
        self.wrong_hash_count = 0

    def add_peers(self, urls: Iterable[str]) -> None:
        """Take in more peers; refused and banned ones are remembered with the reason."""
        bans = self._bans.bans(int(self._now_s()))
        for text in urls:
            try:
                url = check_url(text, self._allow_private)
            except (SpecError, AccessDenied) as error:
                self._refused[text[:200]] = error.message
                continue
            if url in self._peers or len(self._peers) >= self.rules.max_peers:
                continue
            peer = Peer(url)
            if url in bans:
                peer.dropped = "banned for sending wrong bytes"
            self._peers[url] = peer

    @property
    def width(self) -> int:
        """How many blocks are worth asking for at once."""
        return max(1, min(32, len(self.usable()) * self.rules.per_peer))

    async def obtain(self, cid: Cid, limit_bytes: int) -> bytes:
        """Return a block after it was verified and stored.

        Raises:
            StorageNotFound: no peer has it; the context names each peer and why it failed.
            StorageTooLarge: every peer that has it sends more than ``limit_bytes``.
        """
        search = _Search(cid, limit_bytes)
        racing: dict[asyncio.Task[bytes | None], Peer] = {}
        try:
            while True:
                if not racing:
                    peer = await self._take(cid)
                    if peer is None:
                        break
                    racing[asyncio.ensure_future(self._try(peer, search))] = peer
                patience_s = self._patience_s(racing.values()) if len(racing) < _RACERS else None
                done, _ = await asyncio.wait(
                    racing, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    del racing[task]
                for data in [task.result() for task in done]:
                    if data is not None:
                        return data
                if not done and (second := self._second(cid, racing.values())):
                    racing[asyncio.ensure_future(self._try(second, search))] = second
        finally:
            for task in racing:
                task.cancel()
            await asyncio.gather(*racing, return_exceptions=True)
        raise self._give_up(search)

    def _patience_s(self, asked: Iterable[Peer]) -> float:
        return max(self.rules.hedge_s, *(3 * peer.seconds_per_block for peer in asked))

    def _second(self, cid: Cid, asked: Iterable[Peer]) -> Peer | None:
        """Return a free peer besides those asked already, without waiting for one."""
        now_s, busy = time.monotonic(), {peer.url for peer in asked}
        free = [peer for peer in self._free(self.able(cid), now_s) if peer.url not in busy]
        return self._claim(free) if free and len(busy) < _RACERS else None

    async def _try(self, peer: Peer, search: _Search) -> bytes | None:
        """Ask one peer; ``None`` when it failed, which is noted."""
        attempts, lacks = search.attempts, peer.lacks
        key = search.cid.binary
        try:
            return await self._ask(peer, search.cid, search.limit_bytes)
        except PeerIsBusy as busy:
            search.busy_answers += 1
            attempts[peer.url] = str(busy)
            peer.paused_until_s = time.monotonic() + busy.wait_s
            if search.busy_answers > self.rules.max_busy_answers:
                lacks[key] = "stayed busy"
        except PeerLacksBlock as error:
            peer.failures = 0
            attempts[peer.url] = lacks[key] = str(error)
        except BlockIsLarger as error:
            search.is_larger = True
            attempts[peer.url] = lacks[key] = str(error)
        except StorageIntegrityError:
            attempts[peer.url] = "sent wrong bytes and is banned"
            self.ban(peer)
        except (PeerFailed, TimeoutError) as error:
            attempts[peer.url] = str(error) or "timed out"
            self.note_failure(peer, attempts[peer.url])
        finally:
            await self._give_back(peer)
        return None

    async def _ask(self, peer: Peer, cid: Cid, limit_bytes: int) -> bytes:
        started_s = time.monotonic()
        data = await self._client.block(peer.url, cid, limit_bytes)
        await self._put(cid, data)
        peer.failures = 0
        elapsed_s = time.monotonic() - started_s
        weight = 0.3 if peer.seconds_per_block else 1.0
        peer.seconds_per_block += weight * (elapsed_s - peer.seconds_per_block)
        return data

    async def _take(self, cid: Cid) -> Peer | None:
        """Wait for a free slot at a peer that may have ``cid``; ``None`` when none is left."""
        while True:
            able = self.able(cid)
            if not able and not self._is_routed:
                await self._ask_routing(cid)
                able = self.able(cid)
            if not able:
                return None
            now_s = time.monotonic()
            if free := self._free(able, now_s):
                return self._claim(free)
            paused = [p.paused_until_s - now_s for p in able if p.paused_until_s > now_s]
            await self._wait(min(paused, default=1.0))

    def _free(self, able: list[Peer], now_s: float) -> list[Peer]:
        return [
            peer
            for peer in able
            if peer.in_flight < self.rules.per_peer and peer.paused_until_s <= now_s
        ]

    def _claim(self, free: list[Peer]) -> Peer:
        peer = min(free, key=lambda p: (p.in_flight, p.seconds_per_block))
        peer.in_flight += 1
        return peer

    async def _wait(self, limit_s: float) -> None:
        async with self._freed:
            try:
                async with asyncio.timeout(limit_s):
                    await self._freed.wait()
            except TimeoutError:
                return

    async def _give_back(self, peer: Peer) -> None:
        peer.in_flight -= 1
        async with self._freed:
            self._freed.notify_all()

    def usable(self) -> list[Peer]:
        """Return the peers that were not dropped."""
        return [peer for peer in self._peers.values() if peer.dropped is None]

    def able(self, cid: Cid) -> list[Peer]:
        """Return the usable peers that did not say that they lack ``cid``."""
        return [peer for peer in self.usable() if cid.binary not in peer.lacks]

    async def _ask_routing(self, cid: Cid) -> None:
        """Ask every peer once a job who else has ``cid``."""
        async with self._routing_lock:
            if self._is_routed:
                return
            asked = [peer.url for peer in self.usable()]
            answers = await asyncio.gather(*(self._client.providers(url, cid) for url in asked))
            for urls in answers:
                self.add_peers(urls)
            self._is_routed = True

    def ban(self, peer: Peer, reason: str = "sent wrong bytes and is banned for a day") -> None:
        """Ask a peer that lied no more, for a day."""
        self.wrong_hash_count += 1
        peer.dropped = reason
        self._bans.ban(peer.url, int(self._now_s()) + self.rules.ban_s)

    def note_failure(self, peer: Peer, reason: str) -> None:
        """Count a failure; the third in a row drops the peer for this job."""
        peer.failures += 1
        if peer.failures >= self.rules.max_failures:
            peer.dropped = reason

    def _give_up(self, search: _Search) -> StorageNotFound | StorageTooLarge:
        cid, attempts, limit_bytes = search.cid, search.attempts, search.limit_bytes
        if search.is_larger:
            return StorageTooLarge(
                f"The block {cid} is larger than the {limit_bytes} bytes that it may have here.",
                cid=str(cid),
                limit_bytes=limit_bytes,
            )
        reasons = dict(self._refused)
        for peer in self._peers.values():
            reasons[peer.url] = (
                attempts.get(peer.url) or peer.lacks.get(cid.binary) or peer.dropped or "not asked"
            )
        return nobody_has(cid, reasons)
