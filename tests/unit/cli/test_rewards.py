"""``neurovoyance rewards``: a provider's fee from the job into its wallet and the vault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurovoyance.cli.main import run

from .conftest import write_sum_model
from .test_stake import typed


def test_a_fee_is_split_vests_and_an_exit_is_announced(
    economy_home: Path, economy_owner_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_sum_model(economy_home / "sum.onnx")
    np.savez(economy_home / "x.npz", x=np.array([[1, 2, 3]], np.float32))
    typed(economy_home, capsys, "model", "add", str(model), "--name", "sum")
    job = typed(economy_home, capsys, "job", "submit", "sum", "-i", str(economy_home / "x.npz"))
    assert job["state"] == "Settled"
    earned = typed(economy_owner_home, capsys, "rewards", "show")
    fees_wei = int(earned["fees_wei"])
    assert fees_wei == int(job["receipt"]["paid_wei"]) > 0

    split = typed(economy_owner_home, capsys, "rewards", "harvest")
    assert split["fees_wei"] == "0"
    # What a division into 26 weeks leaves over is releasable at once.
    assert int(split["releasable_wei"]) < 26
    vested_wei = int(split["unvested_wei"]) + int(split["releasable_wei"])
    assert vested_wei == fees_wei * 1_800 // 10_000
    schedule = [int(wei) for wei in split["schedule_wei"]]
    assert len(schedule) == 26
    assert abs(sum(schedule) - int(split["unvested_wei"])) <= 26

    announced = typed(economy_owner_home, capsys, "rewards", "leave", "0.001", "--yes")
    assert announced["exit"]["amount_wei"] == str(10**15)
    assert run(["rewards", "leave", "--yes", "--home", str(economy_owner_home)]) != 0
    assert "24 hours" in capsys.readouterr().err
    assert run(["rewards", "show", "--home", str(economy_owner_home)]) == 0
    assert "still vesting" in capsys.readouterr().out


def test_nothing_to_release_or_claim_is_said(
    economy_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rewards", "release", "--home", str(economy_home)]) != 0
    assert capsys.readouterr().err
    assert typed(economy_home, capsys, "rewards", "claim")["claimable_wei"] == {}
