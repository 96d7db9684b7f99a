"""The market's service as a process on a real chain: its money is the contracts', to the wei."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from eth_account.messages import encode_defunct
from tests.chains import connect
from tests.governed import BANK, FRIEND, Network, running, visiting
from tests.unit.marketplace.market_events import contents

from neurovoyance.chain import ChainControl, Contracts, Wallet, deploy, devnet_wallet
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.events import JobCommitted, JobPosted
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer import schema
from neurovoyance.marketplace.indexer.loop import Indexer
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, sign_offer
from neurovoyance.protocol.units import nvy

OWNER, CLIENT, OPERATOR = devnet_wallet(0), devnet_wallet(1), devnet_wallet(2)
SLOW_BODY = b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
PRICE_WEI, LOCK_WEI = nvy("10"), nvy("50")
SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\x22" * 32)


@dataclass
class Market:
    """A chain with a small market, and the home folder of a service for it."""

    home: Path
    contracts: Contracts
    control: ChainControl
    salt: int = 0

    async def hire(self) -> JobId:
        market = self.contracts.market
        self.salt += 1
        posted = await market.post(
            CLIENT,
            SPEC,
            self.salt.to_bytes(32, "big"),
            max_price_wei=PRICE_WEI,
            min_lock_wei=0,
            deadline_s=await self.contracts.client.time_s() + 3_600,
            source="",
        )
        event = posted.one(JobPosted)
        await market.accept(
            OPERATOR,
            event.job_id,
            SPEC,
            event.salt,
            OWNER.address,
            price_wei=PRICE_WEI - 1,
            lock_wei=LOCK_WEI,
        )
        return event.job_id

    async def finish(self, job_id: JobId) -> None:
        market = self.contracts.market
        opening = Opening(bytes(32), b"\3" * 32, SPEC.input_cid, b"\5" * 32, 0, b"\6" * 32)
        commitment = commitment_of(
            chain_id=31337,
            market=market.address,
            job_id=job_id,
            provider=OWNER.address,
            opening=opening,
        )
        sent = await market.commit(OPERATOR, job_id, commitment, 0, opening.envelope_cid)
        assert sent.one(JobCommitted).round
        await self.control.mine(3)
        await market.draw_and_reveal(OPERATOR, job_id, opening)
        await market.confirm(CLIENT, job_id)

    async def views(self, party: str) -> dict[str, int]:
        stake = await self.contracts.stakes.stake_of(party)
        return {
            "free_wei": await self.contracts.market.free_of_wei(party),
            "earned_wei": await self.contracts.market.earned_of_wei(party),
            "own_wei": stake.own_wei,
            "locked_wei": stake.locked_wei,
            "unbonding_wei": stake.unbonding_wei,
        }


@asynccontextmanager
async def market_on(
    url: str, folder: Path, economy: EconomySettings | None = None
) -> AsyncIterator[Market]:
    async with await connect(url, folder / "state") as chain:
        path = folder / "deployment.json"
        contracts = Contracts(chain, await deploy(chain, OWNER, economy=economy, path=path))
        await contracts.token.transfer(OWNER, CLIENT.address, nvy("100"))
        await contracts.token.approve(CLIENT, contracts.market.address, nvy("100"))
        await contracts.market.deposit(CLIENT, nvy("60"))
        await contracts.stakes.register(OWNER, OPERATOR.address, "http://127.0.0.1:9")
        await contracts.token.approve(OWNER, contracts.stakes.address, nvy("5000"))
        await contracts.stakes.stake(OWNER, nvy("5000"))
        profile = NetworkProfile(
            name="service", chain_id=31337, rpc_urls=[url], deployment=str(path), poll_s=0.1
        )
        save_profile(profile, folder / "home" / "network.json")
        yield Market(folder / "home", contracts, ChainControl(chain.rpc))


@asynccontextmanager
async def served(home: Path, **variables: str) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """Run ``market serve`` as its owner would; yield a client and the process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "neurovoyance.cli.main", "market", "serve", "--port", "0", "--json"),
        *("--home", str(home)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            lines = b""
            while not lines.rstrip().endswith(b"}"):
                piece = await process.stdout.readline()
                assert piece, (home / "market" / "service.log").read_text()
                lines += piece
        async with httpx.AsyncClient(base_url=json.loads(lines)["url"], timeout=60) as client:
            yield client, process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 90)


async def at_block(client: httpx.AsyncClient, number: int) -> None:
    async with asyncio.timeout(60):
        while (await client.get("/v1/health")).json()["block"] < number:
            await asyncio.sleep(0.05)


async def check_money(market: Market, client: httpx.AsyncClient) -> None:
    await at_block(client, await market.contracts.client.block_number())
    for party in (OWNER.address, CLIENT.address):
        found = (await client.get(f"/v1/money/{party}")).json()
        views = await market.views(party)
        assert {name: int(found[name]) for name in views} == views


async def sign_in(client: httpx.AsyncClient, wallet: Wallet) -> tuple[str, dict[str, str]]:
    nonce = (await client.get("/v1/auth/nonce")).json()["nonce"]
    host = client.base_url.netloc.decode()
    text = (
        f"{host} wants you to sign in with your Ethereum account:\n{wallet.address}\n\n\n"
        f"URI: http://{host}/\nVersion: 1\nChain ID: 31337\nNonce: {nonce}\n"
        f"Issued At: {_now()}"
    )
    signature = wallet.account.sign_message(encode_defunct(text=text)).signature
    body = {"message": text, "signature": "0x" + bytes(signature).hex()}
    answer = await client.post("/v1/auth/sign-in", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["token"], body


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat()


async def test_the_service_tells_the_contracts_truth_through_kills_and_reorganisations(
    tmp_path: Path,
) -> None:
    with DevnetThread(block_interval_s=None) as devnet:
        async with market_on(devnet.url, tmp_path) as market:
            paid, slashed = await market.hire(), await market.hire()
            await market.finish(paid)
            async with served(market.home) as (client, pid):
                await check_money(market, client)
                token, used = await sign_in(client, CLIENT)
                assert (await client.post("/v1/auth/sign-in", json=used)).status_code == 422
                me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
                assert me.json()["address"] == CLIENT.address
                await check_offer(market, client)
                await check_rude_senders(client)
                os.kill(pid, signal.SIGKILL)
            await check_made_again(market.home)
            before = await market.control.snapshot()
            undone = await market.hire()
            async with served(market.home) as (client, _):
                me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
                assert me.json()["address"] == CLIENT.address
                await check_money(market, client)
                assert (await client.get(f"/v1/jobs/{hex_of(undone)}")).status_code == 200
                stream = asyncio.create_task(until_rollback(client))
                await check_streaming(client)
                assert await market.control.revert(before)
                await market.control.increase_time(4_000)
                assert (await market.contracts.market.expire(CLIENT, slashed)).is_success
                await market.control.mine(8)
                await asyncio.wait_for(stream, 60)
                await check_money(market, client)
                assert (await client.get(f"/v1/jobs/{hex_of(undone)}")).status_code == 404
                found = (await client.get(f"/v1/jobs/{hex_of(slashed)}")).json()
                state = await market.contracts.market.state_of(slashed)
                assert found["state"] == state.label
                settled = (await client.get("/v1/jobs?state=Settled")).json()["items"]
                assert [job["job_id"] for job in settled] == [hex_of(paid)]


async def check_made_again(home: Path) -> None:
    """Compare an index that lived through a kill with one made again from the first block."""
    database = Database(f"sqlite:///{home / 'market' / 'index.sqlite'}")
    lived = contents(database)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "neurovoyance.cli.main", "market", "reindex", "--json", "--home", str(home)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await asyncio.wait_for(process.communicate(), 60)
    assert json.loads(answer)["events"] == len(lived["event"])
    assert contents(database) == lived
    database.close()


async def check_streaming(client: httpx.AsyncClient) -> None:
    """Wait until the service has a reader of its stream; metrics would show the route."""
    async with asyncio.timeout(90):
        while 'route="/v1/stream"' not in (await client.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def until_rollback(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/v1/stream", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line == "event: rollback":
                return


async def check_offer(market: Market, client: httpx.AsyncClient) -> None:
    address = market.contracts.market.address
    offer = Offer(
        provider=OWNER.address,
        spec_hash=SPEC.spec_hash(),
        price_wei=PRICE_WEI,
        lock_wei=LOCK_WEI,
        valid_until_s=await market.contracts.client.time_s() + 300,
        nonce=3,
    )
    for signer, status in ((CLIENT, 422), (OPERATOR, 201)):
        signature = sign_offer(offer, signer.account, chain_id=31337, market=address)
        body = {"offer": offer.model_dump(mode="json"), "signature": hex_of(signature)}
        for _ in range(2):  # the second time with the same key repeats the answer
            headers = {"Idempotency-Key": "one"}
            answer = await client.post("/v1/offers", json=body, headers=headers)
            assert answer.status_code == status, answer.text
    listed = (await client.get(f"/v1/offers?spec_hash={hex_of(SPEC.spec_hash())}")).json()
    on_chain = await market.contracts.market.offer_hash_of(offer)
    assert [item["offer_id"] for item in listed["items"]] == [hex_of(on_chain)]


async def check_rude_senders(client: httpx.AsyncClient) -> None:
    host, port = client.base_url.host, client.base_url.port or 0

    async def say(text: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(text)
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(65_536), 90)
        writer.close()
        return answer

    head = (
        b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    assert b" 413 " in await say(head + b"Content-Length: 99999999\r\n\r\n{")
    assert b" 400 " in await say(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert b" 422 " in await say(head + b"Content-Length: 3\r\n\r\n{]}")
    assert b" 421 " in await say(b"GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n")


async def test_slow_senders_are_cut_off(tmp_path: Path) -> None:
    with DevnetThread(block_interval_s=None) as devnet:
        async with market_on(devnet.url, tmp_path) as market:
            prefix = "NEUROVOYANCE_MARKET_"
            limits = {f"{prefix}HEADER_TIMEOUT_S": "3", f"{prefix}REQUEST_TIMEOUT_S": "5"}
            async with served(market.home, **limits) as (client, _):
                address = (client.base_url.host, client.base_url.port or 0)
                for text, ends in (
                    (b"GET /v1/jobs HT", b""),
                    (SLOW_BODY, b" 503 "),
                ):
                    with socket.create_connection(address, timeout=90) as rude:
                        rude.sendall(text)
                        answer = await asyncio.to_thread(rude.recv, 65_536)
                        assert ends in answer
                        assert bool(answer) == bool(ends)
                assert (await client.get("/v1/health")).status_code == 200


async def test_fees_of_the_economy_are_those_of_its_router(tmp_path: Path) -> None:
    with DevnetThread(block_interval_s=None) as devnet:
        economy = EconomySettings.local(OWNER.address)
        async with market_on(devnet.url, tmp_path, economy) as market:
            contracts, deployment = market.contracts, market.contracts.deployment
            database = Database(f"sqlite:///{tmp_path / 'index.sqlite'}")
            indexer = Indexer(contracts.client, deployment, IndexStore(database, deployment))
            reading = Reading(database)
            await contracts.token.approve(CLIENT, contracts.stakes.address, nvy("10"))
            await contracts.stakes.delegate(CLIENT, OWNER.address, nvy("10"))
            for is_split in (False, True):
                await market.finish(await market.hire())
                if is_split:
                    await contracts.harvest(OPERATOR, OWNER.address)
                await indexer.to_head()
                assert reading.totals()
                for party in (OWNER.address, CLIENT.address):
                    found = json.loads(reading.one(schema.BALANCE, party))
                    views = await market.views(party)
                    views["fees_wei"] = await contracts.fee_router.unharvested_of_wei(party)
                    del views["earned_wei"]
                    assert {name: int(found[name]) for name in views} == views
                fees_wei = int(json.loads(reading.one(schema.BALANCE, OWNER.address))["fees_wei"])
                assert (fees_wei == 0) is is_split
            [split] = json.loads(reading.page(schema.REWARD, {}, None, 9))["items"]
            held = await contracts.vault.held_of_wei(OWNER.address)
            assert int(split["fees_vested_wei"]) == held
            database.close()


def test_stakes_votes_and_parameters_of_the_economy(tmp_path: Path) -> None:
    with running("devnet", tmp_path) as network:
        asyncio.run(_check_economy(network, tmp_path))


async def _check_economy(network: Network, folder: Path) -> None:
    async with visiting(network, folder / "visit", undo=False) as visit:
        stakes = visit.contracts.stakes
        await stakes.request_unbonding(FRIEND, nvy("7"))
        await visit.pass_it("set burnBps to 4.5 percent because burning keeps the supply falling")
        database = Database(f"sqlite:///{folder / 'index.sqlite'}")
        store = IndexStore(database, visit.contracts.deployment)
        indexer = Indexer(visit.chain, visit.contracts.deployment, store, chunk_blocks=7)
        await indexer.to_head()
        reading = Reading(database)
        for party in (BANK.address, FRIEND.address):
            stake = await stakes.stake_of(party)
            found = json.loads(reading.one(schema.BALANCE, party))
            assert int(found["own_wei"]) == stake.own_wei
            assert int(found["unbonding_wei"]) == stake.unbonding_wei
        assert reading.totals()
        [proposal] = json.loads(reading.page(schema.PROPOSAL, {}, None, 9))["items"]
        assert proposal["ended_in"] == "executed"
        assert int(proposal["for_wei"]) > nvy("9000000")
        [moved] = json.loads(reading.page(schema.PARAMETER, {"name": "burnBps"}, None, 9))["items"]
        assert moved["value"] == "450"
        assert len(json.loads(reading.page(schema.VOTE, {}, None, 9))["items"]) == 2
        database.close()
