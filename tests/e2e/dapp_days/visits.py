"""A phone with a wallet: what its owner does in pages and dialogs, and what may not be seen there.

Place: beside the tests of this folder; nothing here knows a journey.
"""

from __future__ import annotations

from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab
from playwright.sync_api import TimeoutError as NotInTime
from tests.e2e.dapp.browser import OVERFLOW, settle
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp_days.days import Days

from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.units import WEI_PER_NVY, nvy

LONG_MS = 60_000
FITS = """() => {
  const dialog = document.querySelector('[role=dialog]');
  if (!dialog) return ['no dialog'];
  const box = dialog.getBoundingClientRect();
  const wide = [dialog, ...dialog.querySelectorAll('*')].filter(
    (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'
      && one.clientWidth > 1);
  const out = box.left < 0 || box.right > innerWidth ? [`dialog ${box.left} to ${box.right}`] : [];
  return [...out, ...wide.map((one) => `${one.tagName} .${one.className}`)];
}"""
MONEY = """(wanted) => {
  const found = {};
  for (const row of document.querySelectorAll('[aria-label="Where every coin is"] tbody tr')) {
    const what = row.querySelector('[data-label=What]')?.textContent;
    const amount = row.querySelector('[data-label=Amount] [title]')?.getAttribute('title');
    if (what && amount && amount !== '0 NVY') found[what] = amount;
  }
  window.foundMoney = found;
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names].every((name) => found[name] === wanted[name]);
}"""


def exact(wei: int) -> str:
    """Every digit, as titles of amounts have it."""
    whole, rest = divmod(wei, WEI_PER_NVY)
    digits = f"{rest:018d}".rstrip("0")
    return f"{whole:,}" + (f".{digits}" if digits else "") + " NVY"


def wei_in(where: Locator) -> int:
    """The amount that is shown there, by its title."""
    title = where.locator("[title$=' NVY']").first.get_attribute("title")
    assert title is not None
    return nvy(title.removesuffix(" NVY").replace(",", ""))


class Visit:
    """A phone with a wallet, whose owner goes through pages and dialogs.

    Attributes:
        behind: providers that the owner delegated to.
    """

    def __init__(self, tab: Tab, wallet: TestWallet, days: Days) -> None:
        self.tab, self.wallet, self.days = tab, wallet, days
        self.behind: list[str] = []
        self.owner = Wallet.from_raw_key(wallet.account.key.hex(), chain_id=wallet.chain_id)

    def open(self, path: str) -> None:
        """Go to a page, and see that it is no wider than the phone."""
        self.tab.goto(path)
        settle(self.tab)
        assert self.tab.evaluate(OVERFLOW) == [], path

    @property
    def dialog(self) -> Locator:
        return self.tab.get_by_role("dialog")

    def fits(self) -> None:
        assert self.tab.evaluate(FITS) == []

    def ask(self, button: str, amount: str) -> None:
        """Open a dialog for an amount and type it; nothing goes on yet."""
        click(self.tab.get_by_role("button", name=button, exact=True))
        self.dialog.get_by_label("How much, NVY").fill(amount)
        expect(self.dialog.get_by_role("button", name="Go on")).to_be_enabled(timeout=LONG_MS)
        self.fits()

    def go_on(self) -> None:
        self.dialog.get_by_role("button", name="Go on").click()

    def sign(self) -> None:
        """Sign what is shown, once it can be; see it done and close it."""
        button = self.dialog.get_by_role("button", name="Sign", exact=True)
        expect(button).to_be_enabled(timeout=LONG_MS)
        self.fits()
        button.click()
        expect(self.dialog.get_by_role("heading")).to_contain_text(": done", timeout=LONG_MS)
        self.fits()
        self.dialog.get_by_role("button", name="Close").last.click()

    def shows_books(self) -> None:
        """The account's page and the contracts agree about every coin."""
        account = self.owner.address
        wanted = {name: exact(wei) for name, wei in self.days.books(account, self.behind).items()}
        self.open(f"/account/{account}")
        try:
            self.tab.wait_for_function(MONEY, arg=wanted, timeout=LONG_MS)
        except NotInTime:
            assert self.tab.evaluate("() => window.foundMoney") == wanted
            raise


def click(button: Locator) -> None:
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()
