"""``neurovoyance stake`` as a holder types it, on a network with the economy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run


def typed(home: Path, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert run([*words, "--home", str(home), "--json"]) == code
    return json.loads(capsys.readouterr().out or "{}")


def test_a_delegation_is_made_shown_and_taken_back(
    economy_home: Path, economy_provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = typed(economy_home, capsys, "stake", "delegate", economy_provider, "25", "--yes")
    assert made["delegation"]["amount_wei"] == str(25 * 10**18)
    shown = typed(economy_home, capsys, "stake", "show", "--with", economy_provider)
    assert shown["delegation"]["provider"] == economy_provider
    back = typed(economy_home, capsys, "stake", "undelegate", economy_provider, "--yes")
    assert back["delegation"]["amount_wei"] == "0"
    assert back["delegation"]["unbonding_wei"] == str(25 * 10**18)
    assert run(["stake", "show", "--home", str(economy_home), "--with", economy_provider]) == 0
    assert "25" in capsys.readouterr().out


def test_a_provider_adds_and_unbonds(
    economy_owner_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = int(typed(economy_owner_home, capsys, "stake", "show")["own_wei"])
    after = typed(economy_owner_home, capsys, "stake", "unbond", "10", "--yes")
    assert int(after["own_wei"]) == before - 10 * 10**18
    assert after["unbonding_wei"] == str(10 * 10**18)


def test_what_is_not_ready_is_refused_in_words(
    economy_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stake", "withdraw", "--home", str(economy_home)]) != 0
    assert "unbonding" in capsys.readouterr().err.lower()


def test_a_network_without_the_economy_is_told_apart(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stake", "show", "--home", str(home)]) == 2
    assert "neurovoyance up --economy" in capsys.readouterr().err
