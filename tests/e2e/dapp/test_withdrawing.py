"""A listed job that nobody takes is withdrawn on its page, and every wei of it is free again."""

from __future__ import annotations

import time

import httpx
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from tests.e2e.dapp.faults import FaultyWallet
from tests.e2e.dapp.test_faults import chain, owner, wallet
from tests.e2e.dapp.world import World

__all__ = ["chain", "owner", "wallet"]

LONG_MS = 60_000


def books(world: World, account: str) -> tuple[int, int]:
    """Return what is free and in escrow, as the index has it."""
    url = f"{world.url}/v1/money/{account}"
    row = httpx.get(url, trust_env=False, timeout=60).raise_for_status().json()
    return int(row["free_wei"]), int(row["escrow_wei"])


def test_a_withdrawn_listing_frees_its_escrow(tab: Tab, wallet: FaultyWallet, world: World) -> None:
    me = wallet.account.address  # its own: jobs of other accounts go on meanwhile
    assert books(world, me) == (0, 0)
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    wallet.connect(tab)
    tab.get_by_label("Maximum price, NVY").fill("0.000001")  # nobody computes for that
    tab.get_by_text("More terms").click()
    tab.get_by_role("radio", name="List it").check()
    listing = tab.get_by_role("button", name="List for at most")
    expect(listing).to_be_enabled(timeout=LONG_MS)
    listing.click()
    tab.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    withdraw = tab.get_by_role("button", name="Withdraw the job")
    expect(withdraw).to_be_visible(timeout=LONG_MS)
    end_s = time.monotonic() + LONG_MS / 1_000
    while (held_wei := books(world, me)[1]) == 0:  # the page may have asked the chain
        assert time.monotonic() < end_s
        time.sleep(0.2)
    withdraw.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(dialog).to_contain_text("done", timeout=LONG_MS)
    dialog.get_by_role("button", name="Close").last.click()
    expect(tab.get_by_text("Back to the client")).to_be_visible()
    expect(withdraw).to_have_count(0)
    end_s = time.monotonic() + LONG_MS / 1_000
    while books(world, me) != (held_wei, 0):
        assert time.monotonic() < end_s, (books(world, me), held_wei)
        time.sleep(0.2)
