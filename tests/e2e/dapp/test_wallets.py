"""A wallet that says no, sits on another chain, or holds too little: told plainly, nothing lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp.world import POOR, RICH, World

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID

Visitor = tuple[BrowserContext, Watch]
LONG_MS = 60_000
SIGNING = {"eth_sendTransaction", "eth_signTypedData_v4"}


@pytest.fixture
def wallet(visitor: Visitor, world: World) -> TestWallet:
    made = TestWallet(RICH.account, world.rpc_url)
    made.announce_in(visitor[0])
    return made


def to_the_signature(tab: Tab, wallet: TestWallet, world: World) -> None:
    """Fill a listing of one NVY, and click what comes before the wallet."""
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    wallet.connect(tab)
    tab.get_by_text("More terms").click()
    tab.get_by_role("radio", name="List it").check()
    button = tab.get_by_role("button", name="List for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()


def test_declining_is_quiet_and_loses_nothing(tab: Tab, wallet: TestWallet, world: World) -> None:
    wallet.refused = SIGNING
    to_the_signature(tab, wallet, world)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(dialog.get_by_text("You declined in the wallet.")).to_be_visible(timeout=LONG_MS)
    expect(dialog.get_by_role("alert")).to_have_count(0)
    assert "eth_sendTransaction" not in wallet.asked or "eth_signTypedData_v4" in wallet.asked
    wallet.refused = set()
    dialog.get_by_role("button", name="Sign after all").click()
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)


def test_a_wallet_that_signs_no_permit_approves_instead(
    tab: Tab, wallet: TestWallet, world: World
) -> None:
    wallet.answers_typed_data = False
    to_the_signature(tab, wallet, world)
    tab.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    assert wallet.asked.count("eth_sendTransaction") == 2, "approve, then deposit and list"


def test_another_chain_reads_and_signs_nothing(tab: Tab, wallet: TestWallet, world: World) -> None:
    wallet.chain_id = 1
    tab.goto("/jobs")
    wallet.connect(tab)
    expect(tab.get_by_text("Your wallet is on chain 1")).to_be_visible()
    expect(tab.get_by_role("heading", name="Jobs")).to_be_visible()
    wallet.refused = {"wallet_switchEthereumChain"}
    tab.get_by_role("button", name="Switch the wallet").click()
    expect(tab.get_by_text("The wallet did not switch")).to_be_visible()
    wallet.refused = set()
    tab.get_by_role("button", name="Switch the wallet").click()
    expect(tab.get_by_text("Your wallet is on chain 1")).to_have_count(0)
    assert wallet.chain_id == DEVNET_CHAIN_ID
    assert not SIGNING & set(wallet.asked)


def test_a_revert_is_told_by_its_reason_and_never_sent(
    visitor: Visitor, tab: Tab, world: World
) -> None:
    wallet = TestWallet(POOR.account, world.rpc_url)
    wallet.announce_in(visitor[0])
    visitor[1].expected.append("/api/rpc")
    to_the_signature(tab, wallet, world)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    refused = dialog.get_by_role("alert")
    expect(refused).to_contain_text("The contract refuses this", timeout=LONG_MS)
    refused.get_by_text("Details").click()
    expect(refused).to_contain_text(f"ERC20InsufficientBalance({POOR.address}, 0, ")
    assert "eth_sendTransaction" not in wallet.asked
    expect(dialog.get_by_role("button", name="Try again")).to_be_visible()


def test_another_account_sees_nothing_of_the_first(
    tab: Tab, wallet: TestWallet, world: World
) -> None:
    tab.goto("/")
    wallet.connect(tab)
    expect(tab.get_by_text("Available")).to_be_visible()
    wallet.account = POOR.account
    tab.get_by_role("button", name="Account 0x").click()
    tab.get_by_role("menuitem", name="Disconnect").click()
    wallet.connect(tab)
    short = f"{POOR.address[:6]}…{POOR.address[-4:]}"
    expect(tab.get_by_role("button", name=f"Account {short}")).to_be_visible()
    available = tab.get_by_label("Money").locator("div").filter(has_text="Available").first
    expect(available).to_contain_text("0.00")
