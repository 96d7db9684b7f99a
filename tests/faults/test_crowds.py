"""Five hundred clients at once beside two hundred that send a byte now and then: all get answers.

Connections are bare sockets, so that the crowd costs less than the service it stands before.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.integration.test_market_service import CLIENT, OWNER, at_block, market_on, served

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.protocol.ids import hex_of

CROWD, RUDE = 500, 100
WAIT_S = 120.0
HEADER_TIMEOUT_S = 5.0
HEAD = b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 4000\r\n\r\n{"
)
Address = tuple[str, int]


@asynccontextmanager
async def connected(
    address: Address,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def asked(address: Address, path: str) -> tuple[int, bytes]:
    """Ask once over a connection of its own; return status and body."""
    async with connected(address) as (reader, writer):
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
    first, _, body = answer.partition(b"\r\n\r\n")
    return int(first.split()[1]), body


async def dripped(address: Address, text: bytes) -> bytes:
    """Begin a request and go on byte by byte until it is cut off; return what was answered."""
    async with connected(address) as (reader, writer):
        writer.write(text)
        answer = asyncio.create_task(reader.read())
        try:
            while not answer.done():
                writer.write(b"x")
                await asyncio.wait([answer], timeout=HEADER_TIMEOUT_S / 4)
            return await answer
        except ConnectionError:
            return b""
        finally:
            answer.cancel()


async def test_a_crowd_is_answered_while_others_drip(tmp_path: Path) -> None:
    prefix = "NEUROVOYANCE_MARKET_"
    limits = {
        f"{prefix}READS_PER_MINUTE": "100000",
        f"{prefix}HEADER_TIMEOUT_S": str(HEADER_TIMEOUT_S),
        f"{prefix}REQUEST_TIMEOUT_S": str(WAIT_S),
    }
    with DevnetThread(block_interval_s=None) as devnet:
        async with market_on(devnet.url, tmp_path) as market:
            job_id = await market.hire()
            await market.finish(job_id)
            parties = [f"/v1/money/{party}" for party in (CLIENT.address, OWNER.address)]
            job = f"/v1/jobs/{hex_of(job_id)}"
            lists = ["/v1/jobs?state=Settled", f"/v1/events?subject={hex_of(job_id)}"]
            paths = [*parties, job, *lists, "/v1/providers", "/api/overview"]
            async with served(market.home, **limits) as (client, _), asyncio.timeout(WAIT_S):
                await at_block(client, await market.contracts.client.block_number())
                address = (client.base_url.host, client.base_url.port or 0)
                heads, bodies = (
                    [asyncio.create_task(dripped(address, text)) for _ in range(RUDE)]
                    for text in (HEAD, BODY)
                )
                wanted = [paths[number % len(paths)] for number in range(CROWD)]
                answers = await asyncio.gather(*(asked(address, path) for path in wanted))
                assert {status for status, _ in answers} == {200}
                told = dict(zip(wanted, (body for _, body in answers), strict=True))
                for path, party in zip(parties, (CLIENT, OWNER), strict=True):
                    views, found = await market.views(party.address), json.loads(told[path])
                    assert {name: int(found[name]) for name in views} == views
                for path in (*parties, job):
                    pairs = zip(wanted, answers, strict=True)
                    assert len({body for other, (_, body) in pairs if other == path}) == 1
                assert set(await asyncio.gather(*heads)) == {b""}, "cut off without a word"
                for body in bodies:
                    body.cancel()
                await asyncio.gather(*bodies, return_exceptions=True)
                assert (await client.get("/v1/health")).json()["status"] == "ok"
