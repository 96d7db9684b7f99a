"""A proposal file is canonical, and a changed one is not believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.governance.grammar import parse_wish
from neurovoyance.governance.proposal_file import (
    Draft,
    actions_of,
    canonical,
    draft_json,
    draft_of,
    id_hex,
    load_draft,
    save_draft,
)
from neurovoyance.protocol.errors import ConfigError, SpecError

from .wishes import address_of, deployment

HERE = deployment()
SENTENCE = "raise burnBps from 4% to 4.5% and set treasuryBps to 2.5 percent because it is time"


def made(proposer: str | None = None) -> Draft:
    hashes = ("0x" + "11" * 32,) * 2
    return draft_of(
        HERE, parse_wish(SENTENCE), is_constitutional=False, code_hashes=hashes, proposer=proposer
    )


def test_the_same_sentence_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    save_draft(HERE, made(), first)
    save_draft(HERE, made(), second)
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(first.read_text())
    assert canonical(document) == first.read_text()
    assert load_draft(HERE, first) == made()
    with pytest.raises(ConfigError, match="exists already"):
        save_draft(HERE, made(), first)


def test_the_text_says_what_and_why_and_binds_its_proposer() -> None:
    text = made().actions.description
    assert text.startswith("# Set burnBps to 4.5 percent, and 1 more\n")
    assert "- set treasuryBps to 2.5 percent\n" in text and "it is time" in text
    bound = made(address_of(7)).actions.description
    assert bound.endswith(f"#proposer={address_of(7)}")
    assert len(bound.rsplit("#proposer=")[1]) == 42
    assert "from 4 percent" not in text


def test_the_id_is_the_hash_of_calls_and_text() -> None:
    wish = parse_wish(SENTENCE)
    assert actions_of(HERE, wish).proposal_id != actions_of(HERE, wish, address_of(7)).proposal_id
    assert len(id_hex(made().actions.proposal_id)) == 66


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": "other"}, "format"),
        ({"chain_id": 1}, "another network"),
        ({"governor": "constitutional"}, "another network"),
        ({"description": "something nicer"}, "not the hash"),
        ({"proposal_id": "0x" + "00" * 32}, "not the hash"),
        ({"sentence": "set burnBps to 1 percent because it is time"}, "sentence is not"),
        ({"calls": []}, "not the hash"),
        ({"calls": 5}, "format"),
    ],
)
def test_a_changed_file_is_not_used(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    path = tmp_path / "changed.json"
    path.write_text(canonical({**draft_json(HERE, made()), **change}))
    with pytest.raises(SpecError, match=why):
        load_draft(HERE, path)


def test_words_that_are_not_those_of_the_calls_are_not_believed(tmp_path: Path) -> None:
    document = draft_json(HERE, made())
    document["calls"][0]["words"] = "set burnBps to 1 percent"
    path = tmp_path / "lies.json"
    path.write_text(canonical(document))
    with pytest.raises(SpecError, match="its words are not what its calls do"):
        load_draft(HERE, path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_draft(HERE, tmp_path / "none.json")
    path = tmp_path / "binary.json"
    for content in (b"\xff\xfe", b"[" * 100_000, b"7", b" " * (1 << 21)):
        path.write_bytes(content)
        with pytest.raises(SpecError):
            load_draft(HERE, path)
