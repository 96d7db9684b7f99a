"""``model verify`` needs a network, and a model that it can find; the rest is an integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.cli.main import run

from .conftest import Invoke


def test_without_a_network_it_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "verify", "m", "--home", str(tmp_path)]) == 2
    assert "neurovoyance up" in capsys.readouterr().err


def test_a_model_that_nobody_knows_is_not_verified(invoke: Invoke) -> None:
    shown = invoke("model", "verify", "no-such-model", code=1)
    assert "No model 'no-such-model' is published here" in shown["error"]["message"]
