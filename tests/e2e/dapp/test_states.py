"""States of what pages show: loading, empty, stale, failed and mended, over real answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Route, expect
from playwright.sync_api import Page as Tab
from playwright.sync_api import TimeoutError as Late
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.world import World

Visitor = tuple[BrowserContext, Watch]
EMPTY_LIST: dict[str, Any] = {"items": [], "next": None}
SAID, HINT = "The database is being repaired.", "Try again in a minute."
PROBLEM = {"status": 500, "code": "internal", "detail": SAID, "hint": HINT}
NO_VALUE = ("undefined", "NaN", "[object", "Infinity", "null")
CLICK_MS = 2_000
STEP_MS, STEPS = 1_500, 20
"""Pages wait up to 10 s before they say so, ask every 5 s, and three times before they give up."""


@dataclass(frozen=True)
class Part:
    """What a page asks for: its address, and what an empty answer looks like, if there is one."""

    page: str
    asks: str
    empty: Any = None


PARTS = (
    Part("/", "/api/overview"),
    Part("/network", "/api/overview"),
    Part("/network", "/api/days", EMPTY_LIST),
    Part("/nodes", "/v1/providers", EMPTY_LIST),
    Part("/models", "/api/models", EMPTY_LIST),
    Part("/jobs", "/v1/jobs", EMPTY_LIST),
    Part("/jobs/{job}", "/v1/jobs/{job}"),
    Part("/jobs/{job}", "/v1/events", EMPTY_LIST),
    Part("/gov", "/v1/governance/proposals", EMPTY_LIST),
)


@dataclass
class Tap:
    """Stands between pages and one path of the service.

    Attributes:
        mode: ``pass``, ``hold`` until opened, ``fail`` with a problem, or ``empty``.
    """

    path: str
    empty: Any
    mode: str = "pass"
    held: list[Route] = field(default_factory=list)

    def put_into(self, context: BrowserContext) -> None:
        context.route(lambda url: url.split("?")[0].endswith(self.path), self._answer)

    def _answer(self, route: Route) -> None:
        if self.mode == "hold":
            self.held.append(route)
        elif self.mode == "fail":
            route.fulfill(
                status=500, body=json.dumps(PROBLEM), content_type="application/problem+json"
            )
        elif self.mode == "empty":
            route.fulfill(json=self.empty)
        else:
            route.continue_()

    def open(self) -> None:
        self.mode = "pass"
        while self.held:
            self.held.pop().continue_()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.page} {part.asks}")
def test_a_part_has_all_its_states(part: Part, visitor: Visitor, world: World) -> None:
    context, watch = visitor
    watch.expected.append(part.asks.format(**world.names))
    tap = Tap(part.asks.format(**world.names), part.empty)
    tap.put_into(context)
    tab = context.new_page()
    tab.clock.install()
    path = part.page.format(**world.names)
    loading_then_stale(tab, tap, path)
    failed_then_mended(tab, tap, path)
    if part.empty is not None:
        empty(tab, tap, path)
    assert watch.taken() == []


def later(tab: Tab, awaited: Locator) -> None:
    """Let the page's time pass until something is shown."""
    for _ in range(STEPS):
        if awaited.is_visible():
            return
        tab.clock.run_for(STEP_MS)
    expect(awaited).to_be_visible()


def loading_then_stale(tab: Tab, tap: Tap, path: str) -> None:
    tap.mode = "hold"
    tab.goto(path)
    expect(tab.locator("#main [aria-busy=true]").first).to_be_attached()
    later(tab, tab.get_by_text("Still waiting for").first)
    tap.open()
    settle(tab)
    shown = tab.locator("main").inner_text()
    assert "could not be read" not in shown
    tap.mode = "fail"
    later(tab, tab.get_by_text("The last answer is shown").first)
    assert "could not be read" not in tab.locator("main").inner_text()


def mend_by_hand(tab: Tab, tap: Tap, failed: Locator) -> None:
    """Let answers through and ask for them with the button, before the page asks by itself."""
    for _ in range(STEPS):
        later(tab, failed)
        tap.mode = "pass"
        try:
            failed.get_by_role("button", name="Try again").click(timeout=CLICK_MS)
        except Late:  # it asked by itself just then: once more, from the failure on
            tap.mode = "fail"
            tab.reload()
        else:
            return
    raise AssertionError("the button was never there to be pressed")


def failed_then_mended(tab: Tab, tap: Tap, path: str) -> None:
    tap.mode = "fail"
    tab.goto(path)
    failed = tab.get_by_role("alert").filter(has_text="could not be read").first
    later(tab, failed)
    expect(failed).to_contain_text(SAID)
    expect(failed).to_contain_text(HINT)
    mend_by_hand(tab, tap, failed)
    settle(tab)
    expect(failed).to_have_count(0)


def empty(tab: Tab, tap: Tap, path: str) -> None:
    tap.mode = "empty"
    tab.goto(path)
    settle(tab)
    shown = tab.locator("main").inner_text()
    assert [word for word in NO_VALUE if word in shown] == []
    expect(tab.get_by_role("alert")).to_have_count(0)


LOOKS = """(skeletons, times) => skeletons.map((one) => times.map((ms) => {
  // Begun anew: what is over is not among the animations any more.
  one.style.animation = 'none';
  one.getBoundingClientRect();
  one.style.animation = '';
  for (const running of one.getAnimations()) { running.pause(); running.currentTime = ms; }
  const { top, left, width, height } = one.getBoundingClientRect();
  return [getComputedStyle(one).backgroundColor, top, left, width, height];
}))"""
UNSEEN, AFTER_MS = "rgba(0, 0, 0, 0)", 150


@pytest.mark.parametrize("path", ["/", "/jobs", "/gov", "/network"])
def test_a_skeleton_has_its_place_at_once_and_its_look_later(visitor: Visitor, path: str) -> None:
    context, watch = visitor
    held: list[Route] = []
    is_over = False

    def hold(route: Route) -> None:
        if is_over:
            route.abort()  # asked again: whoever takes the routes away waits for an answer to each
        else:
            held.append(route)

    for part in ("**/v1/**", "**/api/overview*", "**/api/days*", "**/api/models*", "**/api/rpc"):
        context.route(part, hold)
    tab = context.new_page()
    tab.goto(path)
    skeletons = tab.locator("#main .skeleton")
    expect(skeletons.first).to_be_attached()
    for before, after in skeletons.evaluate_all(LOOKS, [AFTER_MS - 1, AFTER_MS + 1]):
        assert before[0] == UNSEEN != after[0]
        assert before[1:] == after[1:]
    is_over = True
    for route in held:
        route.abort()
    watch.taken()
