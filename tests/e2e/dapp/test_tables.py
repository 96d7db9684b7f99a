"""Tables of ten thousand rows: few of them in the document, all of them within reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import FRAMES, Watch, axe_faults, settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.many import ROWS, PagedJobs, fill_lists, hex_of

DRAWN_MAX = 90
"""Rows in the document, whatever the list: those in a window of 900 px, and some on both sides."""
ROW = "tbody tr[aria-rowindex]"
PAIRS = """(table, row) => [...table.querySelectorAll(row)].map(
  (one) => [Number(one.dataset.index), Number(one.ariaRowIndex)])"""
SCROLLS = 12
PAGES, PAGE_ROWS = 8, 50
TOLD = 3


@pytest.fixture(scope="module")
def wide_tab(new_context: NewContext) -> Iterator[tuple[Tab, Watch]]:
    """A tab whose lists are long."""
    context, watch = new_context()
    fill_lists(context)
    yield context.new_page(), watch
    context.close()


@pytest.fixture(scope="module")
def narrow_tab(new_context: NewContext) -> Iterator[tuple[Tab, Watch]]:
    """The same on a phone, where rows are cards of unlike heights."""
    context, watch = new_context(narrow=True)
    fill_lists(context)
    yield context.new_page(), watch
    context.close()


def opened(tab: Tab, path: str, caption: str) -> Locator:
    """Open a page and return its long table."""
    tab.goto(path)
    settle(tab)
    table = tab.get_by_role("table", name=caption)
    expect(table.locator(ROW).first).to_be_visible()
    return table


def indices(table: Locator) -> list[int]:
    """Return what readers of the screen are told: the numbers of the rows that are there."""
    found: list[int] = table.evaluate(
        "(table, row) => [...table.querySelectorAll(row)].map((one) => +one.ariaRowIndex)", ROW
    )
    return found


def scroll_to(tab: Tab, share: float) -> None:
    """Scroll to a share of the page, again after rows there were measured."""
    tab.evaluate("(share) => scrollTo(0, share * document.body.scrollHeight)", share)
    tab.evaluate(FRAMES)


def check_counts(table: Locator) -> None:
    """Rows are numbered from 2 on, the header being 1, in order, and few."""
    found = indices(table)
    assert found == sorted(set(found))
    assert 0 < len(found) <= DRAWN_MAX
    assert found[0] >= 2 and found[-1] <= ROWS + 1
    # At one moment: rows are drawn anew meanwhile.
    pairs: list[list[int]] = table.evaluate(PAIRS, ROW)
    assert pairs and all(index + 2 == told for index, told in pairs)


@pytest.mark.parametrize("seat", ["wide_tab", "narrow_tab"])
def test_scrolling_draws_few_rows_and_reaches_the_last(
    seat: str, request: pytest.FixtureRequest
) -> None:
    tab, watch = request.getfixturevalue(seat)
    table = opened(tab, "/jobs", "Jobs")
    assert table.get_attribute("aria-rowcount") == str(ROWS + 1)
    expect(table.get_by_role("row").first).to_have_attribute("aria-rowindex", "1")
    assert indices(table)[0] == 2
    for step in range(1, SCROLLS):
        scroll_to(tab, step / SCROLLS)
        check_counts(table)
    tab.evaluate("() => document.activeElement?.blur()")
    tab.keyboard.press("End")
    last = table.locator(f'tr[aria-rowindex="{ROWS + 1}"]')
    expect(last).to_be_in_viewport()
    expect(last).to_contain_text("10.00 NVY")
    check_counts(table)
    tab.keyboard.press("Home")
    expect(table.locator('tr[aria-rowindex="2"]')).to_be_in_viewport()
    assert not axe_faults(tab)
    assert not watch.taken()


def test_the_keyboard_goes_on_from_a_row_that_was_scrolled_away(
    wide_tab: tuple[Tab, Watch],
) -> None:
    tab, _ = wide_tab
    table = opened(tab, "/jobs", "Jobs")
    scroll_to(tab, 0.5)
    here = indices(table)[len(indices(table)) // 2]
    table.locator(f'tr[aria-rowindex="{here}"] a').first.focus()
    scroll_to(tab, 0.9)
    assert here in indices(table) and len(indices(table)) <= DRAWN_MAX + 1
    focused = "document.activeElement.closest('tr').ariaRowIndex"
    assert tab.evaluate(focused) == str(here)
    links = table.locator(f'tr[aria-rowindex="{here}"]').locator("a, button").count()
    for _ in range(links):
        tab.keyboard.press("Tab")
    tab.evaluate(FRAMES)
    assert int(tab.evaluate(focused)) > here


def test_columns_sort_down_up_and_back(wide_tab: tuple[Tab, Watch]) -> None:
    tab, watch = wide_tab
    table = opened(tab, "/nodes", "Nodes")
    first = table.locator('tr[aria-rowindex="2"]')
    header = table.get_by_role("columnheader", name=re.compile("^Done"))
    expect(header).not_to_have_attribute("aria-sort", re.compile("."))
    for direction, done in (("descending", "9,999"), ("ascending", "0")):
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", direction)
        expect(first.locator('[data-label="Done"]')).to_have_text(done)
        check_counts(table)
    tab.keyboard.press("Enter")
    expect(header).not_to_have_attribute("aria-sort", re.compile("."))
    expect(first.locator('[data-label="Done"]')).to_have_text("9,999")
    assert not axe_faults(tab)
    assert not watch.taken()


def test_a_filter_finds_one_row_of_all(wide_tab: tuple[Tab, Watch]) -> None:
    tab, _ = wide_tab
    table = opened(tab, "/nodes", "Nodes")
    scroll_to(tab, 0.5)
    wanted = hex_of(0xB0, 1_234, 20)
    tab.get_by_label("Filter").fill(wanted)
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table).not_to_have_attribute("aria-rowcount", re.compile("."))
    expect(table.locator(f'a[href="/nodes/{wanted}"]')).to_be_visible()
    tab.get_by_label("Filter").fill("0xb0")
    expect(table).to_have_attribute("aria-rowcount", str(ROWS + 1))
    check_counts(table)


def test_events_read_the_newest_page_and_one_other(new_context: NewContext) -> None:
    context, watch = new_context()
    jobs = PagedJobs(context, PAGES * PAGE_ROWS)
    tab = context.new_page()
    tab.goto("/jobs")
    settle(tab)
    for page in range(1, PAGES):
        shown = re.compile(f"^{page * PAGE_ROWS} newest")
        expect(tab.locator("div > span", has_text=shown)).to_be_visible()
        tab.get_by_role("button", name="Show more").click()
    everything = tab.get_by_text(f"{PAGES * PAGE_ROWS} in all")
    expect(everything).to_be_visible()
    for made in range(1, TOLD + 1):
        jobs.add()
        told, asked = jobs.events, len(jobs.asked)
        expect(tab.get_by_text(f"{PAGES * PAGE_ROWS + made} in all")).to_be_visible()
        readings = jobs.asked[asked:].count(None)
        assert len(jobs.asked) - asked <= 2 * readings + 1, jobs.asked[asked:]
        assert jobs.events >= told
    scroll_to(tab, 0)
    row = tab.get_by_role("table", name="Jobs").locator('tr[aria-rowindex="2"]')
    expect(row.locator(f'a[href="/jobs/{jobs.rows[0]["job_id"]}"]')).to_be_visible()
    assert len(set(jobs.asked)) > PAGES // 2
    assert watch.taken() == []
    context.close()
