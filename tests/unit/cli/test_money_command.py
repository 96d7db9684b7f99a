"""``money`` adds up, and moves free balance back to the wallet on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .conftest import Invoke


def test_every_coin_of_the_client_is_on_a_line(invoke: Invoke, settled_job: dict[str, Any]) -> None:
    shown = invoke("money")
    lines = sum(int(line["amount_wei"]) for line in shown["lines"])
    parts = sum(int(shown[f"{name}_wei"]) for name in ("available", "reserved", "pending"))
    assert lines == parts < 1_000 * 10**18


def test_free_balance_comes_back_to_the_wallet(
    invoke: Invoke, home: Path, settled_job: dict[str, Any]
) -> None:
    invoke(
        "job",
        "submit",
        "sum",
        "-i",
        str(home / "x.npz"),
        "--listing",
        "--max-price",
        "0.2",
        "--yes",
    )  # the unused part of the listing's escrow is free now
    before = {line["bucket"]: int(line["amount_wei"]) for line in invoke("money")["lines"]}
    assert before["free"] >= 10**17
    after = {
        line["bucket"]: int(line["amount_wei"])
        for line in invoke("money", "--withdraw", "0.1")["lines"]
    }
    assert after["wallet"] == before["wallet"] + 10**17
    assert after["free"] == before["free"] - 10**17


def test_a_providers_account_can_be_looked_at(
    invoke: Invoke, network: dict[str, Any], settled_job: dict[str, Any]
) -> None:
    text = invoke("money", "--address", network["nodes"][0]["provider"], text=True)
    assert "staked" in text
    assert "earned" in text
