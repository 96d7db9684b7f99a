from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import pieces_of
from tests.unit.ipfs.storage_behaviour import F3, MIB

from neurovoyance.ipfs.car import decode_header, read_car
from neurovoyance.ipfs.cid import PROBE, Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app, gateway_routes
from neurovoyance.ipfs.negotiation import CAR_TYPE, RAW_TYPE
from neurovoyance.ipfs.rate import RateLimit
from neurovoyance.ipfs.unixfs import V0_2015

Answer = tuple[int, CIMultiDictProxy[str], bytes]


async def ask(url: str, method: str = "GET", **headers: str) -> Answer:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Accept"]) as session,
        session.request(method, url, headers=named) as response,
    ):
        return response.status, response.headers, await response.read()


async def blocks_of(archive: bytes) -> tuple[list[Cid], list[Cid]]:
    """Return the roots and the CIDs of an archive whose every block was verified."""
    items = [item async for item in read_car(pieces_of(archive, 50_000))]
    for cid, data in items[1:]:
        assert cid is not None and cid.is_hash_of(data)
    return decode_header(items[0][1]), [cid for cid, _ in items[1:] if cid is not None]


@pytest.fixture
async def store(make_store: MakeStore) -> EmbeddedBackend:
    return make_store()


@pytest.fixture
async def shown(store: EmbeddedBackend) -> Cid:
    cid = await store.add(F3, V0_2015)
    await store.provide(cid)
    return cid


@pytest.fixture
def url(store: EmbeddedBackend, serve: Serve) -> str:
    return serve(gateway_app(store))


async def test_a_raw_block_comes_with_the_headers_of_the_specification(
    url: str, store: EmbeddedBackend, shown: Cid
) -> None:
    for query, accept in (("?format=raw", "*/*"), ("", RAW_TYPE), ("?format=raw", CAR_TYPE)):
        status, headers, body = await ask(f"{url}/ipfs/{shown}{query}", Accept=accept)
        assert status == 200 and body == await store.get_block(shown)
        assert headers["Content-Type"] == RAW_TYPE
        assert headers["Etag"] == f'"{shown}.raw"'
        assert headers["Content-Disposition"] == f'attachment; filename="{shown}.bin"'
        assert "immutable" in headers["Cache-Control"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Length"] == str(len(body))


async def test_head_answers_as_get_without_a_body(url: str, shown: Cid) -> None:
    for form in ("raw", "car"):
        status, headers, body = await ask(f"{url}/ipfs/{shown}?format={form}", "HEAD")
        assert (status, body) == (200, b"") and headers["Etag"]
    assert (await ask(f"{url}/ipfs/{Cid.of(b'x')}?format=raw", "HEAD"))[0] == 404


async def test_a_known_etag_is_answered_with_304(url: str, shown: Cid) -> None:
    for form in ("raw", "car"):
        link = f"{url}/ipfs/{shown}?format={form}"
        etag = (await ask(link, "HEAD"))[1]["Etag"]
        for known in (etag, f'"other", {etag}', "*", etag.removeprefix("W/")):
            status, headers, body = await ask(link, If_None_Match=known)
            assert (status, body, headers["Etag"]) == (304, b"", etag)
        assert (await ask(link, If_None_Match='"other"'))[0] == 200


async def test_a_car_holds_the_whole_dag_once_and_depth_first(url: str, shown: Cid) -> None:
    status, headers, body = await ask(f"{url}/ipfs/{shown}", Accept=f"{CAR_TYPE}; dups=y")
    assert status == 200
    assert headers["Content-Type"] == f"{CAR_TYPE}; version=1; order=dfs; dups=n"
    roots, cids = await blocks_of(body)
    assert roots == [shown] == cids[:1]
    assert len(cids) == len(set(cids)) == 14


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("dag-scope=block", 1),
        ("dag-scope=entity", 14),
        ("dag-scope=all", 14),
        ("entity-bytes=0:*", 14),
        ("entity-bytes=0:0", 2),
        (f"entity-bytes={MIB - 1}:{MIB}", 3),
        ("entity-bytes=-1:*", 2),
        ("entity-bytes=-100000000:5", 2),
        (f"entity-bytes={len(F3) + 1}:*", 1),
        ("entity-bytes=9:3", 1),
    ],
)
async def test_scope_and_range_choose_the_blocks(
    url: str, shown: Cid, query: str, count: int
) -> None:
    status, _, body = await ask(f"{url}/ipfs/{shown}?format=car&{query}")
    assert status == 200
    assert len((await blocks_of(body))[1]) == count


async def test_each_scope_and_range_has_its_own_etag(url: str, shown: Cid) -> None:
    queries = ("", "&dag-scope=block", "&dag-scope=entity", "&entity-bytes=0:5")
    answers = [await ask(f"{url}/ipfs/{shown}?format=car{query}", "HEAD") for query in queries]
    assert len({headers["Etag"] for _, headers, _ in answers}) == len(queries)


async def test_a_path_leads_through_directories(
    url: str, store: EmbeddedBackend, tmp_path: Path
) -> None:
    (tmp_path / "d" / "ä").mkdir(parents=True)
    (tmp_path / "d" / "ä" / "f").write_bytes(b"deep")
    (tmp_path / "d" / "other").write_bytes(b"not asked for")
    root = await store.add(tmp_path / "d")
    await store.provide(root)
    status, _, body = await ask(f"{url}/ipfs/{root}/ä/f?format=car")
    roots, cids = await blocks_of(body)
    assert status == 200 and roots == [Cid.of(b"deep")]
    assert cids[0] == root and cids[-1] == Cid.of(b"deep") and len(cids) == 3
    assert (await ask(f"{url}/ipfs/{root}/no?format=car"))[0] == 404
    assert (await ask(f"{url}/ipfs/{root}/ä/f?format=raw"))[0] == 400
    whole = await ask(f"{url}/ipfs/{root}?format=car&dag-scope=entity")
    assert (await blocks_of(whole[2]))[1] == [root]


async def test_the_probe_is_always_answered(url: str) -> None:
    status, headers, body = await ask(f"{url}/ipfs/{PROBE}", Accept=RAW_TYPE)
    assert (status, body, headers["Content-Type"]) == (200, b"", RAW_TYPE)
    status, _, body = await ask(f"{url}/ipfs/{PROBE}?format=car")
    assert status == 200 and await blocks_of(body) == ([PROBE], [])


async def test_only_what_is_provided_is_served(
    url: str, store: EmbeddedBackend, shown: Cid
) -> None:
    hidden = await store.add(b"private")
    assert (await ask(f"{url}/ipfs/{hidden}?format=raw"))[0] == 404
    assert (await ask(f"{url}/ipfs/{hidden}?format=car"))[0] == 404
    await store.provide(hidden)
    assert (await ask(f"{url}/ipfs/{hidden}?format=raw"))[2] == b"private"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("{cid}", {}, 400),
        ("{cid}", {"Accept": "*/*"}, 400),
        ("{cid}", {"Accept": "text/html"}, 406),
        ("{cid}?format=tar", {}, 406),
        ("{cid}?format=tar", {"Accept": RAW_TYPE}, 406),
        ("{cid}", {"Accept": f"{RAW_TYPE};q=0"}, 406),
        ("not-a-cid?format=raw", {}, 400),
        ("{cid}?format=car&dag-scope=most", {}, 400),
        ("{cid}?format=car&entity-bytes=x", {}, 400),
        ("{cid}?format=car&car-version=2", {}, 400),
        ("{missing}?format=raw", {}, 404),
        ("{missing}?format=raw", {"Cache-Control": "only-if-cached"}, 412),
        ("{cid}?format=raw", {"Cache-Control": "only-if-cached"}, 200),
    ],
)
async def test_each_fault_has_the_status_of_the_specification(
    url: str, shown: Cid, path: str, headers: dict[str, str], status: int
) -> None:
    path = path.format(cid=shown, missing=Cid.of(b"missing"))
    named = {key.replace("-", "_"): value for key, value in headers.items()}
    assert (await ask(f"{url}/ipfs/{path}", **named))[0] == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_written(url: str, shown: Cid, method: str) -> None:
    assert (await ask(f"{url}/ipfs/{shown}?format=raw", method))[0] == 405


async def test_a_peer_that_asks_too_often_is_told_when_to_come_back(
    store: EmbeddedBackend, shown: Cid, serve: Serve
) -> None:
    url = serve(gateway_app(store, rate_limit=RateLimit(requests_per_s=0.01, burst=2)))
    answers = [await ask(f"{url}/ipfs/{shown}?format=raw") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert int(answers[2][1]["Retry-After"]) > 50


async def test_routing_names_this_gateway_for_what_it_provides(
    store: EmbeddedBackend, shown: Cid, serve: Serve
) -> None:
    app = gateway_app(store, public_urls=["https://node.example"], peer_id="node")
    url = serve(app)
    link = f"{url}/routing/v1/providers"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{link}/{shown}") as response:
            assert (await response.json())["Providers"] == [
                {
                    "Schema": "peer",
                    "Addrs": ["/dns/node.example/tcp/443/https"],
                    "Protocols": ["transport-ipfs-gateway-http"],
                    "ID": "node",
                }
            ]
        async with session.get(f"{link}/{Cid.of(b'x')}") as response:
            assert await response.json() == {"Providers": []}
        async with session.get(f"{link}/junk") as response:
            assert response.status == 400


async def test_a_car_ends_early_when_a_block_is_missing(
    make_store: MakeStore, serve: Serve, shown: Cid, store: EmbeddedBackend
) -> None:
    partial = make_store("partial")
    await partial.put_block(shown, await store.get_block(shown))
    await partial.provide(shown)
    url = serve(gateway_app(partial))
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(f"{url}/ipfs/{shown}?format=car")


def test_the_routes_can_be_mounted_beside_others(store: EmbeddedBackend) -> None:
    assert [route.path for route in gateway_routes(store)] == [
        "/ipfs/{cid}",
        "/ipfs/{cid}/{path:path}",
        "/routing/v1/providers/{cid}",
    ]
