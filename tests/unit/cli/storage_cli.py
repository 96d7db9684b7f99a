"""Runs ``neurovoyance storage`` commands in a home folder of their own; no network is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run

Storage = Callable[..., Any]


@pytest.fixture
def storage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Storage:
    """Call with the words after ``storage``; returns the JSON, or the text with ``text=True``."""

    def call(*words: object, code: int = 0, text: bool = False, home: str = "home") -> Any:
        arguments = ["storage", *map(str, words), "--home", str(tmp_path / home)]
        capsys.readouterr()
        assert run([*arguments, *([] if text else ["--json"])]) == code
        found = capsys.readouterr()
        return found.out + found.err if text else json.loads(found.out)

    return call
