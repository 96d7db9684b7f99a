"""The chain as a process answers, mines, and ends on a signal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from neurovoyance.chain.client import ChainClient
from neurovoyance.cli.local_ports import free_port, is_listening
from neurovoyance.cli.processes import Child


async def test_it_serves_a_chain_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    arguments = ["neurovoyance.cli.devnet_process", "--port", str(port)]
    child = Child("chain", [*arguments, "--block-interval-s", "0.1"], tmp_path / "chain.log")
    child.start()
    try:
        while not is_listening(port):
            assert child.is_running, child.tail()
            await asyncio.sleep(0.05)
        async with await ChainClient.connect(
            [f"http://127.0.0.1:{port}"], state_dir=tmp_path, expected_chain_id=31337
        ) as chain:
            await chain.wait_for_block(2, timeout_s=30)
        child.ask_to_stop()
        child.wait()
        assert child.process is not None
        assert child.process.returncode == 0
    finally:
        child.kill()
