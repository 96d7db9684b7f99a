"""Only the development chain is taken, and time passes on one that sleeps between transactions."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.devnet import Devnet
from neurovoyance.cli.local_chain import connect, keep_time, start_devnet, wait_for_devnet
from neurovoyance.cli.local_ports import free_port
from neurovoyance.cli.processes import Child
from neurovoyance.protocol.errors import ConfigError, RpcError


async def test_another_chain_is_refused(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        result = {"eth_chainId": "0x1", "net_version": "1"}.get(asked["method"])
        block = {
            "number": "0x0",
            "hash": "0x" + "1" * 64,
            "parentHash": "0x" + "0" * 64,
            "timestamp": "0x1",
        }
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result or block})

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        with pytest.raises(ConfigError, match=r"has the id 1; .* only the development") as caught:
            await connect(str(server.make_url("/")), tmp_path)
    assert "public" in caught.value.hint


async def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has to be an http"):
        await connect("localhost:8545", tmp_path)
    with pytest.raises(RpcError):
        await connect(f"http://127.0.0.1:{free_port()}", tmp_path)


async def test_blocks_come_where_nobody_mines(tmp_path: Path) -> None:
    async with (
        Devnet(0, block_interval_s=None) as devnet,
        await connect(devnet.url, tmp_path / "seen") as chain,
    ):
        before = await chain.block_number()
        clock = asyncio.create_task(keep_time(devnet.url, tmp_path / "clock"))
        async with asyncio.timeout(90):
            while await chain.block_number() < before + 2:
                await asyncio.sleep(0.05)
        assert not clock.done()
        clock.cancel()
        await asyncio.wait([clock])
        await ChainControl(chain.rpc).mine_block()


def test_a_chain_port_in_use_is_explained(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match="in use already") as caught,
    ):
        start_devnet(taken.getsockname()[1], tmp_path)
    assert "--port" in caught.value.hint


async def test_a_chain_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    child = Child("the chain", ["no.such.module"], tmp_path / "log")
    child.start()
    with pytest.raises(ConfigError, match="did not start") as caught:
        await wait_for_devnet(child, f"http://127.0.0.1:{free_port()}")
    assert "port" in caught.value.hint
