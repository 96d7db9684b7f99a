"""Endpoints that die, lag, lie or serve another chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chains import RunningChain, connect, devnet
from tests.integration.chain.rpc_proxy import RpcProxy, answer

from neurovoyance.chain import ChainClient, ChainControl, RpcPool, RpcRefused, WrongChain
from neurovoyance.protocol.errors import ConfigError, RpcError


async def test_the_second_endpoint_serves_when_the_first_dies(chain: RunningChain) -> None:
    async with (
        RpcProxy(chain.url) as dying,
        RpcProxy(chain.url) as living,
        RpcPool([dying.url, living.url], timeout_s=30) as pool,
    ):
        assert await pool.request("eth_blockNumber") == "0x0"
        assert "eth_blockNumber" not in living.calls
        await dying.stop()
        assert await pool.request("eth_blockNumber") == "0x0"
        first, second = pool.health()
        assert (first.is_up, second.is_up) == (False, True)
        assert first.failures == 1
        await dying.start()
        await asyncio.wait_for(_until(lambda: pool.request("eth_blockNumber"), dying), 90)


async def _until(ask: Callable[[], object], proxy: RpcProxy) -> None:
    """Ask until the revived first endpoint, rested, is preferred again and checked anew."""
    proxy.calls.clear()
    while "eth_blockNumber" not in proxy.calls:
        await ask()  # type: ignore[misc]
        await asyncio.sleep(0.05)
    assert proxy.calls[0] == "eth_chainId"


async def test_a_dead_chain_is_waited_for(chain: RunningChain) -> None:
    async with RpcProxy(chain.url) as proxy, RpcPool([proxy.url], attempts=1) as pool:
        await proxy.stop()
        with pytest.raises(RpcError, match="None of the 1"):
            await pool.request("eth_blockNumber")
        with pytest.raises(RpcError):
            await pool.wait_until_up(timeout_s=0.2)
        waiting = asyncio.create_task(pool.wait_until_up(timeout_s=30))
        await proxy.start()
        await waiting
        assert await pool.request("eth_blockNumber") == "0x0"


async def test_an_endpoint_of_another_chain_is_refused_with_both_ids(
    devnet_chain: RunningChain,
) -> None:
    with pytest.raises(ConfigError, match="chain 31337, but chain 1 is expected"):
        async with RpcPool([devnet_chain.url], expected_chain_id=1):
            pass


async def test_a_wiped_devnet_behind_the_same_address_is_noticed(
    devnet_chain: RunningChain,
) -> None:
    async with (
        devnet() as other,
        RpcProxy(devnet_chain.url) as proxy,
        RpcPool([proxy.url], attempts=1) as pool,
    ):
        await proxy.stop()
        with pytest.raises(RpcError):
            await pool.request("eth_blockNumber")
        proxy._upstream = other.url
        await proxy.start()
        with pytest.raises(WrongChain, match="wiped and begun anew"):
            await pool.request("eth_blockNumber")


HOSTILE: dict[str, bytes] = {
    "not JSON": b"<html>",
    "broken UTF-8": b"\xff\xfe",
    "a bare number": b"7",
    "a list": b"[]",
    "no result": b'{"jsonrpc":"2.0","id":1}',
    "error of a wrong type": b'{"jsonrpc":"2.0","id":1,"error":"no"}',
    "deeply nested": b"[" * 100_000,
    "an endless number": b'{"id":1,"result":' + b"9" * 10_000 + b"}",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_nonsense_becomes_an_rpc_error(devnet_chain: RunningChain, name: str) -> None:
    async with RpcProxy(devnet_chain.url) as proxy, RpcPool([proxy.url], attempts=1) as pool:

        async def hook(method: str, body: bytes) -> bytes | None:
            return HOSTILE[name]

        proxy.hook = hook
        with pytest.raises(RpcError) as caught:
            await pool.request("eth_blockNumber")
        assert not isinstance(caught.value, RpcRefused)


async def test_an_answer_to_another_request_is_refused(devnet_chain: RunningChain) -> None:
    async with RpcProxy(devnet_chain.url) as proxy, RpcPool([proxy.url], attempts=1) as pool:

        async def hook(method: str, body: bytes) -> bytes | None:
            return b'{"jsonrpc":"2.0","id":999999,"result":"0x1"}'

        proxy.hook = hook
        with pytest.raises(RpcError, match="another request"):
            await pool.request("eth_blockNumber")


async def test_an_endless_answer_is_cut_off(devnet_chain: RunningChain) -> None:
    async with (
        RpcProxy(devnet_chain.url) as proxy,
        RpcPool([proxy.url], attempts=1, max_response_bytes=10_000) as pool,
    ):

        async def hook(method: str, body: bytes) -> bytes | None:
            return answer(body, result="0x" + "00" * 1_000_000)

        proxy.hook = hook
        with pytest.raises(RpcError, match="more than 10,000 bytes"):
            await pool.request("eth_blockNumber")


async def test_silence_ends_after_the_time_out(devnet_chain: RunningChain) -> None:
    async with (
        RpcProxy(devnet_chain.url) as proxy,
        RpcPool([proxy.url], attempts=1, timeout_s=3) as pool,
    ):
        released = asyncio.Event()

        async def hook(method: str, body: bytes) -> bytes | None:
            await released.wait()
            return None

        proxy.hook = hook
        with pytest.raises(RpcError, match="did not answer within"):
            await pool.request("eth_blockNumber")
        released.set()


WRONG_TYPES: list[object] = [None, 7, "12", "0x", "0xzz", [], {}, True, "0x" + "f" * 65]


@pytest.mark.parametrize("value", WRONG_TYPES, ids=[str(v)[:8] for v in WRONG_TYPES])
async def test_values_of_wrong_types_become_rpc_errors(
    devnet_chain: RunningChain, tmp_path: Path, value: object
) -> None:
    async with RpcProxy(devnet_chain.url) as proxy, await connect(proxy.url, tmp_path) as client:

        async def hook(method: str, body: bytes) -> bytes | None:
            return answer(body, result=value)

        proxy.hook = hook
        address = devnet_chain.wallet(0).address
        for ask in (client.block_number, client.block, client.time_s):
            with pytest.raises(RpcError):
                await ask()
        with pytest.raises(RpcError):
            await client.balance_wei(address)
        if value is not None:
            with pytest.raises(RpcError):
                await client.receipt("0x" + "11" * 32)


async def test_requests_that_belong_together_go_to_one_endpoint(
    devnet_chain: RunningChain,
) -> None:
    async with (
        RpcProxy(devnet_chain.url) as first,
        RpcProxy(devnet_chain.url) as second,
        RpcPool([first.url, second.url], attempts=1) as pool,
    ):

        async def hook(method: str, body: bytes) -> bytes | None:
            return b"" if method == "eth_chainId" else None

        first.calls.clear()
        first.hook = hook
        calls: list[tuple[str, list[object]]] = [
            ("eth_blockNumber", []),
            ("eth_chainId", []),
            ("net_version", []),
        ]
        assert await pool.request_all(calls) == ["0x0", "0x7a69", "31337"]
        assert second.calls[-3:] == ["eth_blockNumber", "eth_chainId", "net_version"]


async def test_a_raw_transaction_goes_to_every_endpoint(
    devnet_chain: RunningChain, tmp_path: Path
) -> None:
    async with RpcProxy(devnet_chain.url) as first, RpcProxy(devnet_chain.url) as second:
        urls, payer = [first.url, second.url], devnet_chain.wallet(0)
        client = await ChainClient.connect(urls, state_dir=tmp_path, poll_s=0.02)
        async with client:
            await client.transfer_native(payer, devnet_chain.wallet(1).address, 1)
            assert "eth_sendRawTransaction" in first.calls
            assert "eth_sendRawTransaction" in second.calls


async def test_waiting_for_time_outlasts_an_outage(
    devnet_chain: RunningChain, tmp_path: Path
) -> None:
    async with (
        RpcProxy(devnet_chain.url) as proxy,
        await connect(proxy.url, tmp_path / "far", rpc_timeout_s=10) as far,
        await connect(devnet_chain, tmp_path / "near") as near,
    ):
        wanted_s = await near.time_s() + 1_000
        waiting = asyncio.create_task(far.wait_for_time(wanted_s, timeout_s=90))
        await proxy.stop()
        await ChainControl(near.rpc).increase_time(1_001)
        await proxy.start()
        assert (await waiting).timestamp_s > wanted_s


async def test_a_transaction_that_one_endpoint_may_have_taken_is_not_called_refused(
    devnet_chain: RunningChain,
) -> None:
    """The silent one may have passed it on; only a refusal by all that were reached is certain."""
    async with (
        RpcProxy(devnet_chain.url) as silent,
        RpcProxy(devnet_chain.url) as refusing,
        RpcPool([silent.url, refusing.url], attempts=1, timeout_s=30) as pool,
    ):

        async def hook(method: str, body: bytes) -> bytes | None:
            return b"" if method == "eth_sendRawTransaction" else None

        silent.hook = hook
        with pytest.raises(RpcError) as caught:
            await pool.broadcast("eth_sendRawTransaction", ["0x00"])
        assert not isinstance(caught.value, RpcRefused)
        await silent.stop()
        for _ in range(2):
            with pytest.raises(RpcRefused, match="malformed"):
                await pool.broadcast("eth_sendRawTransaction", ["0x00"])
        await silent.start()
