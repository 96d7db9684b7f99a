"""Real chains for tests: an Anvil process or the py-evm devnet, each on a free loopback port.

Import the fixtures into a ``conftest.py``. ``chain`` runs a test on both; a test that needs one of
them uses ``devnet_chain`` or ``anvil_chain``. Both fund the same ten accounts.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from neurovoyance.chain import (
    ChainClient,
    ChainControl,
    Contracts,
    Devnet,
    FeePolicy,
    Wallet,
    deploy,
    devnet_wallet,
)

ROOT = Path(__file__).resolve().parents[1]
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_START_S = 90.0


@dataclass(frozen=True, slots=True)
class RunningChain:
    """A chain under test."""

    kind: str
    url: str

    @staticmethod
    def wallet(index: int) -> Wallet:
        return devnet_wallet(index)


@contextmanager
def anvil(*arguments: str) -> Iterator[RunningChain]:
    """Run Anvil as a process of its own; skips the test when the binary is not installed."""
    if not ANVIL.exists():
        pytest.skip("Anvil is not installed (npm ci); integration tests against it are skipped.")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "anvil.log"
        with log.open("wb") as output:
            command = [str(ANVIL), "--port", "0", "--chain-id", "31337", "--hardfork", "cancun"]
            process = subprocess.Popen(
                [*command, *arguments], stdout=output, stderr=subprocess.STDOUT, cwd=folder
            )
            try:
                yield RunningChain("anvil", f"http://127.0.0.1:{_port(process, log)}")
            finally:
                process.terminate()
                process.wait(90)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        found = _LISTENING.search(log.read_text(errors="replace"))
        if found:
            return int(found.group(1))
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"Anvil did not start: {log.read_text(errors='replace')[-2000:]}")


@asynccontextmanager
async def devnet(block_interval_s: float | None = None) -> AsyncIterator[RunningChain]:
    """Run the py-evm devnet inside the test; by default without blocks of its own accord."""
    async with Devnet(block_interval_s=block_interval_s) as running:
        yield RunningChain("devnet", running.url)


@pytest_asyncio.fixture(params=["devnet", pytest.param("anvil", marks=pytest.mark.anvil)])
async def chain(request: pytest.FixtureRequest) -> AsyncIterator[RunningChain]:
    """Each kind of chain in turn."""
    if request.param == "anvil":
        with anvil() as running:
            yield running
    else:
        async with devnet() as running:
            yield running


@pytest_asyncio.fixture
async def devnet_chain() -> AsyncIterator[RunningChain]:
    """The devnet alone, where a behaviour does not depend on the kind of chain."""
    async with devnet() as running:
        yield running


@pytest.fixture
def anvil_chain() -> Iterator[RunningChain]:
    """Anvil alone; mark the test with ``anvil``."""
    with anvil() as running:
        yield running


async def connect(
    chain: RunningChain | str,
    state_dir: Path,
    *,
    fees: FeePolicy | None = None,
    confirmations: int = 1,
    receipt_timeout_s: float = 90.0,
    rpc_timeout_s: float = 30.0,
) -> ChainClient:
    """Open a client that looks for receipts often."""
    url = chain if isinstance(chain, str) else chain.url
    return await ChainClient.connect(
        [url],
        state_dir=state_dir,
        expected_chain_id=31337,
        fees=fees,
        confirmations=confirmations,
        receipt_timeout_s=receipt_timeout_s,
        poll_s=0.02,
        rpc_timeout_s=rpc_timeout_s,
    )


@pytest_asyncio.fixture
async def client(chain: RunningChain, tmp_path: Path) -> AsyncIterator[ChainClient]:
    """A client of ``chain`` with an empty journal."""
    async with await connect(chain, tmp_path / "state") as opened:
        yield opened


@pytest_asyncio.fixture
async def contracts(client: ChainClient) -> Contracts:
    """The four contracts, deployed by account 0, which holds the whole supply."""
    return Contracts(client, await deploy(client, devnet_wallet(0)))


@pytest.fixture
def control(client: ChainClient) -> ChainControl:
    """The clock of ``chain``."""
    return ChainControl(client.rpc)
