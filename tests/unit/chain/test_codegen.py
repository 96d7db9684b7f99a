"""The generated files are what the generator writes now."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain import codegen
from neurovoyance.protocol.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def test_generated_files_are_up_to_date() -> None:
    for name, text in codegen.generate(ROOT / "contracts").items():
        written = (codegen.HERE / name).read_text(encoding="utf-8")
        assert written == text, f"run python -m neurovoyance.chain.codegen ({name} differs)"


def test_every_error_of_our_contracts_has_a_sentence() -> None:
    sentences = codegen.natspec(ROOT / "contracts", "error")
    ours = [entry["name"] for entry in codegen._entries("error") if "__" in entry["name"]]
    assert [name for name in ours if not sentences.get(name)] == []


@pytest.mark.parametrize(
    ("solidity", "python"),
    [
        ("jobId", "job_id"),
        ("maxPrice", "max_price"),
        ("from", "from_"),
        ("str", "str_"),
        ("pBps", "p_bps"),
        ("ERC20Paused", "erc20_paused"),
        ("toClient", "to_client"),
    ],
)
def test_names_become_snake_case(solidity: str, python: str) -> None:
    assert codegen.snake_case(solidity) == python


def test_amounts_and_times_of_events_carry_their_unit() -> None:
    assert codegen.event_field({"name": "price", "type": "uint256"}) == ("price_wei", "int")
    assert codegen.event_field({"name": "deadline", "type": "uint256"}) == ("deadline_s", "int")
    assert codegen.event_field({"name": "jobId", "type": "bytes32"}) == ("job_id", "JobId")


def test_a_type_without_a_python_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="no Python type"):
        codegen.event_field({"name": "x", "type": "function", "internalType": "function"})


def test_missing_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no contract sources"):
        codegen.generate(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("One, e.g. this one. `two` follows.", "One, e.g. this one."),
        ("No stop", "No stop"),
        ("", ""),
    ],
)
def test_messages_begin_with_the_first_sentence_only(text: str, first: str) -> None:
    assert codegen._first_sentence(text) == first
