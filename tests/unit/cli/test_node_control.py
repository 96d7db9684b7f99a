"""``node pause``, ``snooze``, ``resume`` and ``lend`` speak to the running node of the settings."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.unit.node.conftest import CLIENT, OWNER

from neurovoyance.cli.main import run
from neurovoyance.cli.node_control import control_rows, seconds_of
from neurovoyance.protocol.errors import SpecError

STATE: dict[str, Any] = {
    "mode": "idle",
    "presence": "The last input was 3 s ago (key).",
    "hold": {"is_held": False, "until_s": None},
    "devices": [
        {"device": "cpu", "may_run": False, "until_s": 1_800_000_000,
         "reasons": [{"cause": "in use", "message": "Somebody was here 3 s ago (key)."}]},
        {"device": "gpu0", "may_run": True, "until_s": None, "reasons": []},
    ],
    "pauses": [],
    "lend": "volunteer",
    "public_clients": [CLIENT.address],
    "credit": {"jobs": 2, "allowed_s": 120, "job_ids": []},
}  # fmt: skip


def test_why_it_rests_and_until_when_is_told_in_words() -> None:
    rows = dict(control_rows(STATE))
    assert rows["cpu"].startswith("rests. Somebody was here 3 s ago (key). Until ")
    assert rows["gpu0"] == "may compute"
    assert rows["lends"] == "as a volunteer; 2 jobs given"
    assert "key" in rows["owner"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1_800), ("1h", 3_600), ("2d", 172_800)]
)
def test_a_time_is_a_number_and_a_letter(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "1.5h", "1 h", "1w"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="30m, 1h or 2d"):
        seconds_of(text)


def config(folder: Path, port: int) -> Path:
    values = {
        "rpc_urls": ["http://127.0.0.1:1"], "deployment_path": "d", "data_dir": str(folder),
        "owner": OWNER.address, "operator_keystore": "k", "listen_port": port,
    }  # fmt: skip
    path = folder / "node.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return path


class Node:
    """Stands for a running node: notes what it is asked, and with which token."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[tuple[str, Any, str]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.config = config(folder, self._socket.getsockname()[1])
        (folder / "control.token").write_text("secret")

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.method == "POST" else None
        self.asked.append((request.method, body, request.headers["Authorization"]))
        return web.json_response(STATE)

    async def __aenter__(self) -> Node:
        app = web.Application()
        app.router.add_route("*", "/v1/control", self.answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def test_each_command_is_one_request_of_the_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[tuple[list[str], Any]] = [
        (["pause"], {"rest": True}),
        (["snooze", "2h"], {"rest": True, "rest_s": 7_200}),
        (["resume"], {"rest": False}),
        (["lend", "volunteer"], {"lend": "volunteer"}),
        (["lend"], None),
    ]
    async with Node(tmp_path) as node:
        for words, wish in said:
            command = ["node", *words, "--config", str(node.config)]
            assert await asyncio.to_thread(run, command) == 0
            method = "GET" if wish is None else "POST"
            assert node.asked[-1] == (method, wish, "Bearer secret")
    assert CLIENT.address in capsys.readouterr().out


def test_no_running_node_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(tmp_path, 9)
    assert run(["node", "pause", "--config", str(path), "--json"]) == 1
    shown = capsys.readouterr()
    assert "network.unreachable" in shown.out + shown.err


def test_another_way_to_lend_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["node", "lend", "free", "--config", str(config(tmp_path, 9)), "--json"]) == 2
    shown = capsys.readouterr()
    assert "paid or volunteer" in shown.out + shown.err
