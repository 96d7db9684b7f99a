"""``gov delegate``, ``vote`` and ``relay``: votes counted, ballots carried, refusals in words."""

from __future__ import annotations

import json
from pathlib import Path

from tests.governed import FRIEND, STRANGER

from .gov_desk import Desk


def test_votes_are_delegated_to_somebody_and_back(desk: Desk) -> None:
    assert "already" in desk.json("delegate", "--yes", code=1)["error"]["message"]
    rehearsal = desk.json("delegate", STRANGER.address)
    assert not rehearsal["sent"] and "6,000,000 NVY" in " ".join(rehearsal["signs"])
    assert desk.json("delegate", STRANGER.address, "--yes")["sent"]
    assert "Sent and mined" in desk.text("delegate", "--yes")


def test_a_vote_before_its_time_or_without_votes_sends_nothing(desk: Desk) -> None:
    proposal = desk.proposed()
    error = desk.json("vote", proposal, "for", "--yes", code=1)["error"]
    assert "Voting begins on" in error["message"]
    desk.to_vote(proposal)
    error = desk.json("vote", proposal, "for", "--yes", account=2, code=1)["error"]
    assert "had no votes" in error["message"]
    assert desk.json("vote", proposal, "maybe", "--yes", code=2)["error"]["code"] == "spec"
    assert desk.json("show", proposal)["ballots"] == []


def test_a_ballot_is_signed_here_and_sent_there(desk: Desk, tmp_path: Path) -> None:
    proposal = desk.proposed()
    desk.to_vote(proposal)
    ballot = desk.json("vote", proposal, "against", "--reason", "later", "--sign-only", account=1)
    assert (ballot["voter"], ballot["support"]) == (FRIEND.address, "against")
    path = tmp_path / "ballot.json"
    path.write_text(json.dumps(ballot))
    rehearsal = desk.json("relay", str(path), account=2)
    assert not rehearsal["sent"] and "later" in " ".join(rehearsal["signs"])
    assert desk.json("relay", str(path), "--yes", account=2)["voter"] == FRIEND.address
    [vote] = desk.json("show", proposal)["ballots"]
    assert (vote["voter"], vote["reason"]) == (FRIEND.address, "later")
    error = desk.json("relay", str(path), "--yes", account=2, code=2)["error"]
    assert "relayed already" in error["message"]


def test_what_is_no_ballot_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"format": "something else"}')
    assert "not a signed ballot" in desk.json("relay", str(path), code=2)["error"]["message"]
    assert desk.json("relay", str(tmp_path / "none"), code=2)["error"]["code"] == "config"
