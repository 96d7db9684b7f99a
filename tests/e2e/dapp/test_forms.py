"""Nonsense in every field of every page: refused beside it or harmless, and never run.

The form of a job has a test of its own, ``test_job_form``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import FRAMES, OVERFLOW, Watch, settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import World

Seat = tuple[Tab, Watch]
SCRIPT = "<img src=x onerror=window.broken=1><script>window.broken=1</script>"
BAD = ("", "-1", "9" * 40, "NaN", "1e3", SCRIPT, "\u202e" + "A" * 20_000)
IS_NUMBER = re.compile(r"NVY|Per cent|seconds|minutes|percent")
FIELD = "input:not([type=radio], [type=checkbox], [type=file]), textarea"
OPENED = {
    "/gov/new": "/gov/new?key=burnBps",
    "/provider": "/provider?of={provider}",
}
"""Where a page shows more fields."""
FIELDS = {
    "/gov": 1,
    "/gov/new": 2,
    "/jobs": 1,
    "/jobs/new": 7,
    "/nodes": 1,
    "/provider": 1,
    "/provider/setup": 5,
}
"""Pages that ask for something, and for how much at least, with all that is folded."""


@pytest.fixture(scope="module")
def seat(new_context: NewContext) -> Iterator[Seat]:
    """An owner on a phone, where long words overflow first."""
    context, watch = new_context(narrow=True)
    tab = context.new_page()
    connect_demo(tab)
    yield tab, watch
    context.close()


def unfolded(tab: Tab, page: Page, world: World) -> None:
    """Open a page and everything on it that is folded."""
    tab.goto(OPENED.get(page.route, page.path(world.names)).format(**world.names))
    settle(tab)
    if (button := tab.get_by_role("button", name="Register from a wallet")).is_visible():
        button.click()
    tab.evaluate("() => document.querySelectorAll('main details').forEach((d) => (d.open = true))")
    tab.evaluate(FRAMES)


def label_of(field: Locator) -> str:
    found: str = field.evaluate("(one) => one.labels?.[0]?.textContent ?? one.ariaLabel ?? ''")
    return found


def tried(field: Locator) -> list[str]:
    """Type all the nonsense; return where a number's field took it without a word."""
    tab, label = field.page, label_of(field)
    assert label, "a field has a name"
    good, faults = field.input_value(), []
    for text in BAD:
        field.fill(text)
        tab.evaluate(FRAMES)
        is_refused = field.get_attribute("aria-invalid") == "true"
        # Nothing typed is nothing wrong, where a default stands for it.
        if text and IS_NUMBER.search(label) and not is_refused:
            faults.append(f"{label} takes {text[:40]!r}")
        if is_refused:
            said = tab.locator(f"[id='{field.get_attribute('aria-describedby')}']").inner_text()
            faults += [f"{label} says {said!r}"] * (not said.rstrip().endswith("."))
        faults += [f"{label}, {text[:40]!r}: {item}" for item in tab.evaluate(OVERFLOW)]
    field.fill(good)
    return faults


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.route in FIELDS], ids=lambda page: page.name
)
def test_nonsense_in_any_field_is_refused_or_harmless(page: Page, seat: Seat, world: World) -> None:
    tab, watch = seat
    unfolded(tab, page, world)
    fields = tab.locator("main").locator(FIELD)
    count = fields.count()
    assert count >= FIELDS[page.route]
    faults = [fault for number in range(count) for fault in tried(fields.nth(number))]
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    assert tab.evaluate("() => window.broken") is None
    assert faults + watch.taken() == []


def test_nonsense_in_the_dialog_for_an_amount_goes_no_further(seat: Seat, world: World) -> None:
    tab, watch = seat
    tab.goto("/stake?provider={provider}".format(**world.names))
    settle(tab)
    tab.get_by_role("button", name="Delegate", exact=True).click()
    dialog = tab.get_by_role("dialog")
    field = dialog.get_by_label("How much, NVY")
    expect(dialog.get_by_text("At most")).to_be_visible()
    for text in BAD:
        field.fill(text)
        expect(dialog.get_by_role("button", name="Go on")).to_be_disabled()
        if text:
            expect(field).to_have_attribute("aria-invalid", "true")
    assert tab.evaluate("() => window.broken") is None
    assert watch.taken() == []
