"""``gov simulate`` tells what would change, and changes nothing."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.tokenomics.params import PARAMETERS

from .gov_desk import BURN, Desk


def test_a_draft_is_tried_before_it_is_made(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "burn.json"
    desk.json("draft", BURN, "--out", str(path))
    shown = desk.json("simulate", str(path))
    assert shown["is_accepted"] and shown["changed"] == {"burnBps": ["400", "450"]}
    assert len(shown["parameters"]) == sum(bool(p.word) for p in PARAMETERS.values())
    assert shown["effect"] == {}
    text = desk.text("simulate", str(path))
    assert "4 percent 4.5 percent" in text and "nothing was sent or changed" in text
    assert desk.json("params", "burnBps")["parameters"][0]["value"] == "400"


def test_a_proposal_of_the_chain_is_tried_with_its_effect_in_a_year(desk: Desk) -> None:
    proposal = desk.proposed()
    shown = desk.json("simulate", proposal, "--years", "1", "--seeds", "4")
    low, middle, high = shown["effect"]["providers_end"]["difference"]
    assert low <= middle <= high
    text = desk.text("simulate", proposal, "--years", "1", "--seeds", "4")
    assert "a model, not a promise" in text
    error = desk.json("simulate", proposal, "--years", "9", code=2)["error"]
    assert "not simulated" in error["message"]


def test_a_proposal_that_would_fail_says_why(desk: Desk) -> None:
    first = desk.proposed()
    # Executed after the first, the second finds the parameter resting.
    desk.to_vote(first)
    for account in (0, 1):
        desk.json("vote", first, "for", "--yes", account=account)
    second = desk.json("propose", BURN.replace("4.5", "4.4"), "--yes")["proposal_id"]
    desk.to_end(first)
    desk.json("queue", first, "--yes")
    desk.to_execution(first)
    desk.json("execute", first, "--yes")
    shown = desk.json("simulate", second)
    assert shown["is_accepted"] == (shown["refusals"] == {})
    assert shown["is_accepted"] is False
    assert "changed too recently" in shown["refusals"]["0"]
    assert "It would fail as a whole" in desk.text("simulate", second)
