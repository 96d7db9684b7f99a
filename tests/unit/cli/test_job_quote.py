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


def test_the_ranking_is_explained(invoke: Invoke, home: Path, network: dict[str, Any]) -> None:
    arguments = ("job", "quote", "sum", "-i", str(home / "x.npz"), "--preset", "reliable")
    [row] = invoke(*arguments, "--explain")["ranking"]["rows"]
    assert (row["rank"], row["cause"], row["node"]) == (1, None, network["nodes"][0]["url"])
    assert row["reasons"][0] == "the only one that fits"
    text = invoke(*arguments, "--explain", text=True)
    assert "Best for reliable" in text


def test_a_wrong_preset_is_refused(invoke: Invoke, home: Path) -> None:
    arguments = ("job", "quote", "sum", "-i", str(home / "x.npz"), "--preset", "best")
    assert "preset: 'best' is none of" in invoke(*arguments, code=2)["error"]["message"]
