"""``node earnings`` explains every wei that the contracts hold for a provider."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run
from neurovoyance.cli.node_earnings import COLUMNS

from .conftest import Invoke


def config(home: Path) -> str:
    return str(home / "local" / "node-1" / "node.toml")


def test_a_settled_job_is_in_the_ledger_and_nothing_is_unexplained(
    invoke: Invoke, home: Path, settled_job: dict[str, Any]
) -> None:
    shown = invoke("node", "earnings", "--config", config(home))
    for pocket in shown["pockets"]:
        assert pocket["events_wei"] == pocket["contract_wei"], pocket
    jobs = [row for row in shown["rows"] if row["subject"] == settled_job["job_id"]]
    assert [row["reason"] for row in jobs] == ["job"]
    assert int(jobs[0]["income_wei"]) > 0
    assert int(shown["income_wei"]["job"]) >= int(jobs[0]["income_wei"])
    one = invoke("node", "earnings", "--config", config(home), "--job", settled_job["job_id"][:20])
    assert one["rows"] == jobs


def test_people_and_spreadsheets_get_the_same(
    invoke: Invoke, home: Path, settled_job: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    text = invoke("node", "earnings", "--config", config(home), text=True)
    assert "as events say" in text and "together" in text and "job" in text
    assert run(["node", "earnings", "--csv", "--config", config(home), "--home", str(home)]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert set(lines[0]) == set(COLUMNS)
    jobs = [line for line in lines if line["subject"] == settled_job["job_id"]]
    assert [line["reason"] for line in jobs] == ["job"]


def test_where_fees_are_split_every_pocket_is_explained(
    economy_home: Path, economy_provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["node", "earnings", "--provider", economy_provider, "--home", str(economy_home)]
    assert run([*arguments, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    pockets = {pocket["pocket"] for pocket in shown["pockets"]}
    assert pockets == {"earned", "fees", "owed to the vault", "vesting", "stake"}


def test_without_an_owner_it_asks_for_one(invoke: Invoke) -> None:
    assert "--provider" in invoke("node", "earnings", code=2)["error"]["hint"]
