"""Every test that the page about complaints names exists, and every complaint has some."""

from __future__ import annotations

import re

import pytest
from tests.architecture.test_layout import ROOT

PAGE = ROOT / "docs" / "complaints.md"
NAMED = re.compile(r"^- `(tests/[\w/.]+)::(\w+)`$", flags=re.M)
COMPLAINTS = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]


def is_defined(name: str, source: str) -> bool:
    """Whether a Python or Solidity source defines a test of this name."""
    return re.search(rf"^\s*(?:async )?(?:def|function) {name}\(", source, flags=re.M) is not None


@pytest.mark.parametrize("complaint", COMPLAINTS, ids=lambda text: text.split("\n")[0])
def test_every_named_test_exists(complaint: str) -> None:
    named = NAMED.findall(complaint)
    assert named, "no test shows our answer"
    assert len(named) == complaint.count("\n- "), "a line names no test"
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file()
        or not is_defined(name, (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_a_test_that_is_gone_is_noticed() -> None:
    assert len(COMPLAINTS) == 12
    assert is_defined("test_a", "    async def test_a(x: int) -> None:")
    assert is_defined("test_B", "    function test_B() public {")
    assert not is_defined("test_a", "def test_ab() -> None:\n# def test_a(")
