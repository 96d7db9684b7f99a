"""The chain of a local network: a devnet in a process of its own, or a development chain that runs.

Place: under :mod:`.local_network`. A chain that somebody else started, such as Anvil or Hardhat's
node, is used only if it says that it is the development chain: the keys are publicly known ones.
Many of them mine when a transaction comes and sleep otherwise; deadlines and draws need blocks, so
one is mined for every second in which none came. Never: a chain with another id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path

from pydantic import HttpUrl, TypeAdapter, ValidationError

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.cli.local_ports import POLL_S, START_S, free_port, is_listening, not_started
from neurovoyance.cli.processes import Child
from neurovoyance.protocol.errors import ConfigError, NeurovoyanceError

BLOCK_S = 1.0
_URL = TypeAdapter(HttpUrl)
_log = logging.getLogger(__name__)


def start_devnet(port: int, logs: Path) -> tuple[str, Child]:
    """Start a devnet; return its URL and its process.

    Args:
        port: where it answers; 0 picks a free one.
        logs: folder for its log.

    Raises:
        ConfigError: the port is in use.
    """
    port = port or free_port()
    if is_listening(port):
        raise ConfigError(
            f"Port {port}, where the private chain would answer, is in use already.",
            hint="Choose another with `neurovoyance up --port N`, or end what uses it; a "
            "development chain that runs there is used with --rpc.",
            faults=["port: in use"],
        )
    child = Child(
        "the chain",
        ["neurovoyance.cli.devnet_process", "--port", str(port)],
        logs / "chain.log",
    )
    child.start()
    return f"http://127.0.0.1:{port}", child


async def wait_for_devnet(child: Child, url: str) -> None:
    """Wait until a devnet that was started listens.

    Raises:
        ConfigError: it ended, or does not listen in time.
    """
    deadline, port = time.monotonic() + START_S, int(url.rsplit(":", 1)[1])
    while not is_listening(port):
        if not child.is_running or time.monotonic() > deadline:
            raise not_started(child, " Is the port in use?")
        await asyncio.sleep(POLL_S)


async def connect(url: str, state_dir: Path) -> ChainClient:
    """Connect to a development chain.

    Raises:
        ConfigError: the URL is malformed, or the chain is another than the development chain.
        RpcError: nothing answers there.
    """
    try:
        _URL.validate_python(url)
    except ValidationError as error:
        raise ConfigError(
            "rpc: the endpoint of the development chain has to be an http:// or https:// URL.",
            faults=["rpc: malformed"],
        ) from error
    chain = await ChainClient.connect([url], state_dir=state_dir, poll_s=0.05)
    if chain.chain_id == DEVNET_CHAIN_ID:
        return chain
    await chain.close()
    raise ConfigError(
        f"The chain at {url} has the id {chain.chain_id}; a private network takes only the "
        f"development chain, {DEVNET_CHAIN_ID}.",
        hint="Its keys are public: whatever they hold on another chain would be taken. Start one "
        "with `anvil` or `npx hardhat node`, or leave --rpc out.",
        faults=["rpc: another chain"],
    )


async def keep_time(url: str, state_dir: Path) -> None:
    """Mine a block for every second in which none came, until cancelled.

    A chain that mines by itself is left alone; one that is away for a while is asked again.
    """
    async with await connect(url, state_dir) as chain:
        control, seen = ChainControl(chain.rpc), -1
        while True:
            with contextlib.suppress(NeurovoyanceError):
                head = await chain.block_number()
                if head == seen:
                    await control.mine_block()
                seen = max(head, await chain.block_number())
            await asyncio.sleep(BLOCK_S)
