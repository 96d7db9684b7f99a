"""Every rule of money has a row, and every test that a row names exists."""

from __future__ import annotations

import re

import pytest
from tests.architecture.test_complaints import is_defined
from tests.architecture.test_layout import ROOT

PAGE = ROOT / "docs" / "economy-coverage.md"
PARTS = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
ROW = re.compile(r"^\| ([^|]+) \| (?:`(tests/[\w/.]+)::(\w+)`|no test) \|$")
PART_TITLES = [
    "The states of money",
    "Fee split",
    "Vesting",
    "Leaving early",
    "Emission",
    "Stake, delegation, unbonding",
    "Slashes and insurance",
    "Channels and vouchers",
    "Governance",
]


def rows(part: str) -> list[str]:
    """Return the lines of a part's table, without its head."""
    return [line for line in part.splitlines() if line.startswith("|")][2:]


def is_there(path: str, name: str) -> bool:
    """Whether a file defines a test, or an invariant, of this name."""
    file = ROOT / path
    return file.is_file() and is_defined(name, file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", PARTS, ids=lambda text: text.split("\n")[0])
def test_every_row_names_a_test_that_exists_or_says_that_there_is_none(part: str) -> None:
    found = [(line, ROW.match(line)) for line in rows(part)]
    assert len(found) >= 5
    assert [line for line, row in found if row is None] == [], "a row is malformed"
    named = [row.groups() for _, row in found if row is not None]
    assert [test for _, *test in named if test[0] and not is_there(test[0], test[1])] == []
    rules = [rule for rule, *_ in named]
    assert len(set(rules)) == len(rules), "a rule stands twice"


def test_the_page_speaks_of_every_part_of_the_economy() -> None:
    assert [part.split("\n")[0] for part in PARTS] == PART_TITLES
    untested = [line for part in PARTS for line in rows(part) if "no test" in line]
    assert len(untested) <= 2, "rules without a test: write the test"
    assert "economy-coverage.md" in (ROOT / "docs" / "economy.md").read_text(encoding="utf-8")
    assert not is_there("tests/contracts/FeeRouter.t.sol", "test_Record")
