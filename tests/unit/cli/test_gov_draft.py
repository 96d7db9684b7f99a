"""``gov draft`` and ``propose``: refusals in words with exit code 2, files, and sending."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.cli import gov_parts

from .gov_desk import BURN, Desk


def test_a_sentence_becomes_a_file_and_the_file_a_proposal(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "burn.json"
    made = desk.json("draft", BURN, "--out", str(path))
    document = json.loads(path.read_text())
    assert document["calls"][0]["words"] == "set burnBps to 4.5 percent"
    assert made["proposal_id"] == document["proposal_id"]
    assert desk.json("draft", BURN, "--out", str(path), code=2)["error"]["code"] == "config"
    rehearsal = desk.json("propose", str(path))
    assert not rehearsal["sent"]
    assert "set burnBps to 4.5 percent" in " ".join(rehearsal["signs"])
    assert desk.json("list")["proposals"] == []
    sent = desk.json("propose", str(path), "--yes")
    assert sent["sent"] and sent["proposal_id"] == made["proposal_id"]
    [listed] = desk.json("list")["proposals"]
    assert (listed["state"], listed["title"]) == ("Pending", "Set burnBps to 4.5 percent")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("set burnBp to 4 percent because of a slip", "Did you mean burnBps"),
        ("set burnBps to 9 percent because more is better", "Earliest path"),
        ("set burnBps to 450 because units are boring", "Write it with its unit"),
        ("set burnBps to 4 percent because nothing changes", "Nothing to propose"),
        ("set burnBps from 3% to 3.5% because I guess", "write what is true now"),
        ("set seatWei to 5 NVY because seats are dear", "lists what can be changed"),
        ("set burnBps to 4.5 percent", "because"),
    ],
)
def test_what_would_be_refused_is_explained(desk: Desk, sentence: str, words: str) -> None:
    error = desk.json("draft", sentence, code=2)["error"]
    assert words in error["hint"]
    assert error["code"] == "spec"


def test_without_votes_nothing_is_proposed(desk: Desk) -> None:
    error = desk.json("propose", BURN, "--yes", account=2, code=1)["error"]
    assert "Proposing needs" in error["message"]
    assert desk.json("list")["proposals"] == []


def test_a_person_is_asked_and_may_say_no(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(question: str, **_: object) -> None:
        asked.append(question)
        raise gov_parts.typer.Abort

    monkeypatch.setattr(gov_parts.typer, "confirm", refuse)
    text = desk.text("propose", BURN, "--mine", code=130)
    assert asked == ["Sign and send?"]
    assert "#proposer=" in text and "set burnBps to 4.5 percent" in text
    assert desk.json("list")["proposals"] == []
