"""One node as a process: faults are said before anything is promised, and it ends in order."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest
from tests.unit.node.conftest import OPERATOR, OTHER, OWNER

from neurovoyance.chain.deployment import Deployment, save_deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.wallet import Wallet
from neurovoyance.node.process import open_operator
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.errors import AccessDenied, ConfigError

WAIT_S = 60.0
Market = tuple[DevnetThread, Deployment]


def values(market: Market, tmp_path: Path, **changes: object) -> dict[str, object]:
    devnet, deployment = market
    save_deployment(deployment, tmp_path / "deployment.json")
    return {
        "rpc_urls": [devnet.url],
        "deployment_path": str(tmp_path / "deployment.json"),
        "data_dir": str(tmp_path / "node"),
        "owner": OWNER.address,
        "operator_raw_key": "0x" + bytes(OPERATOR.account.key).hex(),
        "listen_port": 0,
        "poll_interval_s": 0.1,
        **changes,
    }


async def start(tmp_path: Path, settings: dict[str, object]) -> asyncio.subprocess.Process:
    path = tmp_path / "node.toml"
    path.write_text("".join(f"{key} = {json.dumps(item)}\n" for key, item in settings.items()))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "neurovoyance.node",
        "--config",
        str(path),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(tmp_path: Path, settings: dict[str, object]) -> tuple[int, dict[str, object]]:
    """Run a node that cannot start; return its exit code and the last line of its log."""
    process = await start(tmp_path, settings)
    _, log = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode is not None
    return process.returncode, json.loads(log.splitlines()[-1])


async def event(process: asyncio.subprocess.Process, name: str) -> dict[str, object]:
    """Return the first line of the log with this event."""
    assert process.stderr is not None
    async with asyncio.timeout(WAIT_S):
        async for raw in process.stderr:
            line = json.loads(raw)
            if line["event"] == name:
                return dict(line)
    raise AssertionError(f"the node ended without {name}")


async def test_a_node_answers_refuses_a_second_one_and_ends_on_sigterm(
    market: Market, tmp_path: Path
) -> None:
    settings = values(market, tmp_path)
    process = await start(tmp_path, settings)
    try:
        endpoint = str((await event(process, "listening"))["endpoint"])
        async with aiohttp.ClientSession() as http, http.get(f"{endpoint}/v1/status") as response:
            assert response.status == 200
        code, line = await ended(tmp_path, settings)
        assert code == 2
        assert "Another node" in str(line["error"])
        process.send_signal(signal.SIGTERM)
        await event(process, "stopped")
        assert await asyncio.wait_for(process.wait(), WAIT_S) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_jobs": 0, "colour": "red"}, "2 fault(s)"),
        ({"owner": OTHER.address}, "as the operator of"),
        ({"deployment_path": "/nowhere/deployment.json"}, "deployment file"),
        ({"chain_id": 5, "operator_raw_key": None}, "operator_keystore"),
        ({"crash_at": "during:lunch"}, "no crash point"),
    ],
)
async def test_a_node_that_cannot_work_says_why_and_ends(
    market: Market, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    settings = {k: v for k, v in values(market, tmp_path, **changes).items() if v is not None}
    code, line = await ended(tmp_path, settings)
    assert code == 2
    assert words in json.dumps(line)
    assert bytes(OPERATOR.account.key).hex() not in json.dumps(line)


async def test_a_port_in_use_is_named(market: Market, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = await ended(tmp_path, values(market, tmp_path, listen_port=port))
    assert code == 2
    assert str(port) in json.dumps(line)


def keystore(tmp_path: Path, password: str, mode: int = 0o600) -> dict[str, object]:
    path = tmp_path / "keys" / "operator.json"
    if not path.exists():
        Wallet.create(path, "a long password", scrypt_n=2)
    password_path = tmp_path / "password"
    password_path.write_text(password + "\n")
    password_path.chmod(mode)
    return {
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment_path": "d",
        "data_dir": str(tmp_path),
        "owner": OWNER.address,
        "chain_id": 5,
        "operator_keystore": str(path),
        "operator_password_file": str(password_path),
    }


def test_the_password_comes_from_a_private_file(tmp_path: Path) -> None:
    settings = load_settings(environ={}, arguments=keystore(tmp_path, "a long password"))
    assert open_operator(settings).path == settings.operator_keystore
    settings = load_settings(environ={}, arguments=keystore(tmp_path, "wrong password"))
    with pytest.raises(AccessDenied):
        open_operator(settings)
    shared = keystore(tmp_path, "a long password", mode=0o644)
    with pytest.raises(ConfigError, match="read by others"):
        open_operator(load_settings(environ={}, arguments=shared))


def test_without_a_terminal_or_a_file_there_is_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    arguments = keystore(tmp_path, "a long password")
    del arguments["operator_password_file"]
    with pytest.raises(ConfigError, match="nobody can be asked"):
        open_operator(load_settings(environ={}, arguments=arguments))
