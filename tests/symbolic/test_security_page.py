"""The tests that the page on security names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/economy-security.md", "docs/economy-proofs.md")
_NAMED = re.compile(r"`((?:tests|contracts)/[\w./]+)::(\w+)`")


def _defines(path: Path, name: str) -> bool:
    keyword = "def" if path.suffix == ".py" else "function"
    text = path.read_text(encoding="utf-8")
    return re.search(rf"\b{keyword} {name}\(", text) is not None


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    named = _NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    gone = [f"{p}::{n}" for p, n in named if not (ROOT / p).exists() or not _defines(ROOT / p, n)]
    assert not gone


def test_every_invariant_of_the_design_has_a_test() -> None:
    text = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    rows = {int(row[0]): row[1] for row in re.findall(r"^\| (\d+) \|[^|]*\|(.*)\|$", text, re.M)}
    assert sorted(rows) == list(range(1, 19))
    assert all(_NAMED.search(tests) for tests in rows.values())
