"""One network and one browser for all browser tests; both end with them.

The browser's driver keeps an event loop running in this thread, which other tests need for
themselves: nothing here may outlive the package.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import AXE, NARROW, PATIENCE_MS, ROOT, WIDE, Watch, chromium
from tests.e2e.dapp.world import World, started

DAPP = ROOT / "dapp"
STATIC = ROOT / "marketplace" / "neurovoyance" / "marketplace" / "static"
KEEP = "NEUROVOYANCE_KEEP_PAGES"
NewContext = Callable[..., tuple[BrowserContext, Watch]]


@pytest.fixture(scope="package")
def executable() -> str:
    """Where chromium is. Without it the tests skip, and fail where everything has to be tested."""
    found = chromium()
    if found is None:
        why = "no chromium: apt-get install chromium, or name it in NEUROVOYANCE_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture(scope="package")
def pages(executable: str) -> Path:
    """The built pages; built anew when their sources are newer."""
    index = STATIC / "index.html"
    sources = [*DAPP.glob("src/**/*"), *DAPP.glob("public/*"), DAPP / "index.html"]
    newest_s = max(path.stat().st_mtime for path in sources if path.is_file())
    stale = not index.exists() or index.stat().st_mtime < newest_s
    if not AXE.exists() or (stale and KEEP not in os.environ):
        for command in ([] if AXE.exists() else [["npm", "ci"]]) + [["npm", "run", "build"]]:
            done = subprocess.run(command, cwd=DAPP, capture_output=True, text=True, timeout=240)
            assert done.returncode == 0, done.stdout + done.stderr
    return STATIC


@pytest.fixture(scope="package")
def world(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A network with a job and a proposal; started by the main thread, before the browser."""
    made = started(tmp_path_factory.mktemp("dapp") / "home")
    try:
        yield made
    finally:
        made.network.stop()


@pytest.fixture(scope="package")
def browser(world: World, executable: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)  # timings decide no test
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def new_context(browser: Browser, world: World) -> NewContext:
    """Make a context of its own, watched."""

    def make(*, dark: bool = False, narrow: bool = False) -> tuple[BrowserContext, Watch]:
        context = browser.new_context(
            base_url=world.url,
            viewport=NARROW if narrow else WIDE,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(world.url)
        watch.follow(context)
        return context, watch

    return make


@pytest.fixture
def visitor(new_context: NewContext) -> Iterator[tuple[BrowserContext, Watch]]:
    """A fresh browser context, as a visitor has it."""
    context, watch = new_context()
    yield context, watch
    # A page asks again at any time; a test's answer that is under way would miss its browser.
    context.unroute_all(behavior="wait")
    context.close()


@pytest.fixture
def tab(visitor: tuple[BrowserContext, Watch]) -> Iterator[Tab]:
    """A visitor's page, which does nothing wrong on the way."""
    context, watch = visitor
    yield context.new_page()
    assert watch.taken() == []
