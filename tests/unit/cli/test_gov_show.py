"""``gov list``, ``show`` and ``explain``: words from calldata, not from the proposer."""

from __future__ import annotations

from pathlib import Path

from .gov_desk import BURN, Desk


def test_a_proposal_is_shown_in_words_with_votes(desk: Desk) -> None:
    proposal = desk.proposed()
    desk.to_vote(proposal)
    desk.json("vote", proposal[:14], "for", "--reason", "it is [bold]time", "--yes")
    shown = desk.json("show", proposal)
    assert shown["state"] == "Active" and shown["is_code_unchanged"]
    [change] = shown["parameters"]
    assert (change["before"], change["after"]) == ("4 percent", "4.5 percent")
    assert shown["votes"]["has_quorum"] and shown["votes"]["for_wei"] == str(6 * 10**24)
    [ballot] = shown["ballots"]
    assert (ballot["support"], ballot["reason"]) == ("for", "it is [bold]time")
    text = desk.text("show", proposal[:14])
    for words in ("ProtocolParams.set", "calldata 0x", "code hash 0x", "it is [bold]time"):
        assert words in text
    assert "Quorum 5000000 NVY: reached" in text


def test_explain_tells_what_a_draft_does(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "burn.json"
    desk.json("draft", BURN, "--out", str(path))
    words = " ".join(desk.json("explain", str(path))["words"])
    assert "It would set burnBps to 4.5 percent." in words
    assert "burnBps is 4 percent now and would be 4.5 percent" in words
    assert "part of every fee" in desk.text("explain", str(path))


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    assert "There is no proposal yet" in desk.text("list")
    assert desk.json("list") == {"proposals": []}
    error = desk.json("show", "0xabcd", code=2)["error"]
    assert "No proposals of this network begin" in error["message"]
    assert desk.json("show", "abc", code=2)["error"]["code"] == "spec"


def test_the_list_shows_proposals_in_rows(desk: Desk) -> None:
    proposal = desk.proposed()
    text = desk.text("list")
    assert proposal[:12] in text and "Pending" in text and "Standard" in text
