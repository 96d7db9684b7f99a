from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import collect, random_bytes
from tests.unit.ipfs.serving import Standin, serving_blocks
from tests.unit.ipfs.storage_behaviour import F3, StorageBehaviour

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.composite import Composite, Places, check_places, open_storage
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.ipfs.kubo_rpc import KuboTimeouts
from neurovoyance.protocol.errors import ConfigError, StorageNotFound

HASTY = KuboTimeouts(connect_s=10, read_s=30, network_s=10, away_s=0.1)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    made = Standin(tmp_path_factory.mktemp("kubo"))
    made.start()
    yield made
    made.kill()


def composite(folder: Path, kubo: str | None, *gateways: str, **settings: object) -> Composite:
    places = Places(kubo, None, gateways, allow_private_gateways=True, kubo_timeouts=HASTY)
    settings.setdefault("allow_private_addresses", True)
    return Composite(folder, places, **settings)


class TestComposite(StorageBehaviour):
    """The store in front of a daemon and a gateway does what every back-end does."""

    @pytest.fixture
    async def backend(
        self, daemon: Standin, serve: Serve, tmp_path: Path
    ) -> AsyncIterator[Composite]:
        async with composite(tmp_path / "s", daemon.url, serve(serving_blocks({}).app)) as made:
            yield made


async def test_each_place_is_used_for_what_the_ones_before_lack(
    daemon: Standin, serve: Serve, make_store: MakeStore, tmp_path: Path
) -> None:
    provider, gateway = make_store("provider"), make_store("gateway")
    held = [random_bytes(2_000_000, seed) for seed in range(3)]
    async with KuboBackend(daemon.url) as kubo:
        cids = [await provider.add(held[0]), await kubo.add(held[1]), await gateway.add(held[2])]
    for store, cid in ((provider, cids[0]), (gateway, cids[2])):
        await store.provide(cid)
    peer, public = serve(gateway_app(provider)), serve(gateway_app(gateway))
    async with composite(tmp_path / "own", daemon.url, public, peers=[peer]) as own:
        for cid, data in zip(cids, held, strict=True):
            await own.fetch(cid, tmp_path / str(cid))
            assert (tmp_path / str(cid)).read_bytes() == data
            assert await own.has(cid)
        with pytest.raises(StorageNotFound) as caught:
            await own.get_block(Cid.of(b"nobody has this"))
    assert set(caught.value.context["providers"]) == {peer, daemon.url, public}


async def test_the_daemon_gets_what_is_provided(daemon: Standin, tmp_path: Path) -> None:
    async with composite(tmp_path / "own", daemon.url) as own:
        cid = await own.add(F3)
        await own.provide(cid)
        await own.announced()
        assert await own.find_providers(cid) == ["https://gateway.example:443"]
    async with KuboBackend(daemon.url, is_offline=True) as kubo:
        assert await collect(kubo.open(cid)) == F3


async def test_a_daemon_that_is_away_does_not_stop_an_offer(tmp_path: Path) -> None:
    away = Standin(tmp_path).url
    async with composite(tmp_path / "own", away) as own:
        cid = await own.add(F3)
        await own.provide(cid)
        await own.announced()
        assert await own.served_block(cid) is not None
        assert list(await own.find_providers(cid)) == []
        with pytest.raises(StorageNotFound, match="cannot be reached"):
            await own.get_block(Cid.of(b"x"))


async def test_without_other_places_it_is_the_plain_store(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "a", Places()) as plain:
        assert type(plain) is EmbeddedBackend
    places = Places(gateways=("https://gateway.example",))
    async with open_storage(tmp_path / "b", places, max_bytes=10**9) as more:
        assert isinstance(more, Composite) and more.kubo is None


@pytest.mark.parametrize(
    ("places", "field"),
    [
        (Places(kubo_rpc_url="127.0.0.1:5001"), "kubo_rpc_url"),
        (Places(kubo_rpc_url="http://user:pass@127.0.0.1:5001"), "kubo_rpc_url"),
        (Places(gateways=("gateway.example",)), "gateways"),
        (Places(gateways=("http://10.0.0.1",)), "gateways"),
    ],
)
def test_bad_addresses_are_refused_before_anything_starts(places: Places, field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        check_places(places)


def test_a_multiaddr_names_a_daemon_too() -> None:
    places = Places(kubo_rpc_url="/ip4/127.0.0.1/tcp/5001", kubo_authorization="Bearer secret")
    assert check_places(places) is places
    assert "secret" not in repr(places)
