from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import TINY, collect, pieces_of, random_bytes
from tests.unit.ipfs.storage_behaviour import F3, MIB, StorageBehaviour

from neurovoyance.ipfs.cid import Cid, keccak_cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.unixfs import V0_2015
from neurovoyance.protocol.errors import (
    AccessDenied,
    NeurovoyanceError,
    StorageFull,
    StorageIntegrityError,
    StorageNotFound,
    StorageSourceChanged,
)


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    async with EmbeddedBackend(tmp_path / "store") as made:
        yield made


class TestEmbedded(StorageBehaviour):
    """The embedded store does what every back-end does."""


async def test_leaves_of_added_files_take_no_space(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(F3)
    cid = await backend.add(tmp_path / "file")
    assert backend.store.index.stored_bytes() < 1000
    assert await collect(backend.open(cid)) == F3


async def test_a_copy_is_independent_of_its_source(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(F3)
    cid = await backend.add(tmp_path / "file", copy=True)
    (tmp_path / "file").unlink()
    assert await collect(backend.open(cid)) == F3


@pytest.mark.parametrize("change", ["touch", "rewrite", "shorten", "remove", "swap for a link"])
async def test_a_changed_source_is_an_error_and_never_a_wrong_block(
    backend: EmbeddedBackend, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(F3)
    before = path.stat()
    cid = await backend.add(path)
    if change == "touch":
        os.utime(path, ns=(1, 1))
    elif change == "rewrite":
        path.write_bytes(F3[:-1] + b"!" + b"")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "shorten":
        path.write_bytes(F3[:100])
    else:
        path.unlink()
        if change == "swap for a link":
            (tmp_path / "other").write_bytes(F3)
            path.symlink_to(tmp_path / "other")
    with pytest.raises(StorageSourceChanged, match="file"):
        await collect(backend.open(cid))


async def test_adding_the_file_again_heals_a_changed_source(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(F3)
    cid = await backend.add(path)
    os.utime(path, ns=(1, 1))
    assert not await backend.has(cid)
    assert await backend.add(path) == cid
    assert await collect(backend.open(cid)) == F3


async def test_a_model_manifest_is_stored_by_its_keccak_cid(backend: EmbeddedBackend) -> None:
    manifest = b'{"name": "model"}'
    cid = keccak_cid(manifest)
    await backend.put_block(cid, manifest)
    assert await backend.get_block(cid) == manifest
    assert await collect(backend.open(cid)) == manifest
    with pytest.raises(StorageIntegrityError):
        await backend.put_block(cid, manifest + b" ")


async def test_the_budget_evicts_what_was_unused_longest(make_store: MakeStore) -> None:
    store = make_store(max_bytes=5 * MIB)
    cids = []
    for seed in range(4):
        data = random_bytes(MIB, seed)
        cids.append(await store.add(data))
        await store.unpin(cids[-1])
    await collect(store.open(cids[0]))
    store.store.flush_touches()
    await store.add(random_bytes(MIB, 9))
    await store.add(random_bytes(MIB, 10))
    assert [await store.has(cid) for cid in cids[:2]] == [True, False]


async def test_a_budget_full_of_pins_stops_cleanly_and_says_what_is_missing(
    make_store: MakeStore,
) -> None:
    store = make_store(max_bytes=3 * MIB)
    kept = await store.add(random_bytes(2 * MIB))
    with pytest.raises(StorageFull) as caught:
        await store.add(random_bytes(4 * MIB, 8))
    assert 0 < caught.value.context["missing_bytes"] <= 2 * MIB
    assert await store.has(kept)
    assert [pin.cid for pin in await store.pins()] == [kept]


async def test_two_stores_in_one_directory_see_each_other(
    make_store: MakeStore, tmp_path: Path
) -> None:
    first, second = make_store(), make_store()
    cids = await asyncio.gather(
        *(
            store.add(random_bytes(300_000, seed), V0_2015)
            for seed in range(6)
            for store in (first, second)
        )
    )
    for cid in cids:
        assert await first.has(cid) and await second.has(cid)
    assert len(await second.pins()) == 6


_ADDER = """
import asyncio, contextlib, random, sys
from pathlib import Path
from neurovoyance.ipfs import EmbeddedBackend
from neurovoyance.protocol.errors import StorageNotFound
async def main():
    async with EmbeddedBackend(Path(sys.argv[1])) as store:
        for seed in range(20):
            cid = await store.add(random.Random(seed).randbytes(40_000))
            with contextlib.suppress(StorageNotFound):
                await store.unpin(cid)  # pins are the store's: the other may have let it go
            await store.pin(cid, sys.argv[2])
            if not await store.has(cid):  # let go and collected before it was pinned again
                await store.add(random.Random(seed).randbytes(40_000), pin_name=sys.argv[2])
        await store.gc()
asyncio.run(main())
"""


async def test_two_processes_may_write_to_one_store(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _ADDER, str(tmp_path / "s"), name],
            env=env,
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    async with EmbeddedBackend(tmp_path / "s") as store:
        assert len(await store.pins()) == 20
        for pin in await store.pins():
            assert await store.has(pin.cid)


async def test_what_is_being_added_again_is_not_collected_by_another_process(
    tmp_path: Path,
) -> None:
    pieces = [bytes([number]) * (1 << 20) for number in range(8)]
    path = tmp_path / "s"
    async with EmbeddedBackend(path) as adding, EmbeddedBackend(path) as collecting:
        await adding.unpin(await adding.add(b"".join(pieces)))

        async def again() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece
            await collecting.gc()
            yield b"and more"

        cid = await adding.add(again())
        assert await collecting.has(cid)


async def test_only_provided_content_is_served(backend: EmbeddedBackend) -> None:
    shown, hidden = await backend.add(F3), await backend.add(b"private")
    await backend.provide(shown)
    assert await backend.served_block(shown)
    assert await backend.served_block(hidden) is None
    with pytest.raises(StorageNotFound):
        await backend.provide(Cid.of(b"nobody has this"))
    await backend.unprovide(shown)
    assert await backend.served_block(shown) is None


async def test_withdrawing_one_root_keeps_what_another_shares(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(F3)
    folder, inner = await backend.add(tmp_path / "d"), await backend.add(F3)
    await backend.provide(folder)
    await backend.provide(inner)
    await backend.unprovide(folder)
    assert await backend.served_block(folder) is None
    assert await backend.served_block(inner) is not None


async def test_blocks_fetched_below_a_provided_root_are_served_too(
    make_store: MakeStore, serve: Serve
) -> None:
    owner, relay = make_store("owner"), make_store("relay")
    cid = await owner.add(F3, V0_2015)
    await owner.provide(cid)
    url = serve(gateway_app(owner))
    await relay.put_block(cid, await owner.get_block(cid))
    await relay.provide(cid)
    await relay.ensure(cid, sources=[url])
    reader = make_store("reader", peers=[serve(gateway_app(relay))])
    assert await collect(reader.open(cid)) == F3


async def test_a_range_fetches_only_the_blocks_that_it_needs(
    make_store: MakeStore, serve: Serve
) -> None:
    owner = make_store("owner")
    cid = await owner.add(F3, V0_2015)
    await owner.provide(cid)
    reader = make_store("reader", peers=[serve(gateway_app(owner))])
    assert await collect(reader.open(cid, MIB, 10)) == F3[MIB : MIB + 10]
    assert len([block async for block in reader.list()]) == 2


async def test_providers_are_found_among_peers(make_store: MakeStore, serve: Serve) -> None:
    owner, other = make_store("owner"), make_store("other")
    cid = await owner.add(F3)
    await owner.provide(cid)
    urls = [serve(gateway_app(store)) for store in (owner, other)]
    seeker = make_store("seeker", peers=urls)
    assert await seeker.find_providers(cid) == urls[:1]
    assert await seeker.find_providers(Cid.of(b"x")) == []


async def test_private_peers_are_refused_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied):
        EmbeddedBackend(tmp_path / "s", peers=["http://127.0.0.1:1"])
    async with EmbeddedBackend(tmp_path / "s") as store:
        with pytest.raises(StorageNotFound, match="private"):
            await store.ensure(Cid.of(b"x"), sources=["http://10.0.0.1"])


async def test_a_rotten_block_is_fetched_again(make_store: MakeStore, serve: Serve) -> None:
    owner = make_store("owner")
    cid = await owner.add(F3, V0_2015)
    await owner.provide(cid)
    reader = make_store("reader", peers=[serve(gateway_app(owner))])
    await reader.ensure(cid)
    victim = next(path for path in reader.store._blocks.rglob("bafkrei*"))
    damaged = bytearray(victim.read_bytes())
    damaged[5] ^= 1
    victim.write_bytes(damaged)
    assert await collect(reader.open(cid)) == F3
    assert reader.store.rotten_count == 1
    assert victim.read_bytes() != damaged


async def test_damaged_archives_store_nothing_that_fails_verification(
    make_store: MakeStore,
) -> None:
    owner, taker = make_store("owner"), make_store("taker")
    cid = await owner.add(random_bytes(3000), TINY)
    archive = await collect(owner.export_car(cid))
    source = random.Random(11)
    refused = 0
    for _ in range(60):
        damaged = bytearray(archive)
        for _ in range(source.randint(1, 3)):
            damaged[source.randrange(len(damaged))] ^= 1 << source.randrange(8)
        try:
            await taker.import_car(pieces_of(bytes(damaged[: source.randrange(len(damaged))])))
        except NeurovoyanceError:
            refused += 1
    assert refused > 50
    async for block in taker.list():
        assert block.is_hash_of(await taker.get_block(block))
