"""What people do here, from the first click to the money, on a real network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Download, Route, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import World

Visitor = tuple[BrowserContext, Watch]
LONG_MS = 90_000
"""A node computes, commits and reveals meanwhile."""


def hire(tab: Tab) -> None:
    """The second and the third click."""
    button = tab.get_by_role("button", name="Hire for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()
    sign(tab)


def sign(tab: Tab) -> None:
    tab.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()


def test_a_newcomer_gets_a_paid_result_in_three_clicks_and_checks_it(
    tab: Tab, world: World, tmp_path: Path
) -> None:
    tab.goto("/")
    tab.get_by_role("button", name="Try it with demo money").click()
    hire(tab)
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    answer = tab.get_by_test_id("answer")
    expect(answer).to_contain_text("python", timeout=LONG_MS)
    expect(tab.get_by_text("equals what was committed to")).to_be_visible()
    checks = tab.locator("section").filter(has=tab.get_by_role("heading", name="Verification"))
    expect(checks.locator("header")).to_contain_text("hold")
    expect(checks.get_by_text("does not hold")).to_have_count(0)
    if tab.get_by_text("yes, chance drew it").is_visible():
        # One of fifty: then it is the auditors' turn, and there is nothing to confirm.
        expect(tab.get_by_text("Nothing has to be done for it.")).to_be_visible()
    else:
        confirm(tab)
    with tab.expect_download() as result:
        tab.get_by_role("button", name="Download (.safetensors)").click()
    assert saved(result.value, tmp_path).stat().st_size > 500
    with tab.expect_download() as receipt:
        tab.get_by_role("button", name="Download", exact=True).click()
    path = saved(receipt.value, tmp_path)
    job_id = tab.url.rsplit("/", 1)[1]
    assert json.loads(path.read_text())["job_id"] == job_id
    tab.get_by_label("Check a receipt").set_input_files(path)
    expect(tab.get_by_text("The receipt holds")).to_be_visible()
    forged = tmp_path / "forged.json"
    forged.write_text(path.read_text().replace(job_id, "0x" + "ab" * 32))
    tab.get_by_label("Check a receipt").set_input_files(forged)
    expect(tab.get_by_text("The receipt holds")).to_have_count(0)


def confirm(tab: Tab) -> None:
    tab.get_by_role("button", name="Confirm and pay").click()
    sign(tab)
    expect(tab.get_by_role("dialog")).to_contain_text("done", timeout=LONG_MS)
    tab.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(tab.get_by_text("Paid to the provider")).to_be_visible()


def saved(download: Download, folder: Path) -> Path:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


@dataclass
class Receipts:
    """Lets nobody hear that a transaction was mined, until told."""

    withheld: bool = True

    def put_into(self, context: BrowserContext) -> None:
        context.route("**/api/rpc", self._answer)

    def _answer(self, route: Route) -> None:
        asked = json.loads(route.request.post_data or "null")
        calls = asked if isinstance(asked, list) else [asked]
        hidden = (
            {call["id"] for call in calls if call["method"] == "eth_getTransactionReceipt"}
            if self.withheld
            else set()
        )
        if not hidden:
            route.continue_()
            return
        response = route.fetch(max_retries=2)
        said = response.json()
        for item in said if isinstance(said, list) else [said]:
            if item["id"] in hidden:
                item["result"] = None
        route.fulfill(response=response, json=said)


def test_a_reload_goes_on_with_what_is_on_its_way(visitor: Visitor, tab: Tab, world: World) -> None:
    receipts = Receipts()
    receipts.put_into(visitor[0])
    connect_demo(tab)
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    hire(tab)
    pending = tab.get_by_role("button", name="1 on the way")
    expect(tab.get_by_text("stays in the tray")).to_be_visible(timeout=LONG_MS)
    tab.reload()
    settle(tab)
    expect(pending).to_be_visible()
    tab.reload()
    expect(pending).to_be_visible()
    receipts.withheld = False
    tab.get_by_role("button", name="Transactions", exact=True).click(timeout=LONG_MS)
    entry = tab.get_by_role("menu")
    expect(entry).to_contain_text("Deposit")
    expect(entry).to_contain_text("on chain and indexed", timeout=LONG_MS)


def test_what_was_typed_survives_a_reload(tab: Tab, world: World) -> None:
    tab.goto(f"/jobs/new?model={world.names['model']}")
    tab.get_by_label("Maximum price, NVY").fill("0.125")
    tab.get_by_role("radio", name="Fastest").check()
    tab.goto("/jobs")
    tab.goto("/jobs/new")
    expect(tab.get_by_label("Maximum price, NVY")).to_have_value("0.125")
    expect(tab.get_by_role("radio", name="Fastest")).to_be_checked()
    expect(tab.get_by_role("textbox", name="Model id")).to_have_value(world.names["model"])


def test_the_keyboard_reaches_the_first_job(new_context: NewContext) -> None:
    context, watch = new_context(dark=True)
    tab = context.new_page()
    tab.goto("/")
    expect(tab.get_by_role("button", name="Try it with demo money")).to_be_visible()
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the page")).to_be_focused()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Try it with demo money")).to_be_focused()
    tab.keyboard.press("Control+k")
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.keyboard.type("status")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/status")
    assert watch.taken() == []
    context.close()


def test_without_the_index_pages_say_so_and_come_back(visitor: Visitor, world: World) -> None:
    context, watch = visitor
    watch.expected += ["/v1/", "/api/overview"]
    tab = context.new_page()
    tab.goto("/jobs")
    settle(tab)
    context.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    expect(tab.get_by_role("link", name="index away")).to_be_visible(timeout=LONG_MS)
    expect(tab.get_by_text("The last answer is shown").first).to_be_visible(timeout=LONG_MS)
    context.unroute("**/v1/**")
    expect(tab.get_by_role("link", name="index away")).to_have_count(0, timeout=LONG_MS)
    expect(tab.get_by_text("The last answer is shown")).to_have_count(0, timeout=LONG_MS)
    assert watch.taken() == []


def test_without_the_chain_pages_say_so_and_come_back(visitor: Visitor, world: World) -> None:
    context, watch = visitor
    watch.expected.append("/api/rpc")
    tab = context.new_page()
    tab.goto("/jobs")
    settle(tab)
    context.route("**/api/rpc", lambda route: route.fulfill(status=502, json={"detail": "away"}))
    expect(tab.get_by_role("link", name="chain away")).to_be_visible(timeout=LONG_MS)
    context.unroute("**/api/rpc")
    expect(tab.get_by_role("link", name="chain away")).to_have_count(0, timeout=LONG_MS)
    assert watch.taken() == []
