"""What is generated of the pages is fresh, every route is visited, and nothing is foreign."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.architecture.test_layout import ROOT, tracked
from tests.e2e.dapp.pages import PAGES

DAPP = ROOT / "dapp"
STATIC = ROOT / "marketplace" / "neurovoyance" / "marketplace" / "static"
NODE = shutil.which("node", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
NAMED = {
    # Names of languages and standards, which nobody asks for.
    "http://www.w3.org/",
    "https://www.w3.org/",
    # A licence's comment.
    "https://tailwindcss.com",
    # Where errors of libraries point to in their texts.
    "https://4byte.sourcify.dev/",
    "https://abitype.dev",
    "https://docs.soliditylang.org/",
    "https://eips.ethereum.org",
    "https://github.com/",
    "https://oxlib.sh",
    "https://react.dev/",
    "https://reactrouter.com",
    "https://viem.sh",
    "https://wagmi.sh",
}
URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\s\"'`<>)\\]*", re.IGNORECASE)
"""An address of a host with a name; numbers and ``localhost`` are this machine's."""
HTML = {"dapp/src/pages/gov/markdown.tsx"}
STORAGE = {"dapp/src/lib/storage.ts", "dapp/public/start.js"}


def code() -> dict[str, str]:
    """Return the text of every file that goes into the pages, without comments."""
    files = tracked("dapp/src/**", "dapp/public/**", "dapp/index.html")
    return {
        path.relative_to(ROOT).as_posix(): _without_comments(path.read_text("utf-8"))
        for path in files
        if path.suffix in {".ts", ".tsx", ".js", ".css", ".html", ".svg"}
        and not path.name.endswith(".test.ts")
    }


def _without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/|<!--.*?-->", "", text, flags=re.DOTALL)
    return re.sub(r"(^|\s)//.*", "", text)


@pytest.mark.skipif(NODE is None, reason="node is not installed: make setup")
def test_interfaces_of_contracts_are_those_of_the_build() -> None:
    assert NODE is not None
    checked = subprocess.run(
        [NODE, "scripts/abis.mjs", "--check"], cwd=DAPP, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_hints_are_those_of_the_chain_client() -> None:
    command = [sys.executable, "scripts/hints.py", "--check"]
    checked = subprocess.run(command, cwd=DAPP, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_route_is_visited_by_the_browser_tests() -> None:
    text = (DAPP / "src" / "routes.tsx").read_text("utf-8")
    routes = {"/" + route for route in re.findall(r'path: "([^"/][^"]*)"', text)} | {"/"}
    assert len(routes) > 15
    assert routes - {page.route for page in PAGES} == set(), "tests/e2e/dapp/pages.py lacks pages"
    assert {page.route for page in PAGES} - routes == set(), "these pages are gone"


def test_the_source_names_no_host() -> None:
    found = {name: URL.findall(text) for name, text in code().items()}
    named = {name: [url for url in urls if not _is_named(url)] for name, urls in found.items()}
    assert {name: urls for name, urls in named.items() if urls} == {}


@pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="the pages are not built")
def test_the_built_pages_name_no_host() -> None:
    found = {
        path.name: [url for url in URL.findall(path.read_text("utf-8")) if not _is_named(url)]
        for path in STATIC.rglob("*")
        if path.suffix in {".js", ".css", ".html", ".svg"}
    }
    assert found
    assert {name: urls for name, urls in found.items() if urls} == {}
    assert not list(STATIC.rglob("*.map"))


def _is_named(url: str) -> bool:
    return any(url.startswith(start) for start in NAMED)


def test_strangers_texts_become_html_in_one_file_at_most() -> None:
    doing = re.compile(r"dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|document\.write")
    assert {name for name, text in code().items() if doing.search(text)} - HTML == set()


def test_the_browsers_storage_is_used_in_one_place() -> None:
    using = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie")
    assert {name for name, text in code().items() if using.search(text)} - STORAGE == set()


def test_nothing_evaluates_text() -> None:
    evaluating = re.compile(r"\beval\(|new Function\(|set(?:Timeout|Interval)\(\s*[\"'`]")
    assert {name for name, text in code().items() if evaluating.search(text)} == set()
