"""An IPFS daemon (Kubo) apart from content: who it is, its pins, its size, its network.

Place: base of :class:`~.kubo.KuboBackend`. Never: change the daemon's configuration.

Source: https://docs.ipfs.tech/reference/kubo/rpc/
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from types import TracebackType

from neurovoyance.ipfs.backend import GcReport, PinInfo
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.kubo_answers import (
    DaemonInfo,
    Provider,
    info_of,
    pin_name,
    pin_of,
    providers_of,
)
from neurovoyance.ipfs.kubo_rpc import KuboRpc, KuboTimeouts
from neurovoyance.protocol.errors import StorageError, StorageNotFound, StorageRefused

_UNPINNED = ("not pinned", "pinned indirectly")


class KuboDaemon:
    """What :class:`~.kubo.KuboBackend` does that needs no tree."""

    def __init__(
        self,
        url: str,
        *,
        authorization: str | None,
        timeouts: KuboTimeouts | None,
        is_offline: bool,
    ) -> None:
        self.rpc = KuboRpc(url, authorization=authorization, timeouts=timeouts)
        self._is_offline = is_offline

    @property
    def name(self) -> str:
        """What the daemon is called in errors."""
        return f"IPFS daemon {self.rpc.url}"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.rpc.__aexit__(kind, error, trace)

    # Keeping.

    async def pin(self, cid: Cid, name: str = "", expiry: int | None = None) -> None:
        """Keep everything under ``cid``; the daemon fetches what it lacks.

        The daemon has no expiry, so it stands in the pin's name, and :meth:`gc` unpins what ended.
        """
        await self.rpc.write(
            "pin/add",
            str(cid),
            recursive=True,
            name=pin_name(name, expiry),
            timeout=f"{self.rpc.timeouts.network_s:g}s",
            offline=self._is_offline,
        )

    async def unpin(self, cid: Cid) -> None:
        """Let ``cid`` go; :class:`StorageNotFound` when it is not pinned."""
        try:
            await self.rpc.write("pin/rm", str(cid), recursive=True)
        except StorageError as error:
            if any(words in error.message for words in _UNPINNED):
                raise StorageNotFound(f"{cid} is not pinned.", cid=str(cid)) from error
            raise

    async def pins(self) -> Sequence[PinInfo]:
        """Return the recursive pins that have not expired."""
        now_s = int(time.time())
        found = await self._pins()
        return [pin for pin in found if pin.expires_s is None or pin.expires_s > now_s]

    async def _pins(self) -> list[PinInfo]:
        lines = self.rpc.lines("pin/ls", type="recursive", names=True, stream=True)
        async with aclosing(lines) as found:
            pins = [pin_of(line) async for line in found]
        return sorted((pin for pin in pins if pin), key=lambda pin: pin.cid.binary)

    async def gc(self, max_bytes: int | None = None) -> GcReport:
        """Unpin what expired; then have the daemon collect, unless it is within ``max_bytes``."""
        now_s = int(time.time())
        for pin in await self._pins():
            if pin.expires_s is not None and pin.expires_s <= now_s:
                await self.unpin(pin.cid)
        before = await self.stored_bytes()
        if max_bytes and before <= max_bytes:
            return GcReport(0, 0, before)
        removed = 0
        async with aclosing(self.rpc.lines("repo/gc", stream_errors=True)) as lines:
            async for line in lines:
                if said := line.get("Error"):
                    raise StorageError(f"The daemon at {self.rpc.url} could not collect: {said}.")
                removed += "Key" in line
        after = await self.stored_bytes()
        return GcReport(removed, max(before - after, 0), after)

    async def stored_bytes(self) -> int:
        """Return the size of the daemon's repository in bytes."""
        answer = await self.rpc.call("repo/stat", size_only=True)
        size = answer.get("RepoSize") if isinstance(answer, dict) else None
        if not isinstance(size, int):
            raise StorageError(f"The daemon at {self.rpc.url} does not say how large it is.")
        return size

    # The network.

    async def find_providers(self, cid: Cid) -> Sequence[str]:
        """Return base URLs of those providers that are gateways; see :meth:`providers`."""
        urls = (url for provider in await self.providers(cid) for url in provider.urls)
        return list(dict.fromkeys(urls))

    async def providers(self, cid: Cid, limit: int = 20) -> list[Provider]:
        """Return the peers that the daemon's network names for ``cid``."""
        lines = self.rpc.lines(
            "routing/findprovs",
            str(cid),
            num_providers=limit,
            timeout=f"{self.rpc.timeouts.network_s:g}s",
        )
        found: dict[str, Provider] = {}
        try:
            async with aclosing(lines) as answers:
                async for line in answers:
                    found.update((each.peer_id, each) for each in providers_of(line))
        except StorageNotFound:
            pass  # the search ended without more
        return list(found.values())

    async def info(self) -> DaemonInfo:
        """Return who the daemon is; :class:`StorageRefused` when it is no IPFS daemon."""
        # Asked once: who wants to know whether it is up does not want to wait for a restart.
        answer = next(iter(await self.rpc.write("id")), {})
        if not isinstance(answer.get("ID"), str):
            raise StorageRefused(
                f"{self.rpc.url} does not answer like an IPFS daemon.", url=self.rpc.url
            )
        return info_of(answer)

    async def connect(self, multiaddr: str) -> None:
        """Have the daemon connect to a peer, ``/ip4/.../p2p/<peer id>``."""
        await self.rpc.write("swarm/connect", multiaddr)
