"""Parts of the pages that no journey passes: settings, search, a late index, receipts, the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Route, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.test_faults import (
    FUNDS_WEI,
    LONG_MS,
    chain,
    fill,
    is_listed,
    owner,
    sign,
    to_the_form,
    wallet,
)
from tests.e2e.dapp.wallets import TestWallet, connect_demo
from tests.e2e.dapp.world import BANK, World
from tests.e2e.dapp_days.days import Days, new_wallet

from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy

__all__ = ["chain", "owner", "wallet"]
Visitor = tuple[BrowserContext, Watch]
SCRIPT = "<script>window.broken=1</script>"
BEHIND = 40


def test_the_demo_wallets_key_is_shown_and_forgotten(tab: Tab) -> None:
    connect_demo(tab)
    account = tab.get_by_role("button", name="Account 0x").get_attribute("title")
    tab.goto("/settings")
    tab.get_by_role("button", name="Show the key").click()
    shown = tab.get_by_role("dialog")
    expect(shown.locator("code")).to_have_text(re.compile("^0x[0-9a-f]{64}$"))
    key = shown.locator("code").inner_text()
    assert key != account
    tab.keyboard.press("Escape")
    tab.get_by_label("Dark", exact=True).check()
    tab.get_by_role("button", name="Reset").click()
    tab.get_by_role("button", name="Forget the key").click()
    expect(tab.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    expect(tab.get_by_label("Dark", exact=True)).to_be_checked()
    assert tab.evaluate("() => Object.values(localStorage).join()").find(key) == -1
    connect_demo(tab)
    assert tab.get_by_role("button", name="Account 0x").get_attribute("title") != account


def test_whatever_is_pasted_leads_to_its_page(tab: Tab, world: World) -> None:
    tab.goto("/no/such/page")
    field = tab.get_by_label("Search")
    for text in ("nonsense", "-1", SCRIPT, "0x12", "9" * 200):
        field.fill(text)
        field.press("Enter")
        expect(tab.get_by_role("alert")).to_contain_text("neither an address nor a 32-byte id")
    for name, path in (("job", "/jobs/"), ("provider", "/account/"), ("proposal", "/gov/")):
        tab.goto("/no/such/page")
        field.fill(world.names[name])
        field.press("Enter")
        tab.wait_for_url(f"**{path}{world.names[name]}")
        settle(tab)


def test_an_index_that_is_late_says_by_how_much(visitor: Visitor) -> None:
    context, watch = visitor

    def late(route: Route) -> None:
        response = route.fetch(max_retries=2)
        said = response.json()
        route.fulfill(response=response, json=said | {"block": max(0, said["block"] - BEHIND)})

    context.route("**/v1/health", late)
    tab = context.new_page()
    tab.goto("/jobs")
    chip = tab.get_by_role("link", name=re.compile(r"index \d+ blocks behind"))
    expect(chip).to_be_visible()
    context.unroute("**/v1/health")
    tab.reload()
    settle(tab)
    expect(chip).to_have_count(0)
    assert watch.taken() == []


def test_form_and_json_go_together_and_nonsense_is_refused(tab: Tab, world: World) -> None:
    to_the_form(tab, world)
    expect(tab.get_by_text("uploaded", exact=True)).to_be_visible(timeout=LONG_MS)
    area = tab.get_by_label("Job spec")
    runtime = tab.get_by_label("Longest runtime, seconds")
    runtime.fill("77")
    expect(area).to_have_value(re.compile('"max_runtime_s": 77'))
    spec: dict[str, Any] = json.loads(area.input_value())
    area.fill(json.dumps(spec | {"max_runtime_s": 88}))
    expect(runtime).to_have_value("88")
    for text in ("", "{", "[]", SCRIPT, json.dumps(spec | {"max_runtime_s": -1}), "9" * 10_000):
        area.fill(text)
        expect(area).to_have_attribute("aria-invalid", "true")
    expect(runtime).to_have_value("88")
    assert tab.evaluate("() => window.broken") is None


def test_who_uploads_is_told_who_sees_it(tab: Tab, world: World) -> None:
    tab.goto(f"/jobs/new?model={world.names['model']}")
    card = tab.locator("section").filter(has=tab.get_by_label("Any file"))
    expect(card).to_contain_text("The provider that computes sees this input")
    expect(card).to_contain_text("auditors and referees")


def test_a_listing_is_withdrawn_and_all_of_it_comes_back(
    tab: Tab, wallet: TestWallet, world: World, chain: Days
) -> None:
    to_the_form(tab, world)
    fill(tab)
    wallet.connect(tab)
    sign(tab)
    job_id = is_listed(tab, chain, wallet.account.address)
    tab.get_by_role("button", name="Withdraw the job").click(timeout=LONG_MS)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(dialog).to_contain_text("On chain, and counted.", timeout=LONG_MS)
    market, token = chain.contracts.market, chain.contracts.token
    assert chain.do(market.job(job_id)).state is JobState.CANCELLED
    me = wallet.account.address
    assert chain.do(market.free_of_wei(me)) + chain.do(token.balance_of_wei(me)) == FUNDS_WEI


def test_a_wallet_without_a_fee_is_told_so_and_nothing_is_sent(
    visitor: Visitor, tab: Tab, world: World, chain: Days
) -> None:
    poor = new_wallet()
    chain.do(chain.contracts.token.transfer(BANK, poor.address, nvy("3")))
    made = TestWallet(poor.account, world.rpc_url)
    made.announce_in(visitor[0])
    visitor[1].expected.append("/api/rpc")
    to_the_form(tab, world)
    fill(tab)
    made.connect(tab)
    refused = sign(tab).get_by_role("alert")
    expect(refused).to_contain_text("too little ETH", timeout=LONG_MS)
    assert chain.do(chain.contracts.token.balance_of_wei(poor.address)) == nvy("3")


def test_what_is_no_receipt_is_refused(tab: Tab, world: World, tmp_path: Path) -> None:
    tab.goto(f"/jobs/{world.names['job']}")
    settle(tab)
    field = tab.get_by_label("Check a receipt")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(5 << 30)
    texts = {"empty": "", "script": SCRIPT, "list": "[]", "text": "receipt", "deep": "[" * 50_000}
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
    for path in (large, *(tmp_path / f"{name}.json" for name in texts)):
        field.set_input_files(path)
        said = tab.get_by_role("alert").filter(has_text="eceipt")
        expect(said.or_(tab.get_by_text("It did not work")).first).to_be_visible()
        expect(tab.get_by_text("The receipt holds")).to_have_count(0)
        tab.reload()
        settle(tab)
    assert tab.evaluate("() => window.broken") is None


def test_demo_money_exists_on_no_other_chain(visitor: Visitor) -> None:
    context, watch = visitor

    def elsewhere(route: Route) -> None:
        response = route.fetch(max_retries=2)
        route.fulfill(response=response, json=response.json() | {"chain_id": 1})

    context.route("**/api/config", elsewhere)
    tab = context.new_page()
    tab.goto("/")
    expect(tab.get_by_role("link", name="Post a job")).to_be_visible()
    expect(tab.get_by_role("button", name="Try it with demo money")).to_have_count(0)
    tab.get_by_role("button", name="Connect", exact=True).click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    expect(tab.get_by_role("button", name="Use a demo wallet")).to_have_count(0)
    assert watch.taken() == []
