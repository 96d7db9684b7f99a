"""What providers and holders do over weeks, on phones: set up, stake, vest, delegate, leave.

Each step goes through the pages with a wallet, and is then compared with the contracts' books.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from playwright.sync_api import Locator, Route, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp.world import World
from tests.e2e.dapp_days.days import Days, new_wallet
from tests.e2e.dapp_days.visits import LONG_MS, Visit, click, exact, wei_in

from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.units import nvy

Phone = Callable[[Wallet], Visit]
REWARD_BITS = 64
"""Binary places with which the contract counts what a share earned; it rounds down."""
NOTICE_S = 86_400
UNBONDING_S = 21 * NOTICE_S


@pytest.fixture
def phone(new_context: NewContext, world: World, days: Days) -> Iterator[Phone]:
    """Makes phones with a wallet each; nothing may go wrong on any of them."""
    made = []

    def make(owner: Wallet) -> Visit:
        context, watch = new_context(narrow=True)
        made.append((context, watch))
        tab, wallet = context.new_page(), TestWallet(owner.account, world.rpc_url)
        wallet.announce_in(context)
        return Visit(tab, wallet, days)

    yield make
    for context, watch in made:
        assert watch.taken() == []
        context.close()


@pytest.fixture
def visit(phone: Phone) -> Visit:
    return phone(new_wallet())


def test_from_nothing_to_a_provider_and_out_again(visit: Visit, days: Days) -> None:
    owner, operator = visit.owner, new_wallet()
    tab, stakes = visit.tab, days.contracts.stakes
    days.fund(owner.address, nvy("3000"))
    days.fund(operator.address, 0)
    visit.open("/provider/setup")
    visit.wallet.connect(tab)
    visit.shows_books()
    visit.open("/provider/setup")
    register(visit, operator.address)
    assert days.do(stakes.operator_of(owner.address)) == operator.address
    assert days.books(owner.address) == {
        "Wallet": nvy("1750"),
        "Stake, free to back jobs": nvy("1250"),
    }
    expect(tab.get_by_text("This account is a provider already")).to_be_visible()

    visit.open("/provider")
    expect(tab.get_by_role("heading", name="Your node")).to_be_visible()
    for check in ("Registered on chain", "Address announced", "Stake", "Network fees"):
        expect(line(tab, check)).to_contain_text("well", timeout=LONG_MS)
    expect(line(tab, "Price list")).to_contain_text("look")

    visit.open("/stake")
    visit.ask("Stake more", "750.5")
    visit.go_on()
    visit.sign()
    visit.ask("Unbond", "1500")
    expect(visit.dialog).to_contain_text("500.50 NVY would be left, under the 1,000.00 NVY")
    visit.go_on()
    expect(visit.dialog).to_contain_text("still slashable until withdrawn")
    visit.sign()
    withdraw = tab.get_by_role("button", name="Withdraw", exact=True)
    expect(withdraw).to_be_disabled()
    assert days.books(owner.address) == {
        "Wallet": nvy("999.5"),
        "Stake, free to back jobs": nvy("500.5"),
        "Stake on its way out": nvy("1500"),
    }
    visit.shows_books()
    visit.open("/stake")
    days.pass_s(UNBONDING_S)
    click(withdraw)
    visit.sign()
    expect(withdraw).to_have_count(0)
    assert days.books(owner.address)["Wallet"] == nvy("2499.5")
    visit.shows_books()


def line(tab: Tab, check: str) -> Locator:
    return tab.get_by_role("listitem").filter(has=tab.get_by_text(check, exact=True))


def register(visit: Visit, operator: str) -> None:
    """Fill the form, wrongly first; each fault stands beside its field."""
    tab, owner = visit.tab, visit.owner.address
    tab.get_by_role("button", name="Register from a wallet").click()
    form = tab.locator("form").filter(has=tab.get_by_text("Where the node answers"))
    go = form.get_by_role("button", name="Register and stake")
    for field, wrong, says, right in (
        ("Operator", owner, "another one than the owner's", operator),
        ("Where the node answers", "http://h:1/?q=1", "a host and a port alone", "http://h:8420"),
        ("Stake, NVY", "3000.1", "more than your wallet holds", "1250"),
    ):
        form.get_by_label(field, exact=True).fill(wrong)
        expect(form.get_by_role("alert").filter(has_text=says)).to_be_visible()
        expect(go).to_be_disabled()
        form.get_by_label(field, exact=True).fill(right)
    click(go)
    visit.sign()


def test_fees_vest_are_released_and_left_early(visit: Visit, days: Days) -> None:
    tab, owner = visit.tab, visit.owner.address
    vault = days.contracts.vault
    days.enrol(visit.owner, nvy("6000"))
    days.earn(visit.owner, nvy("1000"))
    visit.open("/provider")
    visit.wallet.connect(tab)
    visit.shows_books()
    before = days.books(owner)

    visit.open("/provider")
    click(tab.get_by_role("button", name="Harvest"))
    visit.sign()
    after = days.books(owner)
    vesting_wei = in_vault(after)
    assert before["Fees, before their split"] == nvy("1000") > vesting_wei > 0
    assert "Fees, before their split" not in after
    paid_wei = after["Wallet"] - before.get("Wallet", 0)
    assert 0 < paid_wei < nvy("1000") - vesting_wei, "the rest is burned, and others'"
    visit.shows_books()
    dust_wei = after.get("Vested rewards", 0)
    assert dust_wei < nvy("0.000001"), "what a deposit's division leaves"
    visit.open("/vesting")
    expect(tab.get_by_role("button", name="Release", exact=True)).to_be_disabled()
    why = "comes with the next part" if dust_wei else "Nothing can be released yet."
    expect(tab.get_by_text(why)).to_be_visible(timeout=LONG_MS)

    days.to_epoch(days.epoch() + 2)
    visit.open("/vesting")
    releasable_wei = days.books(owner)["Vested rewards"]
    vests_as_the_file_says(tab, releasable_wei, vesting_wei)
    assert 0 < releasable_wei < vesting_wei
    expect(amount(tab, "Releasable now", releasable_wei)).to_be_visible(timeout=LONG_MS)
    click(tab.get_by_role("button", name="Release", exact=True))
    visit.sign()
    assert days.books(owner)["Wallet"] == after["Wallet"] + releasable_wei
    expect(amount(tab, "Released so far", releasable_wei)).to_be_visible()
    left_wei = days.books(owner)["Rewards that vest week by week"]
    expect(amount(tab, "Still vesting", left_wei)).to_be_visible()

    leave_early(visit, days, exact(left_wei // 2).removesuffix(" NVY").replace(",", ""))
    assert days.do(vault.exit_of(owner)).amount_wei == 0
    visit.shows_books()


def test_a_delegation_earns_and_comes_back(
    phone: Phone, visit: Visit, days: Days, world: World
) -> None:
    tab, holder, stakes = visit.tab, visit.owner.address, days.contracts.stakes
    canary = days.draw_canary()
    assert canary.faults == []
    epoch, provider = days.epoch(), canary.provider
    days.fund(holder, nvy("2000"))
    visit.open(f"/stake?provider={provider}")
    visit.wallet.connect(tab)
    visit.ask("Delegate", "1000")
    expect(visit.dialog).to_contain_text("One verdict takes at most 100.00 NVY")
    visit.go_on()
    visit.sign()
    visit.behind = [provider]
    assert days.books(holder, visit.behind) == {
        "Wallet": nvy("1000"),
        "Delegated to providers": nvy("1000"),
    }
    visit.shows_books()

    days.register(provider, epoch)
    days.to_epoch(epoch + 2)
    theirs_wei = days.do(days.contracts.emission.reward_of(provider, epoch)).delegated_wei
    shares = days.do(stakes.delegation_of(provider, holder)).shares
    part_wei = theirs_wei * shares // days.do(stakes.pool_stake_of(provider)).shares
    assert part_wei > 0
    visit.open("/stake")
    row = tab.get_by_role("region", name="Your delegations").get_by_role("row").last
    expect(row).to_contain_text("and a part of a week", timeout=LONG_MS)
    click(row.get_by_role("button", name="Take reward"))
    expect(visit.dialog).to_contain_text(f"Share out week {epoch} among delegators")
    visit.sign()
    after = days.books(holder, visit.behind)
    paid_wei, vesting_wei = after["Wallet"] - nvy("1000"), in_vault(after)
    assert 0 < paid_wei < vesting_wei
    assert 0 <= part_wei - paid_wei - vesting_wei <= 1 + (shares >> REWARD_BITS)
    expect(row.get_by_role("button", name="Take reward")).to_have_count(0)
    visit.shows_books()
    node = world.network.node_of(provider)
    assert node is not None
    claim(phone(node.owner), days, epoch)

    visit.open("/stake")
    click(row.get_by_role("button", name="Undelegate"))
    click(visit.dialog.get_by_role("button", name="All"))
    visit.go_on()
    visit.sign()
    found = days.do(stakes.delegation_of(provider, holder))
    assert (found.shares, found.unbonding_wei) == (0, nvy("1000"))
    withdraw = row.get_by_role("button", name="Withdraw")
    expect(withdraw).to_be_disabled()
    visit.shows_books()
    visit.open("/stake")
    days.pass_s(UNBONDING_S)
    click(withdraw)
    visit.sign()
    expect(tab.get_by_text("You stand behind nobody.")).to_be_visible()
    assert days.books(holder)["Wallet"] == after["Wallet"] + nvy("1000")


@pytest.mark.parametrize("path", ["/stake", "/provider/setup"])
def test_what_is_being_read_is_not_missing(new_context: NewContext, path: str) -> None:
    context, watch = new_context(narrow=True)
    held: list[Route] = []
    is_held = True

    def hold(route: Route) -> None:
        if is_held:
            held.append(route)
        else:
            route.continue_()

    context.route("**/api/rpc", hold)
    tab = context.new_page()
    tab.goto(path)
    main = tab.get_by_role("main")
    expect(main.get_by_text("being read").first).to_be_visible()
    expect(main.get_by_text("—", exact=True)).to_have_count(0)
    is_held = False
    for route in held:
        route.continue_()
    settle(tab)
    expect(main.get_by_text("21 d").first).to_be_visible()
    assert watch.taken() == []
    context.unroute_all(behavior="wait")
    context.close()


def claim(visit: Visit, days: Days, epoch: int) -> None:
    """The provider claims a week, less what its delegators shared out already."""
    tab, owner = visit.tab, visit.owner.address
    before = days.books(owner)
    visit.open("/provider")
    visit.wallet.connect(tab)
    claimed = tab.get_by_role("listitem").filter(has=tab.get_by_text("Emission", exact=True))
    expect(claimed).to_contain_text(str(epoch), timeout=LONG_MS)
    assert wei_in(claimed) == before["Emission to claim"]
    click(claimed.get_by_role("button", name="Claim"))
    expect(visit.dialog).to_contain_text("For availability")
    visit.sign()
    expect(claimed).to_contain_text("Nothing to claim.")
    after = days.books(owner)
    paid_wei = after["Wallet"] - before.get("Wallet", 0)
    vesting_wei = in_vault(after) - in_vault(before)
    assert 0 < paid_wei < vesting_wei
    assert paid_wei + vesting_wei == before["Emission to claim"]


def vests_as_the_file_says(tab: Tab, releasable_wei: int, whole_wei: int) -> None:
    """The curve's file begins with what has vested and ends with all of it, exact to the wei."""
    with tab.expect_download() as made:
        tab.locator("figure").get_by_role("button", name="CSV").click()
    rows = [*csv.DictReader(io.StringIO(made.value.path().read_text("utf-8")))]
    vested = [nvy(row["Vested in all"]) for row in rows]
    assert (vested[0], vested[-1]) == (releasable_wei, whole_wei)
    steps = [nvy(row["Becomes releasable"]) for row in rows[1:]]
    assert vested[0] + sum(steps) == whole_wei
    assert all(row["From"].endswith("Z") for row in rows)


def in_vault(books: Mapping[str, int]) -> int:
    """What the vault keeps; the dust of a deposit has vested at once."""
    return books.get("Vested rewards", 0) + books.get("Rewards that vest week by week", 0)


def leave_early(visit: Visit, days: Days, text: str) -> None:
    """Announce an exit, wait a day, leave: what is shown before signing is what the chain takes."""
    tab, owner, vault = visit.tab, visit.wallet.account.address, days.contracts.vault
    visit.ask("Announce an early exit", text)
    penalty_wei = days.do(vault.penalty_of_wei(owner, nvy(text)))
    expect(amount(visit.dialog, "leaving with it would cost", penalty_wei)).to_be_visible()
    visit.go_on()
    visit.sign()
    assert days.do(vault.exit_of(owner)).amount_wei == nvy(text)
    days.pass_s(NOTICE_S + 60)
    before = days.books(owner)
    click(tab.get_by_role("button", name="Leave early"))
    shown = {name: wei_in(fact(visit.dialog, name)) for name in ("Leaves", "Penalty", "You get")}
    expect(visit.dialog).to_contain_text("You give up")
    visit.sign()
    left = days.exit_of(owner)
    assert shown == {
        "Leaves": left.amount_wei,
        "Penalty": left.penalty_wei,
        "You get": left.amount_wei - left.penalty_wei,
    }
    assert left.amount_wei == nvy(text)
    after = days.books(owner)
    assert after["Wallet"] == before["Wallet"] + shown["You get"]
    # Who hears that it is done sees what is left, without waiting.
    rest_wei = after["Rewards that vest week by week"]
    assert rest_wei < before["Rewards that vest week by week"]
    assert wei_in(stat(tab, "Still vesting")) == rest_wei


def stat(tab: Tab, label: str) -> Locator:
    return tab.get_by_role("region", name="What vests").locator(".card").filter(has_text=label)


def fact(where: Locator, name: str) -> Locator:
    """The value beside a name in a list of facts."""
    return where.locator("dt", has_text=re.compile(f"^{name}$")).locator("+ dd")


def amount(where: Tab | Locator, label: str, wei: int) -> Locator:
    """An exact amount in the smallest part of the page that has a label."""
    page = where.page if isinstance(where, Locator) else where
    part = where.locator("div, p").filter(has_text=label)
    return part.filter(has=page.locator(f"[title='{exact(wei)}']")).last
