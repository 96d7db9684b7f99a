"""What pages say was measured is what the chain's events say: times, deadlines, tokens, money."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp.world import WAIT_S, World

from neurovoyance.chain.devnet_keys import devnet_wallet

Visitor = tuple[BrowserContext, Watch]
CLIENT = devnet_wallet(1)
WINDOW_S = 1_800
DELEGATED = "12.5"
TOOK_S: dict[str, int] = {}
SPAN = r"(more than a year|[0-9]+ (s|min|h|d)( [0-9]+ (s|min|h))?)"


def asked(world: World, path: str, **params: str) -> Any:
    answer = httpx.get(world.url + path, params=params, trust_env=False, timeout=90)
    return answer.raise_for_status().json()


def card(tab: Tab, title: str) -> Locator:
    return tab.locator("section").filter(has=tab.get_by_role("heading", name=title, exact=True))


def fact(shown: Locator, name: str) -> Locator:
    return shown.locator("dt", has_text=name).locator("xpath=following-sibling::dd")


@pytest.fixture(scope="module")
def settled(world: World) -> dict[str, Any]:
    """Return the world's job once its window is over and its provider settled it."""
    for method, params in (("evm_increaseTime", [WINDOW_S]), ("evm_mine", [])):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        httpx.post(world.rpc_url, json=body, trust_env=False).raise_for_status()
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        row: dict[str, Any] = asked(world, f"/v1/jobs/{world.names['job']}")
        if row["state"] == "Settled":
            return row
        time.sleep(0.2)
    raise AssertionError(row)


def seconds(world: World, job_id: str) -> int:
    if job_id not in TOOK_S:  # of a settled job: it does not change any more
        events = asked(world, "/v1/events", subject=job_id, limit="200")["items"]
        times = {event["name"]: event["time_s"] for event in events}
        TOOK_S[job_id] = int(times["JobRevealed"] - times["JobAssigned"])
    return TOOK_S[job_id]


def span(took_s: int) -> str:
    """Write seconds as pages do, below an hour."""
    minutes, rest_s = divmod(took_s, 60)
    words = [f"{minutes} min"] * (minutes > 0) + [f"{rest_s} s"] * (rest_s > 0 or minutes == 0)
    return " ".join(words)


def median(world: World) -> str:
    jobs = asked(world, "/v1/jobs", state="Settled", limit="200")["items"]
    took = sorted(seconds(world, row["job_id"]) for row in jobs)
    return span(took[(len(took) - 1) // 2])


def expect_to_follow(shown: Locator, read: Callable[[], str]) -> None:
    """Wait until a place shows what events say now; other jobs of this network go on meanwhile."""
    end_s = time.monotonic() + WAIT_S
    while (wanted := read()) not in (found := shown.inner_text()):
        assert time.monotonic() < end_s, f"{wanted} not in {found}"
        time.sleep(0.5)


def test_the_time_to_a_result_is_of_blocks(tab: Tab, world: World, settled: dict[str, Any]) -> None:
    tab.goto(f"/models/{world.names['model']}")
    expect_to_follow(card(tab, "How it was used"), lambda: median(world))
    expect(card(tab, "How it was used")).to_contain_text("from assignment to reveal")
    tab.goto("/models")
    row = tab.get_by_role("row").filter(has_text="magika")
    expect_to_follow(row.locator("[data-label='Time to result']"), lambda: median(world))
    tab.goto("/network")
    figure = tab.locator(".card").filter(has_text="Time to a result").last
    expect_to_follow(figure, lambda: median(world))


def deadlines_kept(world: World) -> str:
    provider = asked(world, f"/v1/providers/{world.names['provider']}")
    kept, missed = provider["jobs_settled"], provider["jobs_missed"]
    return f"{kept} of {kept + missed} jobs"


def test_a_node_shows_deadlines_kept_and_claims_no_uptime(
    tab: Tab, world: World, settled: dict[str, Any]
) -> None:
    tab.goto(f"/nodes/{world.names['provider']}")
    shown = card(tab, "Deadlines kept")
    expect_to_follow(shown, lambda: deadlines_kept(world))
    expect(shown).to_contain_text("no uptime is shown")


def test_delegators_are_listed_with_their_tokens(tab: Tab, world: World, tmp_path: Path) -> None:
    command = ["stake", "delegate", world.names["provider"], DELEGATED]
    done = subprocess.run(
        [sys.executable, "-m", "neurovoyance.cli.main", *command, "--yes"],
        env={"NEUROVOYANCE_HOME": str(world.network.home), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=WAIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    tab.goto(f"/nodes/{world.names['provider']}")
    shown = card(tab, "Delegators")
    expect(shown.get_by_role("row").filter(has_text=CLIENT.address[:6])).to_contain_text("12.50")
    with tab.expect_download() as download:
        shown.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "delegators.csv")
    with (tmp_path / "delegators.csv").open(newline="") as file:
        rows = {row["Delegator"]: row for row in csv.DictReader(file)}
    assert rows[CLIENT.address]["Delegated"] == DELEGATED


def test_the_network_tells_what_was_emitted_and_burned(tab: Tab, world: World) -> None:
    weeks = asked(world, "/api/weeks")
    assert weeks["burned_wei"] is not None
    tab.goto("/network")
    settle(tab)
    shown = card(tab, "Emission and burn")
    for label in ("Emission claimed so far", "Burned so far"):
        expect(shown.get_by_text(label)).to_be_visible()
    expect(shown.get_by_text("NVY").first).to_be_visible()


def money_left(world: World) -> str:
    free_wei = int(asked(world, f"/v1/money/{CLIENT.address}")["free_wei"])
    return "At the rate of the last 24 hours" if free_wei else "nothing is free now"


def test_an_owner_sees_when_the_money_runs_out(
    visitor: Visitor, tab: Tab, world: World, settled: dict[str, Any]
) -> None:
    spending = asked(world, f"/api/accounts/{CLIENT.address}/spending")
    assert int(spending["day_wei"]) >= int(settled["paid_wei"]) > 0
    wallet = TestWallet(CLIENT.account, world.rpc_url)
    wallet.announce_in(visitor[0])
    tab.goto("/")
    wallet.connect(tab)
    shown = card(tab, "Burn rate")
    expect(shown).to_contain_text("Spent, last 24 h, rolling")
    expect_to_follow(shown, lambda: money_left(world))
    expect(fact(shown, "Runs out in")).to_have_text(re.compile(f"^(nothing is free now|{SPAN})$"))
    expect(fact(shown, "With the wallet's money")).to_have_text(re.compile(f"^{SPAN}$"))
