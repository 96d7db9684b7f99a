"""A chain as a process that keeps its state in a file: it can be killed and comes back older."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from tests.chains import ANVIL
from tests.worlds import WAIT_S, free_port

from neurovoyance.chain import Wallet, devnet_wallet


@dataclass
class AnvilProcess:
    """An Anvil that writes its state every second, on a port that stays when it restarts."""

    folder: Path
    port: int
    began_s: int
    process: subprocess.Popen[bytes] | None = None
    _kept: bytes = b""

    @classmethod
    def made(cls, folder: Path) -> AnvilProcess:
        if not ANVIL.exists():
            pytest.skip("Anvil is not installed (npm ci); tests against it are skipped.")
        return cls(folder, free_port(), int(time.time()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state_path(self) -> Path:
        return self.folder / "anvil.json"

    @staticmethod
    def wallet(index: int) -> Wallet:
        return devnet_wallet(index)

    async def start(self) -> None:
        command = [str(ANVIL), "--port", str(self.port), "--chain-id", "31337"]
        command += ["--hardfork", "cancun", "--block-time", "1", "--mixed-mining", "--silent"]
        # Each start makes a first block beside the kept one; with one time they are the same.
        command += ["--timestamp", str(self.began_s)]
        command += ["--state", str(self.state_path), "--state-interval", "1"]
        self.process = await asyncio.to_thread(subprocess.Popen, command)
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as http:
            body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
            while True:
                try:
                    async with http.post(self.url, json=body):
                        return
                except aiohttp.ClientError:
                    assert self.process.poll() is None, "Anvil ended"
                    await asyncio.sleep(0.02)

    async def keep(self) -> None:
        """Keep the state as it is now: what the chain comes back with when it is killed."""
        async with asyncio.timeout(WAIT_S):
            for _ in range(2):  # what is written first may have been gathered before this moment
                self._kept = await self._next_state()

    async def _next_state(self) -> bytes:
        before = self._written()
        while True:
            await asyncio.sleep(0.05)
            if self._written() == before:
                continue
            state = self.state_path.read_bytes()
            with suppress(ValueError):  # it is being written just now
                json.loads(state)
                return state

    def _written(self) -> int:
        return self.state_path.stat().st_mtime_ns if self.state_path.exists() else 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            # Killed while it writes, Anvil leaves half a file and would begin another chain.
            self.state_path.write_bytes(self._kept)
