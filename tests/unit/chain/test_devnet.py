"""The devnet over HTTP: who may call, what it answers, how it ends."""

from __future__ import annotations

import io
import socket

import aiohttp
import pytest

from neurovoyance.chain import Devnet, DevnetThread, RpcPool
from neurovoyance.protocol.errors import ConfigError


async def post(url: str, body: bytes | io.BytesIO, **headers: str) -> tuple[int, str, object]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=body, headers=headers) as answer,
    ):
        is_json = answer.content_type == "application/json"
        text = await answer.text()
        return answer.status, text, (await answer.json() if is_json and text else None)


async def test_it_listens_on_loopback_only_and_frees_its_port() -> None:
    async with Devnet(block_interval_s=None) as devnet:
        assert devnet.url == f"http://127.0.0.1:{devnet.port}"
        port = devnet.port
    with socket.socket() as probe:
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_a_taken_port_is_named() -> None:
    async with Devnet(block_interval_s=None) as devnet:
        with pytest.raises(ConfigError, match="cannot listen"):
            await Devnet(devnet.port).start()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8545", "127.0.0.1.evil.example", ""]
)
async def test_another_host_header_is_refused(host: str) -> None:
    async with Devnet(block_interval_s=None) as devnet:
        request = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
        assert (await post(devnet.url, request, Host=host))[0] == 403
        assert (await post(devnet.url, request, Host=f"localhost:{devnet.port}"))[0] == 200


async def test_no_page_elsewhere_may_read_answers() -> None:
    async with Devnet(block_interval_s=None) as devnet, aiohttp.ClientSession() as http:
        headers = {"Origin": "https://evil.example"}
        async with http.post(devnet.url, data=b"{}", headers=headers) as answer:
            assert not [
                name for name in answer.headers if name.lower().startswith("access-control")
            ]
        async with http.options(devnet.url, headers=headers) as answer:
            assert answer.status == 405


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"nonsense", -32700),
        (b"[" * 200_000, -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b'{"id":1}', -32600),
        (b'{"id":1,"method":"eth_mineGold"}', -32601),
        (b'{"id":1,"method":"answer"}', -32601),
        (b'{"id":1,"method":"eth_getBalance"}', -32602),
        (b'{"id":1,"method":"eth_getBalance","params":{"a":1}}', -32602),
        (b'{"id":1,"method":"eth_sendRawTransaction","params":["0x00"]}', -32000),
    ],
    ids=range(10),
)
async def test_faulty_requests_get_json_rpc_errors(body: bytes, code: int) -> None:
    async with Devnet(block_interval_s=None) as devnet:
        status, _, answer = await post(devnet.url, body)
        assert status == 200
        assert isinstance(answer, dict)
        assert answer["error"]["code"] == code


async def test_a_batch_is_answered_in_order_without_notifications() -> None:
    body = (
        b'[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},'
        b'{"jsonrpc":"2.0","method":"evm_mine"},'
        b'{"jsonrpc":"2.0","id":"two","method":"eth_blockNumber"},7]'
    )
    async with Devnet(block_interval_s=None) as devnet:
        _, _, answers = await post(devnet.url, body)
        assert isinstance(answers, list)
        assert [(a["id"], a.get("result")) for a in answers] == [
            (1, "0x7a69"),
            ("two", "0x1"),
            (None, None),
        ]


async def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    async with Devnet(block_interval_s=None) as devnet:
        assert (await post(devnet.url, io.BytesIO(b"x" * (5 * 2**20))))[0] == 413


async def test_blocks_come_by_themselves_while_it_runs() -> None:
    async with Devnet(block_interval_s=0.02) as devnet, RpcPool([devnet.url]) as pool:
        while int(await pool.request("eth_blockNumber"), 16) < 3:
            pass


def test_a_thread_serves_synchronous_callers() -> None:
    with DevnetThread(block_interval_s=None) as devnet, socket.socket() as probe:
        port = int(devnet.url.rsplit(":", 1)[1])
        assert probe.connect_ex(("127.0.0.1", port)) == 0
        assert devnet.wallet(0).address.startswith("0xf39F")


async def test_a_thread_hands_over_why_it_did_not_start() -> None:
    async with Devnet(block_interval_s=None) as devnet:
        with pytest.raises(ConfigError, match="cannot listen"):
            DevnetThread(devnet.port).start()
