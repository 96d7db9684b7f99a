"""What strangers install: everything that running needs, and nothing that building needs."""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from tests.architecture.test_layout import FOLDERS, ROOT, tracked

STATIC = "marketplace/neurovoyance/marketplace/static"
PAGES_MAX_BYTES = 1_500_000
# What a browser loads by itself: tags of the page, imports of scripts and style sheets.
LOADED = re.compile(
    r"""(?:<(?:script|img|link)\b[^>]*?\b(?:src|href)=|\bfrom\s*|\bimport\(\s*|\bimport\s*|@import\s+)"""
    r"""["']((?:https?:)?/[^"'\s]+|\.{1,2}/[^"'\s]+)["']"""
)
# What a script loads when it is needed.
LATER = re.compile(r"""["'](assets/[\w.-]+)["']""")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        # Whether the pages are built is another matter; a build would run npm.
        env={**os.environ, "NEUROVOYANCE_API_ONLY": "1"},
    )
    return target


@pytest.fixture(scope="module")
def wheel_names(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_tracked_file_of_every_package_is_in_the_wheel(wheel_names: set[str]) -> None:
    expected = {
        path.relative_to(ROOT / folder).as_posix()
        for folder in FOLDERS
        for path in tracked(f"{folder}/neurovoyance/*")
    }
    assert expected - wheel_names == set()


def test_running_needs_no_node_the_contracts_are_in_the_wheel(wheel_names: set[str]) -> None:
    names = ["ComputeToken", "BlockHashBeacon", "StakeManager", "JobMarket"]
    assert {f"neurovoyance/chain/abi/{name}.json" for name in names} <= wheel_names


def test_the_wheel_holds_no_cache_and_no_test(wheel_names: set[str]) -> None:
    strangers = [
        name
        for name in wheel_names
        if "__pycache__" in name or name.startswith(("tests/", "contracts/", "docs/"))
    ]
    assert strangers == []


def test_the_sdist_holds_no_cache_and_no_installed_package(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    strangers = [n for n in names if "node_modules" in n or "__pycache__" in n or "/.venv" in n]
    assert strangers == []
    assert any(name.endswith("contracts/market/JobMarket.sol") for name in names)


def test_the_sdist_can_be_built_without_git_or_npm(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert "tools/build_pages.py" in names
    if (ROOT / STATIC / "index.html").exists():
        assert f"{STATIC}/index.html" in names


@pytest.mark.skipif(not (ROOT / STATIC / "index.html").exists(), reason="the pages are not built")
def test_the_pages_in_the_wheel_are_whole_small_and_ask_nobody_else(built: Path) -> None:
    (path,) = built.glob("*.whl")
    prefix = STATIC.partition("/")[2] + "/"
    with zipfile.ZipFile(path) as wheel:
        pages = {
            entry.filename.removeprefix(prefix): wheel.read(entry)
            for entry in wheel.infolist()
            if entry.filename.startswith(prefix)
        }
    assert "index.html" in pages
    assert sum(map(len, pages.values())) < PAGES_MAX_BYTES
    assert [name for name in pages if name.endswith(".map")] == []
    faults = []
    for name, data in pages.items():
        text = data.decode("utf-8", "ignore")
        assert "sourceMappingURL=" not in text, name
        for url in [*LOADED.findall(text), *(f"/{found}" for found in LATER.findall(text))]:
            wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), url))
            wanted = url.lstrip("/") if url.startswith("/") else wanted
            if "//" in url or not (wanted in pages or url.startswith("/api/")):
                faults.append(f"{name} loads {url}")
    assert faults == []


SERVED = """
import asyncio, json, re, sys
import httpx
from fastapi import FastAPI
import neurovoyance.cli.main, neurovoyance.node.process
from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.dapp.pages import make_pages
from neurovoyance.marketplace.dapp.side import STATIC

async def main():
    app = FastAPI(openapi_url=None)
    app.router.default = make_pages(STATIC)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        page = await client.get("/jobs/new", headers={"Accept": "text/html"})
        found = {"/": page.status_code}
        for path in re.findall(r'(?:src|href)="(/(?!api/)[^"]+)"', page.text):
            found[path] = (await client.get(path)).status_code
    ours = {module.__file__ for name, module in sys.modules.items()
            if name.startswith("neurovoyance.") and getattr(module, "__file__", None)}
    print(json.dumps({"found": found, "ours": sorted(ours)}))

asyncio.run(main())
"""


@pytest.mark.skipif(not (ROOT / STATIC / "index.html").exists(), reason="the pages are not built")
def test_a_wheel_by_itself_has_all_code_and_serves_its_pages(built: Path, tmp_path: Path) -> None:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        wheel.extractall(tmp_path)  # noqa: S202 - we made it a moment ago
    done = subprocess.run(
        [sys.executable, "-c", SERVED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["found"].values()) == {200}
    assert any(name.endswith(".js") for name in told["found"])
    assert all(name.startswith(str(tmp_path)) for name in told["ours"]), "not from the sources"
    assert len(told["ours"]) > 100


def test_no_developer_tool_is_a_dependency_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tools = {_name(line) for line in project["dependency-groups"]["dev"]}
    needed = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        needed += extra
    assert tools & {_name(line) for line in needed} == set()


def test_every_dependency_is_pinned_in_the_constraints() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    pinned = {_name(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {_name(line) for line in wanted} - pinned == set()


def _name(requirement: str) -> str:
    for mark in "<>=!~[; ":
        requirement = requirement.split(mark)[0]
    return requirement.strip().lower().replace("_", "-").replace(".", "-")
