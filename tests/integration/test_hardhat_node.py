"""The client needs no special case for Hardhat's node: deploy, pay, be refused, read the events."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.chains import ROOT

from neurovoyance.chain import ChainClient, Contracts, EventCursor, deploy, devnet_wallet
from neurovoyance.chain.events import Deposited
from neurovoyance.chain.reverts import JobMarketInsufficientFree
from neurovoyance.protocol.units import nvy

HARDHAT = ROOT / "node_modules/hardhat/dist/src/cli.js"
NODE = Path(sys.executable).with_name("node")
LISTENING = re.compile(rb"http://127\.0\.0\.1:(\d+)")
START_S = 60.0


@pytest.fixture
async def hardhat_url() -> AsyncIterator[str]:
    if not HARDHAT.exists() or not NODE.exists():
        pytest.skip("Hardhat is not installed (npm ci); its node cannot be tested.")
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(HARDHAT),
        "node",
        "--hostname",
        "127.0.0.1",
        "--port",
        "0",
        cwd=ROOT,
        env={**os.environ, "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            said = b""
            while not (found := LISTENING.search(said)):
                line = await process.stdout.readline()
                assert line, f"Hardhat ended: {said.decode()}"
                said += line
        drain = asyncio.create_task(process.stdout.read())
        yield f"http://127.0.0.1:{found.group(1).decode()}"
        drain.cancel()
    finally:
        # The wheel's node is a launcher: end its whole process group.
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def test_the_same_client_works_on_hardhat_node(hardhat_url: str, tmp_path: Path) -> None:
    bank, client = devnet_wallet(0), devnet_wallet(1)
    async with await ChainClient.connect([hardhat_url], state_dir=tmp_path) as chain:
        contracts = Contracts(chain, await deploy(chain, bank))
        await contracts.token.transfer(bank, client.address, nvy("5"))
        await contracts.token.approve(client, contracts.deployment.market, nvy("5"))
        receipt = await contracts.market.deposit(client, nvy("3"))
        with pytest.raises(JobMarketInsufficientFree) as refused:
            await contracts.market.withdraw(client, nvy("4"))
        assert (refused.value.free, refused.value.needed) == (nvy("3"), nvy("4"))
        cursor = EventCursor(
            chain,
            contracts.deployment.contract_addresses(),
            "test",
            state_path=tmp_path / "events.sqlite",
            start_block=contracts.deployment.deploy_block,
        )
        deposits = [item for item in (await cursor.read()).items if isinstance(item, Deposited)]
        cursor.close()
    assert [(item.client, item.amount_wei) for item in deposits] == [(client.address, nvy("3"))]
    assert deposits[0].meta.tx_hash == receipt.tx_hash
