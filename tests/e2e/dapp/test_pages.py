"""Every page, in both themes and widths, without and with a wallet: sound and accessible."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import NARROW, OVERFLOW, WIDE, Watch, axe_faults, settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import World

Seat = tuple[Tab, Watch]
WITHOUT_FILE = """() => [...document.querySelectorAll('#main section.card')]
  .filter((card) => card.querySelector('table.data-cards, figure'))
  .filter((card) => ![...card.querySelectorAll('button, a')]
    .some((one) => /CSV/.test(one.textContent)))
  .map((card) => card.querySelector('h2')?.textContent ?? 'a card without a name')"""


@pytest.fixture(scope="module")
def visitor_tab(new_context: NewContext) -> Iterator[Seat]:
    context, watch = new_context()
    yield context.new_page(), watch
    context.close()


@pytest.fixture(scope="module")
def owner_tab(new_context: NewContext) -> Iterator[Seat]:
    """The other way round: the desktop at night, the phone by day, with money."""
    context, watch = new_context(dark=True)
    tab = context.new_page()
    connect_demo(tab)
    yield tab, watch
    context.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_visitor_reads_every_page(page: Page, visitor_tab: Seat, world: World) -> None:
    check_page(*visitor_tab, page.path(world.names), dark_first=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_wallets_owner_uses_every_page(page: Page, owner_tab: Seat, world: World) -> None:
    check_page(*owner_tab, page.path(world.names), dark_first=True)


def check_page(tab: Tab, watch: Watch, path: str, *, dark_first: bool) -> None:
    """Open a page on a desktop, look at it, and again in the other theme on a phone.

    Visitor and owner begin with one theme each, so that both themes are seen in both widths.
    """
    tab.emulate_media(color_scheme="dark" if dark_first else "light")
    tab.set_viewport_size(WIDE)
    tab.goto(path)
    settle(tab)
    faults = look(tab, "as opened")
    tab.emulate_media(color_scheme="light" if dark_first else "dark")
    tab.set_viewport_size(NARROW)
    faults += look(tab, "turned")
    faults += watch.taken()
    assert not faults, "\n".join(faults)


def look(tab: Tab, how: str) -> list[str]:
    wide = [f"{how}: overflows: {item}" for item in tab.evaluate(OVERFLOW)]
    wide += [f"{how}: no CSV file: {name}" for name in tab.evaluate(WITHOUT_FILE)]
    return wide + [f"{how}: {fault}" for fault in axe_faults(tab)]
