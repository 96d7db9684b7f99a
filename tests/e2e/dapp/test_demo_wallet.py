"""The demo wallet is its owner's to take along or to forget, and signs for its devnet alone."""

from __future__ import annotations

import json

import pytest
from eth_account import Account
from playwright.sync_api import BrowserContext, Route, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import World

Visitor = tuple[BrowserContext, Watch]
LONG_MS = 60_000
KEPT = "() => JSON.stringify(localStorage).includes('demo-wallet')"
SWITCH = """(chainId) => new Promise((done) => {
  window.addEventListener('eip6963:announceProvider', ({ detail }) => {
    if (detail.info.name !== 'Demo wallet') return;
    detail.provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] })
      .then(() => done(0), (error) => done(error.code));
  });
  window.dispatchEvent(new Event('eip6963:requestProvider'));
})"""


@pytest.fixture
def demo(tab: Tab) -> Tab:
    connect_demo(tab)
    return tab


def shown_key(tab: Tab) -> str:
    tab.goto("/settings")
    tab.get_by_role("button", name="Show the key").click()
    dialog = tab.get_by_role("dialog")
    key = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Close").last.click()
    return key


def account_of(tab: Tab, key: str) -> None:
    """Check that a key is of the account that is connected."""
    address = Account.from_key(key).address
    name = f"Account {address[:6]}…{address[-4:]}"
    expect(tab.get_by_role("button", name=name)).to_be_visible()


def test_the_key_can_be_taken_along_and_forgotten(demo: Tab) -> None:
    first = shown_key(demo)
    account_of(demo, first)
    demo.get_by_role("button", name="Reset", exact=True).click()
    demo.get_by_role("button", name="Keep it").click()
    account_of(demo, first)
    demo.get_by_role("button", name="Reset", exact=True).click()
    demo.get_by_role("button", name="Forget the key").click()
    expect(demo.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    assert not demo.evaluate(KEPT)
    connect_demo(demo)
    second = shown_key(demo)
    account_of(demo, second)
    assert second != first


@pytest.mark.parametrize("chain_id", ["0x1", "0x7a68"])
def test_it_switches_to_no_other_chain(demo: Tab, chain_id: str) -> None:
    assert demo.evaluate(SWITCH, "0x7a69") == 0
    assert demo.evaluate(SWITCH, chain_id) == 4902


def test_it_signs_nothing_when_another_chain_is_behind_the_page(
    demo: Tab, visitor: Visitor, world: World
) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        asked = json.loads(route.request.post_data or "null")
        calls = asked if isinstance(asked, list) else [asked]
        sent.extend(call["method"] for call in calls)
        response = route.fetch(max_retries=2)
        said = response.json()
        others = {call["id"] for call in calls if call["method"] == "eth_chainId"}
        for item in said if isinstance(said, list) else [said]:
            if item["id"] in others:
                item["result"] = "0x1"
        route.fulfill(response=response, json=said)

    demo.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    demo.get_by_text("More terms").click()
    demo.get_by_role("radio", name="List it").check()
    button = demo.get_by_role("button", name="List for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    visitor[0].route("**/api/rpc", answer)
    button.click()
    dialog = demo.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    refused = dialog.get_by_role("alert")
    expect(refused).to_be_visible(timeout=LONG_MS)
    expect(refused).to_contain_text("The chain behind this page is 1 now")
    assert "eth_chainId" in sent
    assert "eth_sendRawTransaction" not in sent
