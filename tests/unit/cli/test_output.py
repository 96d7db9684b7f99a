"""What is printed is exact, short where people read and whole where programs do."""

from __future__ import annotations

import doctest
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.cli import output
from neurovoyance.protocol.units import nvy as parse_nvy


def test_the_examples_hold() -> None:
    assert doctest.testmod(output).failed == 0


@given(st.integers(0, 2**96))
def test_an_amount_can_be_read_back_to_the_wei(amount_wei: int) -> None:
    text = output.nvy(amount_wei)
    assert parse_nvy(text.removesuffix(" NVY")) == amount_wei


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json({"a": 1, "path": output.__file__})
    assert json.loads(capsys.readouterr().out)["a"] == 1


def test_a_pipe_gets_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    shown = output.table("a", "b", right=("b",))
    shown.add_row("[red]x[/]", "1")
    output.console().print(shown)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "x" in text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")]
)
def test_sizes_are_read_at_a_glance(size_bytes: int, text: str) -> None:
    assert output.size(size_bytes) == text


def test_no_time_is_no_words() -> None:
    assert output.when(0) == ""
    assert len(output.when(1_700_000_000)) > 5
