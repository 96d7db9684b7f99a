"""``node worker`` refuses what is malformed before anything starts, and never shows a password."""

from __future__ import annotations

import pytest

from neurovoyance.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--redis", "amqp://me:hushhush@h"], "address of Redis"),
        (["--redis", "redis://me:hushhush@127.0.0.1:1"], "does not answer"),
        (["--redis", "redis://h", "--name", "a b"], "name of a worker"),
        (["--redis", "redis://h", "--farm", "A"], "name of a farm"),
        (["--redis", "redis://h", "--engine", "tea"], "ort or torch"),
        (["--redis", "redis://h", "--idle", "--config", "/none.toml"], "There is no file"),
        (["--redis", "redis://h", "--config", __file__], "[idle] of"),
    ],
)
def test_faults_are_told_plainly(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["node", "worker", *arguments]) == 2
    captured = capsys.readouterr()
    shown = " ".join((captured.out + captured.err).split())
    assert said in shown
    assert "hushhush" not in shown
