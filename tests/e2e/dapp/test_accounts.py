"""What accounts look up and take with them: history, files, and proof of the pages themselves."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch
from tests.e2e.dapp.conftest import STATIC
from tests.e2e.dapp.test_journeys import LONG_MS, hire, saved
from tests.e2e.dapp.world import RICH, World

from neurovoyance.marketplace.dapp.build import build_of
from neurovoyance.protocol.units import nvy

Visitor = tuple[BrowserContext, Watch]


def said(url: str) -> dict[str, Any]:
    """Return what the service answers."""
    return dict(httpx.get(url, trust_env=False, timeout=60).raise_for_status().json())


def balance_wei(world: World, account: str) -> int:
    """Return the tokens of an account, from the chain."""
    token = said(f"{world.url}/api/config")["contracts"]["token"]
    call = {"to": token, "data": "0x70a08231" + account[2:].lower().rjust(64, "0")}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    answer = httpx.post(world.rpc_url, json=asked, trust_env=False, timeout=60)
    return int(answer.json()["result"], 16)


def sums(path: Path, column: str = "place") -> Counter[str]:
    """Return the sum of the rows of each value of a column, in wei."""
    found: Counter[str] = Counter()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            amount = row["amount_nvy"]
            sign = -1 if amount.startswith("-") else 1
            found[row[column]] += sign * nvy(amount.removeprefix("-"))
            assert row["time_utc"].endswith("Z")
            assert row["transaction"].startswith("0x")
    return found


def statement(tab: Tab, account: str, folder: Path) -> Path:
    tab.goto(f"/account/{account}")
    with tab.expect_download() as made:
        tab.get_by_role("link", name="All as CSV").click()
    return saved(made.value, folder)


def test_the_history_after_a_transfer_and_a_job_sums_up_to_what_the_chain_says(
    visitor: Visitor, world: World, tmp_path: Path
) -> None:
    context, watch = visitor
    tab = context.new_page()
    tab.goto("/")
    tab.get_by_role("button", name="Try it with demo money").click()
    hire(tab)
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    expect(tab.get_by_test_id("answer")).to_contain_text("python", timeout=LONG_MS)
    job = said(f"{world.url}/v1/jobs/{tab.url.rsplit('/', 1)[1]}")
    client = str(job["client"])
    path = statement(tab, client, tmp_path)
    found = sums(path)
    assert found["wallet"] == balance_wei(world, client)
    money = said(f"{world.url}/v1/money/{client}")
    assert (found["free"], found["escrow"]) == (int(money["free_wei"]), int(money["escrow_wei"]))
    # Chance draws some jobs for an audit: their premium is the auditors' from then on.
    premium_wei = -sums(path, "event")["AuditFeesPaid"]
    assert (premium_wei > 0) == job["is_audited"]
    assert found["wallet"] + found["free"] + found["escrow"] == nvy("1000") - premium_wei
    history = tab.get_by_role("region", name="History")
    received = history.get_by_role("row").filter(has_text="Received")
    expect(received).to_contain_text("1,000")
    expect(history.get_by_text("A provider took the job")).to_be_visible()
    # Paying in is one row, not a transfer beside it.
    expect(history.get_by_role("row").filter(has_text="Sent")).to_have_count(0)
    tab.goto(f"/account/{RICH.address}")
    expect(history.get_by_role("row").filter(has_text="Received").last).to_contain_text("50")
    assert watch.taken() == []


def test_files_for_grafana_are_valid_and_the_pages_prove_what_they_are(
    visitor: Visitor, tmp_path: Path
) -> None:
    context, watch = visitor
    tab = context.new_page()
    tab.goto("/provider/setup")
    with tab.expect_download() as made:
        tab.get_by_role("link", name="Grafana's dashboard").click()
    assert made.value.suggested_filename == "neurovoyance-node.json"
    assert json.loads(saved(made.value, tmp_path).read_text())["panels"]
    tab.goto("/status")
    expect(tab.get_by_role("link", name="alert rules")).to_be_visible()
    tab.get_by_role("button", name="Hash the files").click()
    expect(tab.get_by_text("each as listed")).to_be_visible()
    built = build_of(STATIC)
    assert built is not None
    expect(tab.get_by_test_id("build")).to_have_text(built.digest)
    assert watch.taken() == []
