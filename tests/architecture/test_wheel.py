"""What strangers install: everything that running needs, and nothing that building needs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from tests.architecture.test_layout import FOLDERS, ROOT, tracked


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
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
