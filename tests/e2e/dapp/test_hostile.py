"""Strings of strangers are text, wherever they come from: no element, no link, no reversal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.pages import PAGES, Page
from tests.e2e.dapp.world import World

Visitor = tuple[BrowserContext, Watch]
HOSTILE = (
    "<img src=x onerror=window.broken=1><script>window.broken=1</script>"
    "\u202ereversed\u2066 [click](javascript:window.broken=1) {{7*7}} " + "A" * 5_000
)
LINK = "javascript:window.broken=1"
FREE = {"endpoint", "name", "title", "about", "description", "message", "error", "reason", "note"}
"""Fields whose text is a stranger's to choose."""
LINKS = {"endpoint", "url"}
KEPT = re.compile(r"/api/(config|rpc)|/v1/(health|stream)")
FOUND = """() => ({
  broken: window.broken ?? null,
  elements: document.querySelectorAll('main img[src="x"], main script, iframe').length,
  links: [...document.links].map((link) => link.href).filter((href) => !/^https?:/.test(href)),
  outside: [...document.links].map((link) => link.href).filter((href) => !href.startsWith(origin)),
  reversed: /[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText),
})"""
SILENT = {"/provider/setup", "/vesting", "/gov/new", "/settings", "/*"}
"""Pages that show nobody's words."""
SHOWING = [page for page in PAGES if page.route not in SILENT]


def poisoned(value: Any, key: str = "") -> Any:
    """Return an answer in which every free text is hostile."""
    match value:
        case dict():
            return {name: poisoned(inner, name) for name, inner in value.items()}
        case list():
            return [poisoned(inner, key) for inner in value]
        case str() if key in LINKS:
            return LINK
        case str() if key in FREE:
            return HOSTILE
        case _:
            return value


def poison(route: Route) -> None:
    response = route.fetch(max_retries=2)
    if "json" not in response.headers.get("content-type", ""):
        route.fulfill(response=response)
        return
    route.fulfill(response=response, json=poisoned(response.json()))


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.name)
def test_hostile_texts_stay_texts(page: Page, visitor: Visitor, world: World) -> None:
    context, watch = visitor
    context.route(
        lambda url: re.search(r"/(api|v1)/", url) is not None and KEPT.search(url) is None, poison
    )
    tab = context.new_page()
    tab.goto(page.path(world.names))
    settle(tab)
    assert tab.evaluate(FOUND) == {
        "broken": None,
        "elements": 0,
        "links": [],
        "outside": [],
        "reversed": False,
    }
    assert watch.taken() == []


def test_a_hostile_refusal_is_text(visitor: Visitor, world: World) -> None:
    context, watch = visitor
    watch.expected.append("/v1/jobs")
    problem = {"detail": HOSTILE, "hint": HOSTILE, "code": HOSTILE}
    context.route("**/v1/jobs?*", lambda route: route.fulfill(status=404, json=problem))
    tab = context.new_page()
    tab.goto("/jobs")
    tab.get_by_role("alert").first.wait_for()
    found = tab.evaluate(FOUND)
    assert (found["broken"], found["elements"], found["reversed"]) == (None, 0, False)
    assert watch.taken() == []
