"""Storage in a running IPFS daemon (Kubo), over its RPC; every byte is verified on this side.

Place: implements :class:`~.backend.StorageBackend` beside :mod:`.embedded`, and is one tier of
:mod:`.composite`. Adding makes the tree here, sends it as an archive (``dag/import``) and compares
the root; so a CID never depends on the daemon's configuration. Reading asks for blocks and hashes
them. Never: believe the daemon's word for content, or change its configuration.

Source: https://docs.ipfs.tech/reference/kubo/rpc/
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

from neurovoyance.ipfs.backend import OnProgress, ProgressMeter, Source, Stat
from neurovoyance.ipfs.car import decode_header, encode_header, encode_section, read_car
from neurovoyance.ipfs.cid import DAG_PB, PROBE, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, decode_node
from neurovoyance.ipfs.embedded import DEFAULT_MAX_BYTES, EmbeddedBackend
from neurovoyance.ipfs.exporter import Exporter
from neurovoyance.ipfs.kubo_answers import cid_of
from neurovoyance.ipfs.kubo_daemon import KuboDaemon
from neurovoyance.ipfs.kubo_rpc import KuboTimeouts
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.survey import survey
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE, Profile
from neurovoyance.protocol.errors import (
    InvalidCid,
    StorageError,
    StorageIntegrityError,
    StorageNotFound,
)


class KuboBackend(KuboDaemon):
    """Content in the daemon at ``url``; use as an asynchronous context manager.

    Args:
        url: base URL or multiaddr of its RPC.
        authorization: value of the Authorization header, if the daemon demands one.
        timeouts: when the daemon counts as away.
        is_offline: ask for what the daemon holds itself, never its network.
        max_dag_bytes: content limit of one fetch.
    """

    width = 8

    def __init__(
        self,
        url: str,
        *,
        authorization: str | None = None,
        timeouts: KuboTimeouts | None = None,
        is_offline: bool = False,
        max_dag_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        super().__init__(url, authorization=authorization, timeouts=timeouts, is_offline=is_offline)
        self._max_dag_bytes = max_dag_bytes

    async def __aenter__(self) -> KuboBackend:
        await self.rpc.__aenter__()
        return self

    # Adding.

    async def add(
        self,
        source: Source,
        profile: Profile = DEFAULT_PROFILE,
        *,
        on_progress: OnProgress | None = None,
    ) -> Cid:
        """Make the tree here, send it, compare the root, pin it; return the root.

        Raises:
            StorageError: a symbolic link, device or unsafe name, or the daemon refused.
            StorageIntegrityError: the daemon names another root.
        """
        name = source.name if isinstance(source, Path) else ""
        with tempfile.TemporaryDirectory(prefix="neurovoyance-add-") as folder:
            async with EmbeddedBackend(Path(folder), max_bytes=self._max_dag_bytes) as staged:
                cid = await staged.add(source, profile)
                await self.put_archive(staged, cid, on_progress)
        await self.pin(cid, name)
        return cid

    async def put_archive(
        self, store: EmbeddedBackend, cid: Cid, on_progress: OnProgress | None = None
    ) -> None:
        """Send everything under ``cid`` from ``store`` and compare the root; it is pinned."""
        meter = ProgressMeter(on_progress)
        meter.bytes_total = (await store.stat(cid)).held_bytes

        async def pieces() -> AsyncIterator[bytes]:
            async with aclosing(store.export_car(cid)) as archive:
                async for piece in archive:
                    yield piece
                    meter.advance(min(len(piece), (meter.bytes_total or 0) - meter.bytes_done))

        roots = await self._import(pieces(), pin_roots=True)
        if roots != [cid]:
            raise StorageIntegrityError(
                f"The daemon at {self.rpc.url} took {cid} and names "
                f"{', '.join(map(str, roots)) or 'nothing'} instead.",
                cid=str(cid),
            )

    async def put_block(self, cid: Cid, data: bytes) -> None:
        """Verify and store one block of whatever accepted hash; it is not pinned."""
        _require(cid, data, self.name)
        await self._import(_archive_of(cid, data), pin_roots=False)

    async def import_car(self, stream: AsyncIterable[bytes]) -> Sequence[Cid]:
        """Verify each block of an archive on the way to the daemon; return its roots, not pinned.

        Raises:
            InvalidCar: truncated or malformed.
            StorageIntegrityError: a block does not match its CID.
            StorageNotFound: neither archive nor daemon holds a root that it names.
        """
        roots: list[Cid] = []
        seen: set[bytes] = set()
        faults: list[Exception] = []

        async def verified() -> AsyncIterator[bytes]:
            try:
                async with aclosing(read_car(stream)) as sections:
                    async for cid, data in sections:
                        if cid is None:
                            roots.extend(decode_header(data))
                            yield encode_header(roots)
                            continue
                        _require(cid, data, "The archive")
                        seen.add(cid.binary)
                        yield encode_section(cid, data)
            except Exception as error:
                # Of whatever kind: the caller's stream may raise anything, and inside an upload it
                # would surface as a broken connection only.
                faults.append(error)
                raise

        try:
            await self._import(verified(), pin_roots=False)
        except Exception:
            # Of whatever kind: it is an effect of the archive's own fault, if there is one.
            if faults:
                raise faults[0] from None
            raise
        if faults:
            raise faults[0]
        for root in roots:
            if root.binary not in seen and await self._local_size(root) is None:
                raise StorageNotFound(f"The archive does not hold its root {root}.", cid=str(root))
        return roots

    async def _import(self, archive: AsyncIterable[bytes], *, pin_roots: bool) -> list[Cid]:
        lines = await self.rpc.write("dag/import", body=archive, pin_roots=pin_roots)
        roots: list[Cid] = []
        for line in lines:
            root = line.get("Root")
            if not isinstance(root, dict):
                continue
            if said := root.get("PinErrorMsg"):
                raise StorageError(f"The daemon at {self.rpc.url} could not pin it: {said}.")
            roots.append(cid_of(root.get("Cid")))
        return roots

    # Reading.

    async def obtain(self, cid: Cid, limit_bytes: int = MAX_BLOCK_BYTES) -> bytes:
        """Return one verified block; the daemon looks for it in its network unless offline.

        Raises:
            StorageNotFound: neither the daemon nor its network has it, or not in time.
            StorageIntegrityError: the daemon sent other bytes.
        """
        if cid == PROBE:
            return b""
        timeout_s = self.rpc.timeouts.network_s
        try:
            data = await self.rpc.read(
                "block/get",
                str(cid),
                limit_bytes=limit_bytes,
                offline=self._is_offline,
                timeout=f"{timeout_s:g}s",
            )
        except StorageNotFound as error:
            raise StorageNotFound(
                f"{cid}: {error.message}", hint=error.hint, cid=str(cid), **error.context
            ) from error
        _require(cid, data, self.name)
        return data

    async def get_block(self, cid: Cid) -> bytes:
        """Return one verified block."""
        return await self.obtain(cid)

    async def open(
        self, cid: Cid, offset: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a byte range of a file, each block verified."""
        async with aclosing(DagReader(self.obtain).read(cid, offset, length)) as pieces:
            async for piece in pieces:
                yield piece

    async def fetch(self, cid: Cid, dest: Path, on_progress: OnProgress | None = None) -> None:
        """Write a file or directory to ``dest``, which appears whole or not at all."""
        reader, meter = DagReader(self.obtain), ProgressMeter(on_progress)
        meter.bytes_total = await reader.size(cid)
        await Exporter(reader, meter, self._max_dag_bytes).write(cid, dest)

    async def export_car(self, cid: Cid) -> AsyncGenerator[bytes, None]:
        """Yield a CARv1 archive of everything under ``cid``, each block verified.

        Raises:
            StorageIntegrityError: a block does not match its CID.
            StorageError: the daemon's archive ends before everything was in it.
        """
        wanted, seen = {cid.binary: cid}, set[bytes]()
        stream = self.rpc.stream("dag/export", str(cid), progress=False, offline=self._is_offline)
        async with aclosing(stream), aclosing(read_car(stream)) as sections:
            async for found, data in sections:
                if found is None:
                    yield encode_header([cid])
                    continue
                if found.binary not in wanted:
                    continue  # not asked for, so not passed on
                _require(found, data, self.name)
                if found.binary in seen:
                    continue
                seen.add(found.binary)
                if found.codec == DAG_PB:
                    wanted.update((link.cid.binary, link.cid) for link in decode_node(data).links)
                yield encode_section(found, data)
        if missing := len(wanted) - len(seen):
            raise StorageError(
                f"The archive of {cid} from the daemon at {self.rpc.url} ends {missing} blocks "
                "too early.",
                hint="Repeat it; if it happens again, `ipfs repo verify` checks the daemon.",
                cid=str(cid),
            )

    # What is held.

    async def has(self, cid: Cid) -> bool:
        """Return whether the daemon itself holds every block under ``cid``."""
        try:
            return (await self.stat(cid)).is_complete
        except StorageNotFound:
            return False

    async def stat(self, cid: Cid) -> Stat:
        """Describe what the daemon itself holds of ``cid``."""
        return await survey(cid, size_of=self._local_size, read=self._local_block)

    async def list(self) -> AsyncGenerator[Cid, None]:
        """Yield a CID of every block held; the daemon knows hashes alone, so all are ``raw``."""
        async with aclosing(self.rpc.lines("refs/local")) as lines:
            async for line in lines:
                try:
                    yield Cid.from_any_text(str(line.get("Ref", "")))
                except InvalidCid:
                    continue  # of another tool, with a hash that is not used here

    async def _local_size(self, cid: Cid) -> int | None:
        if cid == PROBE:
            return 0
        try:
            answer = await self.rpc.call("block/stat", str(cid), offline=True)
        except StorageNotFound:
            return None
        size = answer.get("Size") if isinstance(answer, dict) else None
        return size if isinstance(size, int) else None

    async def _local_block(self, cid: Cid) -> bytes | None:
        try:
            data = await self.rpc.read("block/get", str(cid), offline=True)
        except StorageNotFound:
            return None
        _require(cid, data, self.name)
        return data

    async def provide(self, cid: Cid) -> None:
        """Have the daemon tell its network that it has ``cid`` and everything under it."""
        if await self._local_size(cid) is None:
            raise StorageNotFound(f"{cid} is not held by {self.name}.", cid=str(cid))
        await self.rpc.write("routing/provide", str(cid), recursive=True)


def _require(cid: Cid, data: bytes, who: str) -> None:
    if not cid.is_hash_of(data):
        raise StorageIntegrityError(
            f"{who} sent bytes that do not match {cid}; they were thrown away.",
            hint="Repeat it; if it happens again, that copy is damaged.",
            cid=str(cid),
        )


async def _archive_of(cid: Cid, data: bytes) -> AsyncIterator[bytes]:
    yield encode_header([cid]) + encode_section(cid, data)
