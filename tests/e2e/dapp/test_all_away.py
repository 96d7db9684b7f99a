"""Every page while all is away: it waits, says what failed, and mends itself when all is back.

Pages of one list or row are in ``test_states``, in more detail.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import FRAMES, OVERFLOW, Watch, axe_faults, settle
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.test_states import PARTS, SAID, STEP_MS, STEPS, Tap, later, mend_by_hand
from tests.e2e.dapp.wallets import connect_demo
from tests.e2e.dapp.world import World

Visitor = tuple[BrowserContext, Watch]
ANSWERS = ("/api/", "/v1/", "/ipfs/")
NEEDED = ("/api/config", "/v1/stream", "/v1/health")
"""What pages are told before they show anything, and what says how the service is."""
STEADY = {"/provider/setup", "/settings", "/status", "/*"}
"""Pages that need no list or row to say what they are for."""
FORM, UNKNOWN = "/jobs/new", "are not known here"
"""Its own words: a model that nobody describes can still be asked for."""
REASONS = (SAID, "The chain does not answer", "The service could not fetch the description")
IN_DETAIL = {part.page.replace("{job}", ":id") for part in PARTS}
ASKING = [page for page in PAGES if page.route not in STEADY | IN_DETAIL]


@dataclass
class Everything(Tap):
    """Stands between a page and all that it asks for."""

    def put_into(self, context: BrowserContext) -> None:
        context.route(
            lambda url: (
                any(part in url for part in ANSWERS) and not any(part in url for part in NEEDED)
            ),
            self._answer,
        )

    def fail(self) -> None:
        self.mode = "fail"
        while self.held:
            self._answer(self.held.pop())


@pytest.mark.parametrize("page", ASKING, ids=lambda page: page.name)
def test_a_page_says_what_failed_and_comes_back(page: Page, visitor: Visitor, world: World) -> None:
    context, watch = visitor
    tab = context.new_page()
    connect_demo(tab)
    tab.clock.install()
    watch.expected += ANSWERS
    tap = Everything("", None, mode="hold")
    tap.put_into(context)
    tab.goto(page.path(world.names))
    expect(tab.locator("#main [aria-busy=true]").first).to_be_attached()
    tap.fail()
    words = UNKNOWN if page.route == FORM else "could not be read"
    failed = tab.locator("#main [role=alert], #main [role=status]").filter(has_text=words).first
    later(tab, failed)
    shown = failed.inner_text()
    assert any(words in shown for words in REASONS), "the cause is that nothing answers"
    assert axe_faults(tab) == []
    assert tab.evaluate(OVERFLOW) == []
    mend_by_hand(tab, tap, failed)
    mended(tab, words)
    settle(tab)
    assert watch.taken() == []


def mended(tab: Tab, words: str) -> None:
    """Let the page's time pass until it says nothing of a failure any more."""
    for _ in range(STEPS):
        tab.evaluate(FRAMES)
        if tab.get_by_text(words).count() == 0:
            return
        tab.clock.run_for(STEP_MS)
    expect(tab.get_by_text(words)).to_have_count(0)
