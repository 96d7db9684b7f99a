"""Pages at rest ask little: the stream tells what moves, and a hidden page asks nothing at all."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Request
from tests.e2e.dapp.browser import settle
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.world import World

MINUTE_MS, STEP_MS, SPARE_MS = 60_000, 5_000, 500
MINE = "/favicon.svg"
ANSWERED = f"() => fetch('{MINE}').then((said) => said.text())"
"""What was asked for before is answered by then."""
TRIES = 10
AT_MOST = 40
"""Requests a minute: a page reads up to ten things, every 15 s while the stream is open."""
BUSIEST = {"/", "/jobs/:id", "/gov", "/provider", "/status"}
HIDE = """(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def newest(world: World) -> object:
    """Return the place of the newest event in the index."""
    said = httpx.get(f"{world.url}/v1/events?limit=1", trust_env=False, timeout=60)
    return said.raise_for_status().json()["items"][0]["born"]


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
    with tab.expect_response("**/v1/stream"):  # until it is open pages ask more often
        tab.goto(page.path(world.names))
    settle(tab)
    context.on("request", count)
    for _ in range(TRIES):  # a minute in which nothing happens on chain
        before = newest(world)
        asked.clear()
        for _ in range(MINUTE_MS // STEP_MS):
            tab.clock.run_for(STEP_MS)
            tab.evaluate(ANSWERED)
        at_rest = asked.total()
        if newest(world) == before:
            break
    assert at_rest <= AT_MOST, asked
    tab.evaluate(HIDE, "hidden")
    for _ in range(TRIES):  # what was under way ends
        asked.clear()
        tab.clock.run_for(MINUTE_MS // 2)
        tab.wait_for_timeout(SPARE_MS)
        if not asked:
            break
    asked.clear()
    tab.clock.run_for(MINUTE_MS)
    tab.wait_for_timeout(SPARE_MS)
    assert not asked
    assert watch.taken() == []
    context.close()
