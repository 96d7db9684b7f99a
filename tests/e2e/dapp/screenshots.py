"""Takes the documentation's pictures: every page in both themes, some as a phone shows them.

Run by ``make screenshots``, on a network of its own with jobs, audits, stakes and a proposal.
Pictures have a palette of 64 colours, which these pages do not exceed by much.
Never: a picture of a person's own data.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import FRAMES, NARROW, ROOT, WIDE, chromium, settle
from tests.e2e.dapp.pages import PAGES
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp.world import RICH, World, started

OUT = ROOT / "docs" / "img"
PHONES = {"home", "jobs", "jobs-id", "jobs-new", "nodes", "gov-id"}
COLOURS = 64
TALLEST_PX = 2_400
TOTAL_MAX_BYTES = 4 << 20
JOBS = 5
STILL_MS = 700
STILL = """() => {
  const shown = document.querySelector('main').innerText.replace(/[0-9]+/g, '');
  const same = window.shownBefore === shown;
  window.shownBefore = shown;
  return same;
}"""
"""Whether a page shows the same words as when it was asked last; ages tick."""


def main() -> int:
    """Take all pictures; return the exit status."""
    executable = chromium()
    if executable is None:
        print("No chromium: apt-get install chromium, or name it in NEUROVOYANCE_CHROMIUM.")
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="neurovoyance-pictures-") as folder:
        world = started(Path(folder) / "home", jobs=JOBS, first_audits=1)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
                for is_dark in (False, True):
                    take_all(browser, world, is_dark=is_dark)
        finally:
            world.network.stop()
    total = sum(path.stat().st_size for path in OUT.glob("*.png"))
    print(f"{len(list(OUT.glob('*.png')))} pictures, {total / 1e6:.1f} MB, in {OUT}")
    return int(total > TOTAL_MAX_BYTES)


def take_all(browser: Browser, world: World, *, is_dark: bool) -> None:
    """Visit every page in one theme with a wallet, and photograph it."""
    theme: Literal["dark", "light"] = "dark" if is_dark else "light"
    context = browser.new_context(
        base_url=world.url, viewport=WIDE, color_scheme=theme, reduced_motion="reduce"
    )
    wallet = TestWallet(RICH.account, world.rpc_url)
    wallet.announce_in(context)
    tab = context.new_page()
    for page in PAGES:
        path = page.path(world.names)
        tab.set_viewport_size(WIDE)
        tab.goto(path)
        settle(tab)
        take(tab, OUT / f"{page.name}-{theme}.png")
        if page.name == "home":
            wallet.connect(tab)
            settle(tab)
            take(tab, OUT / f"home-owner-{theme}.png")
        if page.name in PHONES:
            tab.set_viewport_size(NARROW)
            take(tab, OUT / f"{page.name}-phone-{theme}.png")
    context.close()


def take(tab: Tab, path: Path) -> None:
    """Photograph a page in full, down to a height that a reader still scrolls through.

    The window is made as high as the page: rail and tabs then are where a reader sees them.
    """
    before = tab.viewport_size or WIDE
    tab.wait_for_function(STILL, polling=STILL_MS)
    height = min(tab.evaluate("() => document.documentElement.scrollHeight"), TALLEST_PX)
    tab.set_viewport_size({"width": before["width"], "height": max(before["height"], height)})
    tab.evaluate(FRAMES)
    raw = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    raw.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    tab.set_viewport_size(before)


if __name__ == "__main__":
    sys.exit(main())
