"""``job submit`` hires, waits, checks and pays; what it shows is true on chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from safetensors.numpy import load_file

from neurovoyance.cli.main import run

from .conftest import Invoke


def test_a_submitted_job_is_settled_and_its_result_kept(settled_job: dict[str, Any]) -> None:
    assert settled_job["state"] == "Settled"
    assert settled_job["outputs"] == {"y": {"dtype": "float32", "shape": [1, 1]}}
    assert load_file(settled_job["result"])["y"].tolist() == [[6.0]]
    assert settled_job["receipt"]["paid_wei"] == settled_job["receipt"]["price_wei"]


def test_a_listing_is_told_phase_by_phase(invoke: Invoke, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "y.safetensors"
    text = invoke(
        "job", "submit", "sum", "-i", str(home / "x.npz"), "--listing", "--max-price", "0.5",
        "--yes", "-o", str(out), text=True,
    )  # fmt: skip
    words = [line.split()[2] for line in text.splitlines() if " s  " in line]
    assert [w for w in words if w in ("posted", "assigned", "revealed", "checked", "settled")][
        -4:
    ] == ["assigned", "revealed", "checked", "settled"]
    assert load_file(out)["y"].tolist() == [[6.0]]


def test_the_price_is_shown_and_asked_for_before_anything_is_signed(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(question: str, **options: Any) -> None:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", refuse)
    code = run(["job", "submit", "sum", "-i", str(home / "x.npz"), "--home", str(home)])
    out = capsys.readouterr().out
    assert (code, asked) == (130, ["Hire?"])
    assert "0.07 NVY" in out
    assert "refunded if none comes in time" in out


def test_a_price_that_nobody_takes_exits_with_three(invoke: Invoke, home: Path) -> None:
    arguments = ("job", "submit", "sum", "-i", str(home / "x.npz"), "--max-price", "0.001")
    error = invoke(*arguments, code=3)["error"]
    assert error["code"] == "request.not_hired"
    assert "0 of 1 nodes: 1 price" in error["message"]


def test_a_wrong_amount_is_refused_at_once(invoke: Invoke, home: Path) -> None:
    arguments = ("job", "submit", "sum", "-i", str(home / "x.npz"), "--max-price", "1e3")
    assert invoke(*arguments, code=2)["error"]["code"] == "spec"
