"""``node status`` shows a running node and says plainly when one is away."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from neurovoyance.cli import node_status, output
from neurovoyance.cli.status_facts import Facts
from neurovoyance.protocol.errors import Unreachable

from .conftest import Invoke
from .looks import answer, execution, facts


def test_a_running_node_shows_stake_and_jobs(
    invoke: Invoke, network: dict[str, Any], settled_job: dict[str, Any]
) -> None:
    url = network["nodes"][0]["url"]
    shown = invoke("node", "status", "--url", url)
    assert shown["provider"] == network["nodes"][0]["provider"]
    assert settled_job["job_id"] in {item["job_id"] for item in shown["executions"]}
    assert "5000 NVY" in invoke("node", "status", "--url", url, text=True)


def test_a_node_with_seats_shows_them_and_its_duties(
    invoke: Invoke, network: dict[str, Any], audited_network: dict[str, Any]
) -> None:
    url = audited_network["nodes"][1]["url"]
    shown = invoke("node", "status", "--url", url)
    assert shown["stake"]["seats"] == 4
    assert set(shown["duties"]["live"]) >= {"audits", "disputes"}
    words = invoke("node", "status", "--url", url, text=True)
    assert "4, each may be drawn to audit" in words
    assert "disputes" in words
    plain = invoke("node", "status", "--url", network["nodes"][0]["url"], text=True)
    assert "seats" not in plain
    assert "disputes" not in plain


def test_a_node_that_is_away_is_unreachable(invoke: Invoke) -> None:
    error = invoke("node", "status", "--url", "http://127.0.0.1:9", code=1)["error"]
    assert error["code"] == "network.unreachable"


def test_without_settings_it_says_how_to_get_them(invoke: Invoke) -> None:
    assert "node init" in invoke("node", "status", code=2)["error"]["hint"]


def test_the_owner_of_a_node_sees_its_reason_and_money(
    invoke: Invoke, network: dict[str, Any], settled_job: dict[str, Any]
) -> None:
    config = f"{network['home']}/local/node-1/node.toml"
    shown = invoke("node", "status", "--config", config)
    assert shown["state"]["word"] in ("idle", "running") and shown["state"]["why"]
    assert int(shown["money"]["income_wei"]["job"]) > 0
    assert shown["owner"]["mode"] == "always"
    [job] = [one for one in shown["executions"] if one["job_id"] == settled_job["job_id"]]
    assert job["step"] == job["steps"] and job["earned"].endswith("for the job")
    text = invoke("node", "status", "--once", "--config", config, text=True)
    assert "\x1b" not in text, "no escape code in a pipe"
    assert "state" in text and "income" in text and "last jobs" in text


class Story:
    """A node that works, goes away, comes back; then somebody presses Ctrl-C."""

    def __init__(self) -> None:
        busy = facts(answer(executions=[execution("running")]))
        away = Unreachable("The node does not answer.", hint="Start it.")
        self.steps: list[Facts | Exception | type[asyncio.CancelledError]] = [busy, away, facts()]

    async def look(self) -> Facts:
        if not self.steps:
            raise asyncio.CancelledError
        step = self.steps.pop(0)
        if isinstance(step, Facts):
            return step
        raise step


async def test_the_screen_follows_the_node_and_survives_its_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    made = Console(file=out, width=100, height=40, force_terminal=True, color_system=None)
    monkeypatch.setattr(output, "console", lambda: made)
    monkeypatch.setattr(node_status, "REFRESH_S", 0.0)
    with pytest.raises(asyncio.CancelledError):
        await node_status._follow(Story(), facts())  # type: ignore[arg-type]
    shown = out.getvalue()
    for words in ("Nobody listed a job", "It works on a job", "The node does not answer"):
        assert words in shown
    assert shown.endswith("\x1b[?25h") or "\x1b[?1049l" in shown, "the terminal is as it was"
