"""A browser for tests: finds chromium, and notes whatever a page does wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, ViewportSize
from playwright.sync_api import Page as Tab

NAMES = ("chromium", "chromium-browser", "google-chrome")
ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "dapp" / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
SETTLED = """() => {
  const main = document.querySelector('main');
  return !!main?.querySelector('h1') && !main.querySelector('[aria-busy=true], .skeleton');
}"""
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > wide + 1)
    .map((one) => `${one.tagName} .${one.className}: ${(one.textContent ?? '').slice(0, 60)}`)
    .slice(0, 5);
}"""


def chromium() -> str | None:
    """Return where chromium is, if anywhere."""
    named = os.environ.get("NEUROVOYANCE_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Watch:
    """What a context did that a page must not do.

    Attributes:
        origin: the one that may be asked.
        faults: console errors, failed requests, foreign requests.
        expected: parts of addresses whose refusal a test asks for.
    """

    origin: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        """Note what any page of a context does from now on."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def taken(self) -> list[str]:
        """Return the faults so far, and forget them."""
        found, self.faults = self.faults, []
        return found

    def _expects(self, url: str) -> bool:
        return any(part in url for part in self.expected)

    def _console(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        if message.type not in {"error", "warning"} or self._expects(url):
            return
        self.faults.append(f"console {message.type}: {message.text} {url}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        is_own = f"{parts.scheme}://{parts.netloc}" == self.origin
        if not is_own and parts.scheme not in {"data", "blob", "about"}:
            self.faults.append(f"foreign request: {request.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left gives up what it asked for.
        if "ERR_ABORTED" not in (request.failure or "") and not self._expects(request.url):
            self.faults.append(f"failed request: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not self._expects(response.url):
            self.faults.append(f"status {response.status}: {response.url}")


FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def settle(tab: Tab) -> None:
    """Wait until a page has a heading and nothing is loading."""
    tab.wait_for_function(SETTLED, timeout=PATIENCE_MS)


def axe_faults(tab: Tab) -> list[str]:
    """Return what axe finds, a line each."""
    tab.evaluate(FRAMES)
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(AXE.read_text("utf-8"))
    options = {"runOnly": {"type": "tag", "values": list(AXE_TAGS)}, "resultTypes": ["violations"]}
    found = tab.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']} {node['html'][:200]}"
        for one in found["violations"]
        for node in one["nodes"][:4]
    ]
