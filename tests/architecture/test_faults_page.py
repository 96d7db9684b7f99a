"""Every row of the page about faults names tests that exist, and says which of them are slow."""

from __future__ import annotations

import re

import pytest
from tests.architecture.test_complaints import is_defined
from tests.architecture.test_layout import ROOT

PAGE = ROOT / "docs" / "faults.md"
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| (.+) \|$", flags=re.M)
NAMED = re.compile(r"`([\w/.]+)::(\w+)`(?: \((slow|in part slow)\))?")
ROWS = [
    (what, tests)
    for what, tests in ROW.findall(PAGE.read_text(encoding="utf-8"))
    if what != "Fault" and not what.startswith("---")
]
SLOW = "pytest.mark.slow"


def slowness(name: str, source: str) -> str:
    """Tell whether a test, or some of its cases, are left out unless all are asked for."""
    head = source.split(f"def {name}(")[0]
    last = re.split(r"\n\n\n|\n\n(?= {4}(?:@|async def|def))", head)[-1]
    if f"@{SLOW}" in last:
        return "slow"
    return "in part slow" if SLOW in last else ""


@pytest.mark.parametrize(("what", "tests"), ROWS, ids=[what for what, _ in ROWS])
def test_every_named_test_exists_and_is_as_slow_as_is_said(what: str, tests: str) -> None:
    named = NAMED.findall(tests)
    assert named, "no test causes this fault"
    assert tests.count(".py") == len(named), "a file is named without its test"
    for path, name, said in named:
        file = ROOT / "tests" / path
        assert file.is_file(), path
        source = file.read_text(encoding="utf-8")
        assert is_defined(name, source), f"{path}::{name}"
        assert slowness(name, source) == said, f"{path}::{name}"


def test_the_page_is_read_as_it_is_written() -> None:
    assert len(ROWS) > 40
    slow = "x\n\n\n@pytest.mark.slow\nasync def test_a() -> None:\n\n\ndef test_b() -> None:"
    assert (slowness("test_a", slow), slowness("test_b", slow)) == ("slow", "")
    part = f"@pytest.mark.parametrize('x', [pytest.param(1, marks={SLOW})])\ndef test_c(x):"
    assert slowness("test_c", part) == "in part slow"
