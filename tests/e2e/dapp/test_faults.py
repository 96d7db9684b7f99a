"""What goes wrong on the way of a transaction or a job: told plainly, nothing lost, nothing twice.

Every test has an account of its own, and compares the chain with what the page said afterwards.
Jobs are listed for less than any node asks unless they are to be computed.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.faults import FaultyWallet, Line
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import BANK, World
from tests.e2e.dapp_days.days import Days, new_wallet

from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy

Visitor = tuple[BrowserContext, Watch]
LONG_MS = 60_000
FUNDS_WEI = nvy("3")
PRICE = "0.0001"
STEPS = 1
"""Transactions of a listing, the deposit for it included."""


@pytest.fixture(scope="module")
def chain(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    made = Days(world, tmp_path_factory.mktemp("chain"))
    yield made
    made.close()


@pytest.fixture
def owner() -> Wallet:
    return new_wallet()


@pytest.fixture
def wallet(visitor: Visitor, world: World, chain: Days, owner: Wallet) -> FaultyWallet:
    made = FaultyWallet(owner.account, world.rpc_url)
    chain.fund(owner.address, FUNDS_WEI)
    made.announce_in(visitor[0])
    return made


def to_the_form(tab: Tab, world: World) -> None:
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")


def fill(tab: Tab) -> None:
    expect(tab.get_by_text("uploaded", exact=True)).to_be_visible(timeout=LONG_MS)
    tab.get_by_label("Maximum price, NVY").fill(PRICE)
    tab.get_by_text("More terms").click()
    tab.get_by_role("radio", name="List it").check()


def sign(tab: Tab) -> Locator:
    """Click what comes before the wallet, and return the dialog."""
    button = tab.get_by_role("button", name="List for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    return dialog


def on_its_way(tab: Tab, wallet: FaultyWallet, world: World) -> Locator:
    """Sign a listing and its deposit, which then wait to be mined; return the dialog."""
    to_the_form(tab, world)
    fill(tab)
    wallet.connect(tab)
    wallet.is_slow = True
    dialog = sign(tab)
    expect(dialog).to_contain_text("Waiting for the chain", timeout=LONG_MS)
    return dialog


def is_listed(tab: Tab, chain: Days, owner: str) -> JobId:
    """Wait for the job's page; page, chain and books agree, and nothing was paid twice."""
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    job_id = JobId(bytes.fromhex(tab.url.rsplit("/", 1)[1][2:]))
    expect(tab.get_by_text("The job waits for a provider.")).to_be_visible(timeout=LONG_MS)
    market, token = chain.contracts.market, chain.contracts.token
    record = chain.do(market.job(job_id))
    assert record.state is JobState.OPEN
    held_wei = record.price_wei + record.held_wei
    assert chain.do(market.free_of_wei(owner)) == 0, "one deposit, all of it in this job"
    assert FUNDS_WEI - chain.do(token.balance_of_wei(owner)) == held_wei
    return job_id


def entries(tab: Tab) -> Locator:
    """Open the tray, and return what it lists."""
    tab.get_by_role("button", name="Transactions").first.click()
    return tab.get_by_role("menu").get_by_role("listitem")


def test_a_repriced_transaction_goes_on_under_its_new_hash(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    on_its_way(tab, wallet, world)
    new_hash = wallet.replace()
    is_listed(tab, chain, wallet.account.address)
    assert wallet.nonce == STEPS
    listed = entries(tab)
    expect(listed).to_have_count(STEPS)
    deposit = listed.filter(has_text="Deposit")
    expect(deposit).to_contain_text("on chain and indexed", timeout=LONG_MS)
    expect(deposit.get_by_role("link")).to_have_attribute("href", f"/tx/{new_hash}")


def test_a_cancelled_transaction_ends_as_cancelled_and_can_be_done_again(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    dialog = on_its_way(tab, wallet, world)
    me = wallet.account.address
    wallet.replace(to=me, data="0x", value=0)
    expect(dialog.get_by_text("Replaced in your wallet")).to_be_visible(timeout=LONG_MS)
    assert chain.do(chain.contracts.token.balance_of_wei(me)) == FUNDS_WEI
    dialog.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    is_listed(tab, chain, me)
    assert wallet.nonce == 1 + STEPS
    expect(entries(tab).filter(has_text="cancelled in the wallet")).to_have_count(1)


def test_what_was_replaced_while_the_page_was_closed_is_found(
    visitor: Visitor, tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    on_its_way(tab, wallet, world)
    tab.close()
    new_hash = wallet.replace()
    tab = visitor[0].new_page()
    tab.goto("/status")
    deposit = entries(tab)
    expect(deposit).to_contain_text("on chain and indexed", timeout=LONG_MS)
    expect(deposit.get_by_role("link")).to_have_attribute("href", f"/tx/{new_hash}")
    # It was the same job: the form finds it on chain, and signs nothing.
    tab.goto("/jobs/new")
    button = tab.get_by_role("button", name="List for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()
    is_listed(tab, chain, wallet.account.address)
    assert wallet.nonce == STEPS


def test_a_revert_after_sending_tells_its_reason_and_nothing_is_lost(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days, owner: Wallet
) -> None:
    to_the_form(tab, world)
    fill(tab)
    wallet.connect(tab)
    me, token = owner.address, chain.contracts.token
    wallet.meanwhile = lambda: chain.do(token.transfer(owner, BANK.address, FUNDS_WEI))
    dialog = sign(tab)
    refused = dialog.get_by_role("alert")
    expect(refused).to_contain_text("Something changed after it was sent", timeout=LONG_MS)
    refused.get_by_text("Details").click()
    expect(refused).to_contain_text(f"ERC20InsufficientBalance({me}, 0, ")
    chain.do(token.transfer(BANK, me, FUNDS_WEI))
    dialog.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    is_listed(tab, chain, me)
    assert wallet.nonce == 2 + STEPS
    expect(entries(tab).filter(has_text="reverted")).to_have_count(1)


def test_a_chain_that_goes_away_in_the_middle_has_nothing_signed_twice(
    visitor: Visitor, tab: Tab, world: World, chain: Days
) -> None:
    context, watch = visitor
    watch.expected.append("/api/rpc")
    line = Line()
    line.put_into(context)
    to_the_form(tab, world)
    fill(tab)
    connect_demo(tab)
    tab.goto("/jobs/new")
    button = tab.get_by_role("button", name="List for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    line.is_cut = True
    button.click()
    dialog = tab.get_by_role("dialog")
    away = dialog.get_by_role("alert")
    expect(away).to_contain_text("The chain does not answer now.", timeout=LONG_MS)
    expect(away).to_contain_text("What you typed is kept.")
    assert line.sent == []
    line.is_cut = False
    dialog.get_by_role("button", name="Try again").click()
    line.is_cut_after_send = True
    dialog.get_by_role("button", name="Sign", exact=True).click()
    while line.refused < 1:
        tab.wait_for_timeout(100)  # the wallet's next try comes here, and is refused
    line.is_cut = line.is_cut_after_send = False
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    expect(tab.get_by_text("The job waits for a provider.")).to_be_visible(timeout=LONG_MS)
    assert len(set(line.sent)) == STEPS
    url = f"{world.url}/v1/jobs/{tab.url.rsplit('/', 1)[1]}"
    owner = str(httpx.get(url, trust_env=False, timeout=60).json()["client"])
    assert chain.do(chain.contracts.market.free_of_wei(owner)) == 0


def test_reloads_while_the_wallet_asks_lose_and_repeat_nothing(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    to_the_form(tab, world)
    fill(tab)
    wallet.connect(tab)
    wallet.keeps_open = True
    for _ in range(STEPS):
        dialog = sign(tab)
        expect(dialog).to_contain_text("Confirm in your wallet.")
        while not wallet.asked_for:
            tab.evaluate("0")  # lets the wallet hear what it is asked
        tab.reload()
        expect(tab.get_by_label("Maximum price, NVY")).to_have_value(PRICE)
        wallet.confirm_late()
        settle(tab)
    wallet.keeps_open = False
    # The job is there: asked for again, it is only shown.
    tab.get_by_role("button", name="List for at most").click()
    is_listed(tab, chain, wallet.account.address)
    assert wallet.nonce == STEPS
    assert wallet.asked.count("eth_sendTransaction") == STEPS


def test_the_market_starts_again_while_a_job_is_computed(
    visitor: Visitor, tab: Tab, world: World, chain: Days
) -> None:
    visitor[1].expected += ["/v1/", "/api/", "/ipfs/", "/assets/"]
    connect_demo(tab)
    to_the_form(tab, world)
    hire = tab.get_by_role("button", name="Hire for at most")
    expect(hire).to_be_enabled(timeout=LONG_MS)
    hire.click()
    tab.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    tab.reload()
    expect(tab.get_by_role("heading", name="State")).to_be_visible()
    assert world.network.market is not None
    market = world.network.market.child
    market.kill()
    expect(tab.get_by_role("link", name="service away")).to_be_visible(timeout=LONG_MS)
    market.start()
    expect(tab.get_by_test_id("answer")).to_contain_text("python", timeout=2 * LONG_MS)
    expect(tab.get_by_role("link", name="service away")).to_have_count(0, timeout=LONG_MS)
    job_id = JobId(bytes.fromhex(tab.url.rsplit("/", 1)[1][2:]))
    assert chain.do(chain.contracts.market.job(job_id)).state is JobState.REVEALED
