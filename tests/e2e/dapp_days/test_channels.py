"""What chats reserve is on their client's page, however old, and nobody searches logs for it."""

from __future__ import annotations

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from tests.e2e.dapp.browser import settle
from tests.e2e.dapp.world import BANK
from tests.e2e.dapp_days.days import Days, new_wallet
from tests.e2e.dapp_days.visits import LONG_MS, exact

from neurovoyance.protocol.units import nvy


def test_deposits_of_chats_are_reserved_until_they_end(tab: Tab, days: Days) -> None:
    payer, asked = new_wallet(), list[str]()
    days.fund(payer.address, nvy("9"))
    first = days.reserve(payer, BANK.address, nvy("2.5"))
    days.reserve(payer, new_wallet().address, nvy("4"))
    tab.on("request", lambda request: asked.append(request.post_data or ""))
    tab.goto(f"/account/{payer.address}")
    settle(tab)
    row = tab.get_by_role("row").filter(has_text="Chats: unspent in 2 channels")
    expect(row.get_by_title(exact(nvy("6.5")))).to_be_visible(timeout=LONG_MS)
    expect(row).to_contain_text("close the chat to get the rest back")
    days.end(payer, first)
    expect(row).to_contain_text("less what was signed", timeout=LONG_MS)
    assert not any("eth_getLogs" in text for text in asked)
