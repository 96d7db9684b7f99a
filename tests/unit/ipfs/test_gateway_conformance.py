"""The trustless cases of the public gateway conformance suite, in our own words and fixtures.

Source: https://github.com/ipfs/gateway-conformance, ``trustless_gateway_raw_test.go`` and
``trustless_gateway_car_test.go``. Left out: dag-cbor and IPNS, which are not served here, and
``dups=y``, which is optional: answers always state ``dups=n``, since a small DAG could otherwise
be made to answer with endless repeats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import file_blocks, random_bytes
from tests.unit.ipfs.serving import Served
from tests.unit.ipfs.test_gateway import Answer, ask, blocks_of

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.negotiation import CAR_TYPE, RAW_TYPE
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.unixfs import Profile, ShardNode, read_node
from neurovoyance.ipfs.walk import walk

SMALL_CHUNKS = Profile("test-256", 256, 174)
TEXT = random_bytes(4 * 256 + 2)


@dataclass(frozen=True, slots=True)
class World:
    """A gateway over one folder: subdir/ascii.txt, subdir/multiblock.txt, copy.txt, many/..."""

    url: str
    store: EmbeddedBackend
    root: Cid

    async def cid(self, *path: str) -> Cid:
        return await DagReader(self.store.get_block).find(self.root, path)

    def below(self, cid: Cid) -> list[Cid]:
        return [visit.cid for visit in walk(self.store.store, [cid])]

    async def car(self, path: str, **headers: str) -> tuple[Answer, list[Cid]]:
        answer = await ask(f"{self.url}/ipfs/{path}", **headers)
        return answer, (await blocks_of(answer[2]))[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("conformance") / "dir"
    (folder / "subdir").mkdir(parents=True)
    (folder / "many").mkdir()
    (folder / "subdir" / "ascii.txt").write_bytes(b"hello application/vnd.ipld.car\n")
    (folder / "subdir" / "multiblock.txt").write_bytes(TEXT)
    (folder / "copy.txt").write_bytes(TEXT)
    for index in range(1100):  # long names, so that it is sharded
        (folder / "many" / f"{index:0240d}").write_bytes(b"%d" % index)
    store = EmbeddedBackend(folder.parent / "store")

    async def publish() -> Cid:
        root = await store.add(folder, SMALL_CHUNKS)
        await store.provide(root)
        return root

    root = asyncio.run(publish())
    served = Served(gateway_app(store))
    yield World(served.url, store, root)
    served.stop()
    asyncio.run(store.close())


async def test_raw_by_parameter_or_header_is_the_block_with_its_headers(world: World) -> None:
    cid = await world.cid("subdir", "ascii.txt")
    block = await world.store.get_block(cid)
    for query, accept in (("?format=raw", "*/*"), ("", RAW_TYPE)):
        status, headers, body = await ask(f"{world.url}/ipfs/{cid}{query}", Accept=accept)
        assert (status, body) == (200, block)
        assert headers["Content-Type"] == RAW_TYPE
        assert headers["Content-Length"] == str(len(block))
        assert headers["Content-Disposition"].endswith('.bin"')
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Ipfs-Path"] == f"/ipfs/{cid}"
        assert headers["X-Ipfs-Roots"] == str(cid)
        assert headers["Etag"]
        caching = headers["Cache-Control"].replace(" ", "").split(",")
        assert {"public", "immutable", "max-age=29030400"} <= set(caching)
    folder = await ask(f"{world.url}/ipfs/{world.root}?format=raw")
    assert folder[2] == await world.store.get_block(world.root)


@pytest.mark.parametrize(
    ("name", "shown"), [("foobar.bin", "foobar.bin"), ('x";y', None), ("../x", None)]
)
async def test_a_file_name_can_be_asked_for(world: World, name: str, shown: str | None) -> None:
    link = f"{world.url}/ipfs/{world.root}?format=raw&filename={name}"
    disposition = (await ask(link))[1]["Content-Disposition"]
    assert disposition == f'attachment; filename="{shown or f"{world.root}.bin"}"'


@pytest.mark.parametrize("form", ["parameter", "header", "both"])
async def test_a_path_is_proved_block_by_block_then_the_entity_follows(
    world: World, form: str
) -> None:
    query = "" if form == "header" else "?format=car"
    accept = "*/*" if form == "parameter" else f"{CAR_TYPE}; version=1; order=dfs; dups=n"
    answer, cids = await world.car(f"{world.root}/subdir/multiblock.txt{query}", Accept=accept)
    file = await world.cid("subdir", "multiblock.txt")
    assert answer[0] == 200
    assert cids == [world.root, await world.cid("subdir"), *world.below(file)]
    assert answer[1]["Content-Type"].startswith(CAR_TYPE)
    for part in ("order=dfs", "dups=n"):
        assert part in answer[1]["Content-Type"]
    assert answer[1]["X-Ipfs-Roots"].split(",") == [
        str(world.root),
        str(await world.cid("subdir")),
        str(file),
    ]


async def test_a_path_that_does_not_exist_is_not_found(world: World) -> None:
    for path in ("subdir/i-do-not-exist", f"many/{'9' * 240}", "copy.txt/below-a-file"):
        assert (await ask(f"{world.url}/ipfs/{world.root}/{path}?format=car"))[0] == 404


async def test_a_path_through_shards_holds_those_on_the_way_alone(world: World) -> None:
    name = f"{7:0240d}"
    _, cids = await world.car(f"{world.root}/many/{name}?format=car")
    many, leaf = await world.cid("many"), Cid.of(b"7")
    assert [cids[0], cids[1], cids[-1]] == [world.root, many, leaf]
    between = [read_node(cid, await world.store.get_block(cid)) for cid in cids[1:-1]]
    assert between and all(isinstance(node, ShardNode) for node in between)
    assert len(cids) <= 6
    _, block_scope = await world.car(f"{world.root}/many/{name}?format=car&dag-scope=block")
    assert block_scope == cids


async def test_scope_block_is_the_path_and_its_end(world: World) -> None:
    subdir = await world.cid("subdir")
    _, cids = await world.car(f"{world.root}/subdir?format=car&dag-scope=block")
    assert cids == [world.root, subdir]
    file = await world.cid("subdir", "multiblock.txt")
    _, cids = await world.car(f"{world.root}/subdir/multiblock.txt?format=car&dag-scope=block")
    assert cids == [world.root, subdir, file]


async def test_scope_entity_of_a_directory_is_what_lists_it(world: World) -> None:
    _, cids = await world.car(f"{world.root}?format=car&dag-scope=entity")
    assert cids == [world.root]
    many = await world.cid("many")
    shards = [cid for cid in world.below(many) if cid.codec == many.codec]
    assert len(shards) > 100
    for extra in ("", "&entity-bytes=0:*"):
        _, cids = await world.car(f"{many}?format=car&dag-scope=entity{extra}")
        assert cids == shards


async def test_scope_all_is_everything_once(world: World) -> None:
    _, cids = await world.car(f"{world.root}/subdir?format=car&dag-scope=all")
    assert cids == [world.root, *world.below(await world.cid("subdir"))]
    _, cids = await world.car(f"{world.root}?format=car", Accept=f"{CAR_TYPE}; order=unk")
    assert cids == world.below(world.root)
    assert len(cids) == len(set(cids))  # copy.txt and multiblock.txt share their blocks


@pytest.mark.parametrize(
    ("asked", "leaves"),
    [
        ("0:*", range(5)),
        ("512:*", range(2, 5)),
        ("512:1023", range(2, 4)),
        ("512:-256", range(2, 4)),
        ("-5:*", range(3, 5)),
        ("-9999:*", range(5)),
        ("-9999:-3", range(4)),
        ("0:0", range(1)),
    ],
)
async def test_a_byte_range_holds_the_fewest_blocks(
    world: World, asked: str, leaves: range
) -> None:
    file = await world.cid("subdir", "multiblock.txt")
    _, cids = await world.car(f"{file}?format=car&dag-scope=entity&entity-bytes={asked}")
    assert cids == [file, *(Cid.of(TEXT[256 * i : 256 * i + 256]) for i in leaves)]


@pytest.mark.parametrize(("asked", "leaf"), [("0:1000", 0), ("2200:*", 2)])
async def test_a_block_outside_the_range_may_be_missing(
    make_store: MakeStore, serve: Serve, asked: str, leaf: int
) -> None:
    data = random_bytes(3 * 1024)
    root, blocks = file_blocks(data, Profile("test-1024", 1024, 174))
    store = make_store("partial")
    for cid, block in blocks.items():
        if cid != Cid.of(data[1024:2048]):
            await store.put_block(cid, block)
    await store.provide(root)
    url = f"{serve(gateway_app(store))}/ipfs/{root}?format=car&dag-scope=entity"
    status, _, body = await ask(f"{url}&entity-bytes={asked}")
    wanted = Cid.of(data[1024 * leaf : 1024 * leaf + 1024])
    assert (status, (await blocks_of(body))[1]) == (200, [root, wanted])


async def test_identity_identifiers_never_become_blocks(world: World) -> None:
    answer, cids = await world.car("bafkqaaa?format=car")
    assert (answer[0], cids) == (200, [])
