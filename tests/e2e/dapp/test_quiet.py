"""Pages at rest ask little: the stream tells what moves, and a hidden page asks nothing at all."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request
from tests.e2e.dapp.browser import settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.world import World

MINUTE_MS, STEP_MS = 60_000, 5_000
MINE = "/favicon.svg"
ANSWERED = f"() => fetch('{MINE}').then((said) => said.text())"
"""What was asked for before is answered by then."""
AT_MOST = 40
"""Requests a minute: a page reads up to ten things, every 15 s while the stream is open."""
BUSIEST = {"/", "/jobs/:id", "/gov", "/provider", "/status"}
HIDE = """(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.mark.parametrize("page", [p for p in PAGES if p.route in BUSIEST], ids=lambda p: p.name)
def test_a_page_at_rest_asks_little_and_a_hidden_one_nothing(
    page: Page, new_context: NewContext, world: World
) -> None:
    context, watch = new_context()
    asked: Counter[str] = Counter()

    def count(request: Request) -> None:
        path = urlsplit(request.url).path
        asked[path] += path != MINE

    tab = context.new_page()
    tab.clock.install()
    tab.goto(page.path(world.names))
    settle(tab)
    context.on("request", count)
    for _ in range(MINUTE_MS // STEP_MS):
        tab.clock.run_for(STEP_MS)
        tab.evaluate(ANSWERED)
    at_rest = asked.total()
    assert at_rest <= AT_MOST, asked
    tab.evaluate(HIDE, "hidden")
    tab.clock.run_for(MINUTE_MS // 2)  # what was under way ends
    asked.clear()
    tab.clock.run_for(MINUTE_MS)
    assert not asked
    assert watch.taken() == []
    context.close()
