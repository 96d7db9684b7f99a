from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore
from tests.unit.ipfs.dags import collect, pieces_of, random_bytes
from tests.unit.ipfs.serving import Standin
from tests.unit.ipfs.storage_behaviour import F3, MIB, StorageBehaviour

from neurovoyance.ipfs.backend import Progress
from neurovoyance.ipfs.cid import PROBE, Cid, keccak_cid
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.ipfs.kubo_rpc import KuboTimeouts
from neurovoyance.ipfs.unixfs import V0_2015
from neurovoyance.protocol.errors import (
    StorageError,
    StorageIntegrityError,
    StorageNotFound,
    StorageRefused,
    StorageUnreachable,
)

FAST = KuboTimeouts(connect_s=2, read_s=5, network_s=2, away_s=5)
HASTY = KuboTimeouts(connect_s=0.3, read_s=0.3, network_s=1, away_s=0.1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    daemon = Standin(tmp_path_factory.mktemp("kubo"))
    daemon.start()
    yield daemon
    daemon.kill()


@pytest.fixture
async def daemon(shared: Standin) -> AsyncIterator[Standin]:
    """The module's daemon, without faults and empty."""
    shared.fault()
    await empty(shared.url)
    yield shared
    shared.fault()


@pytest.fixture
async def backend(daemon: Standin) -> AsyncIterator[KuboBackend]:
    async with KuboBackend(daemon.url, timeouts=FAST) as made:
        yield made


async def empty(url: str) -> None:
    async with KuboBackend(url, timeouts=FAST) as kubo:
        for pin in await kubo.pins():
            await kubo.unpin(pin.cid)
        await kubo.gc()


class TestKubo(StorageBehaviour):
    """The daemon's stand-in does what every back-end does."""


@pytest.mark.network
class TestLiveKubo(StorageBehaviour):
    """So does the daemon at KUBO_RPC_URL, which must be a throw-away one: its pins go."""

    @pytest.fixture
    async def backend(self) -> AsyncIterator[KuboBackend]:
        url = os.environ.get("KUBO_RPC_URL")
        if not url:
            pytest.skip("KUBO_RPC_URL names no daemon")
        await empty(url)
        async with KuboBackend(url, is_offline=True) as made:
            yield made


async def test_the_root_that_the_daemon_names_is_compared(
    daemon: Standin, backend: KuboBackend
) -> None:
    daemon.fault(misname=1)
    with pytest.raises(StorageIntegrityError, match="bafkqaaa"):
        await backend.add(b"abc")


async def test_sending_reports_progress(make_store: MakeStore, backend: KuboBackend) -> None:
    seen: list[Progress] = []
    async with make_store() as store:
        cid = await store.add(F3)
        await backend.put_archive(store, cid, seen.append)
    assert seen[-1].bytes_done == seen[-1].bytes_total
    assert len(F3) < seen[-1].bytes_done < len(F3) + 1000


async def test_wrong_bytes_are_never_returned(daemon: Standin, backend: KuboBackend) -> None:
    cid = await backend.add(F3)
    daemon.fault(lie=1)
    for pieces in (backend.open(cid), backend.export_car(cid)):
        with pytest.raises(StorageIntegrityError):
            await collect(pieces)


async def test_an_archive_that_ends_early_is_noticed(daemon: Standin, backend: KuboBackend) -> None:
    cid = await backend.add(F3, V0_2015)
    daemon.fault(truncate=1)
    with pytest.raises(StorageError, match="1 blocks too early"):
        await collect(backend.export_car(cid))


async def test_a_daemon_that_cuts_its_answers_is_given_up(daemon: Standin) -> None:
    timeouts = KuboTimeouts(connect_s=10, read_s=30, network_s=10, away_s=0.1)
    async with KuboBackend(daemon.url, timeouts=timeouts) as backend:
        daemon.fault()
        cid = await backend.add(b"x" * 1000)
        daemon.fault(truncate=1)
        with pytest.raises(StorageUnreachable, match="broke off"):
            await collect(backend.open(cid))


async def test_a_slow_daemon_meets_a_time_out_with_a_hint(daemon: Standin) -> None:
    daemon.fault(slow_s=2)
    async with KuboBackend(daemon.url, timeouts=HASTY) as hasty:
        with pytest.raises(StorageUnreachable, match="did not answer in time") as caught:
            await hasty.get_block(Cid.of(b"x"))
    assert caught.value.hint and caught.value.retryable


async def test_a_restart_in_mid_fetch_goes_by_unnoticed(tmp_path: Path) -> None:
    daemon, data = Standin(tmp_path / "kubo"), random_bytes(12 * MIB)
    daemon.start()
    try:
        async with KuboBackend(daemon.url, timeouts=KuboTimeouts(2, 5, 2, away_s=30)) as backend:
            cid = await backend.add(data)
            got = bytearray()
            async for piece in backend.open(cid):
                got += piece
                if len(got) == 2 * MIB:
                    await asyncio.to_thread(daemon.kill)
                    restart = asyncio.create_task(asyncio.to_thread(daemon.start))
            await restart
        assert bytes(got) == data
    finally:
        daemon.kill()


async def test_nobody_there_is_a_plain_error(tmp_path: Path) -> None:
    url = Standin(tmp_path).url
    async with KuboBackend(url, timeouts=HASTY) as backend:
        with pytest.raises(StorageUnreachable, match=url) as caught:
            await backend.info()
        assert "ipfs daemon" in caught.value.hint
        with pytest.raises(StorageUnreachable):
            await backend.add(b"x")


async def test_the_authorisation_is_sent_and_its_lack_explained(tmp_path: Path) -> None:
    daemon = Standin(tmp_path, "Bearer secret")
    daemon.start()
    try:
        async with KuboBackend(daemon.url, authorization="Bearer secret") as backend:
            assert (await backend.info()).agent == "kubo/0.39.0/"
        async with KuboBackend(daemon.url, authorization="Bearer wrong") as backend:
            with pytest.raises(StorageRefused, match="403") as caught:
                await backend.info()
        assert "kubo_authorization" in caught.value.hint
        assert "wrong" not in str(caught.value.to_wire())
    finally:
        daemon.kill()


async def test_providing_and_finding_providers(backend: KuboBackend) -> None:
    cid = await backend.add(b"offered")
    assert await backend.find_providers(cid) == []
    await backend.provide(cid)
    (provider,) = await backend.providers(cid)
    assert provider.addresses[0] == "/ip4/192.0.2.7/tcp/4001"
    assert await backend.find_providers(cid) == ["https://gateway.example:443"]
    with pytest.raises(StorageNotFound):
        await backend.provide(Cid.of(b"not held"))


async def test_connecting_to_a_peer(backend: KuboBackend) -> None:
    await backend.connect("/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWQYV9dGMFoRzNStwpXztXaBU")
    with pytest.raises(StorageError, match="invalid peer address"):
        await backend.connect("/ip4/127.0.0.1/tcp/4001")


async def test_a_manifest_is_stored_by_its_keccak_cid(backend: KuboBackend) -> None:
    cid = keccak_cid(b"manifest")
    await backend.put_block(cid, b"manifest")
    assert await backend.get_block(cid) == b"manifest"
    assert await backend.get_block(PROBE) == b""
    with pytest.raises(StorageIntegrityError):
        await backend.put_block(cid, b"other")


async def test_collection_stops_within_the_budget(backend: KuboBackend) -> None:
    cid = await backend.add(F3)
    await backend.unpin(cid)
    report = await backend.gc(10 * MIB)
    assert report.removed_count == 0 and report.kept_bytes > len(F3)
    assert (await backend.gc(MIB)).kept_bytes == 0


async def test_a_failed_upload_tells_its_own_cause(backend: KuboBackend, tmp_path: Path) -> None:
    with pytest.raises(StorageIntegrityError, match="The archive"):
        archive = await collect(backend.export_car(await backend.add(F3)))
        await backend.import_car(pieces_of(archive[:-1] + b"?"))
