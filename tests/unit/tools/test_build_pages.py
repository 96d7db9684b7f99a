"""A build has its pages, or says in one sentence how to get or do without them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from tests.architecture.test_layout import ROOT

STATIC = "marketplace/neurovoyance/marketplace/static"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    found = importlib.util.spec_from_file_location("build_pages", ROOT / "tools/build_pages.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "dapp").mkdir()
    (tmp_path / "dapp/package.json").write_text("{}")
    return tmp_path


def npm(folder: Path, script: str) -> dict[str, str]:
    """An environment whose npm is a script, run in ``dapp/``; it notes its arguments."""
    tool = folder / "bin" / "npm"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/sh\necho "$@" >> ../asked\n{script}\n')
    tool.chmod(0o755)
    return {"PATH": f"{tool.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def test_pages_that_are_there_are_taken_as_they_are(hook: ModuleType, source: Path) -> None:
    (source / STATIC).mkdir(parents=True)
    (source / STATIC / "index.html").write_text("mine")
    hook.ensure_pages(source, npm(source, "exit 1"))
    assert not (source / "asked").exists()


def test_missing_pages_are_built_from_the_lock_file(hook: ModuleType, source: Path) -> None:
    made = f'[ "$1" = run ] && mkdir -p ../{STATIC} && echo page > ../{STATIC}/index.html; exit 0'
    hook.ensure_pages(source, npm(source, made))
    asked = (source / "asked").read_text().splitlines()
    assert asked == ["ci --no-audit --no-fund", "run build"]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo broken lock >&2; exit 3", "npm ci failed: broken lock"),
        ("exit 0", "npm made no index.html"),
        (None, "npm was not found"),
    ],
)
def test_a_build_without_pages_names_both_remedies(
    hook: ModuleType, source: Path, script: str | None, why: str
) -> None:
    environment = {"PATH": str(source)} if script is None else npm(source, script)
    with pytest.raises(RuntimeError, match=why) as caught:
        hook.ensure_pages(source, environment)
    assert "Node.js 22" in str(caught.value)
    assert "NEUROVOYANCE_API_ONLY=1" in str(caught.value)


def test_a_source_without_its_dapp_says_so(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="dapp/"):
        hook.ensure_pages(tmp_path, {"PATH": ""})


def test_who_wants_the_api_alone_gets_it(hook: ModuleType, source: Path) -> None:
    hook.ensure_pages(source, npm(source, "exit 1") | {"NEUROVOYANCE_API_ONLY": "1"})
    assert not (source / "asked").exists()


def test_an_editable_install_builds_nothing(hook: ModuleType, tmp_path: Path) -> None:
    made = hook.PagesHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    made.initialize("editable", {})
    with pytest.raises(RuntimeError):
        made.initialize("standard", {})
