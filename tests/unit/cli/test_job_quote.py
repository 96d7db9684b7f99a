"""``job quote`` shows every node's price or reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .conftest import Invoke


def test_every_node_has_a_row(invoke: Invoke, home: Path, network: dict[str, Any]) -> None:
    shown = invoke("job", "quote", "sum", "-i", str(home / "x.npz"))
    [answer] = shown["answers"]
    assert answer["node"] == network["nodes"][0]["url"]
    assert int(answer["lock_wei"]) >= 5 * int(answer["price_wei"]) > 0


def test_reasons_are_counted(invoke: Invoke, home: Path) -> None:
    shown = invoke("job", "quote", "sum", "-i", str(home / "x.npz"), "--max-price", "0.001")
    assert shown["summary"] == "0 of 1 nodes: 1 price"
    assert shown["answers"][0]["refusal"]["cause"] == "price"
