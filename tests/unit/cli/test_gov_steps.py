"""``gov queue``, ``execute`` and ``cancel``, at the right and at the wrong time."""

from __future__ import annotations

from .gov_desk import Desk


def test_a_proposal_goes_from_vote_to_effect_by_commands(desk: Desk) -> None:
    proposal = desk.proposed()
    assert desk.json("queue", proposal, "--yes", code=1)["error"]["context"] == {
        "state": "Pending",
        "needed": "Succeeded",
    }
    desk.to_vote(proposal)
    for account in (0, 1):
        desk.json("vote", proposal, "for", "--yes", account=account)
    desk.to_end(proposal)
    assert desk.json("queue", proposal, "--yes", account=2)["sent"]
    error = desk.json("execute", proposal, "--yes", code=1)["error"]
    assert "waits in the timelock" in error["message"]
    desk.to_execution(proposal)
    assert "set burnBps to 4.5 percent" in desk.text("execute", proposal, "--yes", account=2)
    assert desk.json("show", proposal)["state"] == "Executed"
    assert desk.json("params", "burnBps")["parameters"][0]["pending"] == "450"


def test_the_proposer_withdraws_and_others_cannot(desk: Desk) -> None:
    proposal = desk.proposed()
    error = desk.json("cancel", proposal, "--yes", account=1, code=1)["error"]
    assert "neither made this proposal" in error["message"]
    assert desk.json("cancel", proposal, "--yes")["sent"]
    assert desk.json("show", proposal)["state"] == "Canceled"
    error = desk.json("cancel", proposal, "--yes", code=1)["error"]
    assert "was cancelled" in error["message"]
