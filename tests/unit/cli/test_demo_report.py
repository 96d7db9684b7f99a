"""The report says what happened to people and programs alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from neurovoyance.cli.demo_audits import CheatStory
from neurovoyance.cli.demo_canary import CanaryStory
from neurovoyance.cli.demo_economy import EconomyStory
from neurovoyance.cli.demo_report import print_report, report_json
from neurovoyance.cli.demo_run import DemoReport
from neurovoyance.client.journal import Status
from neurovoyance.client.money import Bucket, MoneyLine, MoneyView

from .test_demo_run import attempt, demo_job

ME, NODE = "0x" + "aa" * 20, "0x" + "bb" * 20

CHEAT = CheatStory(
    "node 4",
    {
        "job_id": "0x02",
        "state": "Rejected",
        "audit": {"rounds": [{"distance_in_tau": "812.5"}, {}]},
        "slashes": [{"amount_wei": str(250 * 10**18)}],
    },
    [f"Auditor {NODE[:10]} repeated the job."],
)


STORY = EconomyStory(
    provider="node 1",
    fees_wei=10**18,
    slices={"burned": 4 * 10**16, "to the provider at once": 96 * 10**16},
    released_wei=10**15,
    exit={
        "amount": 10**16,
        "penalty": 5 * 10**15,
        "paid": 5 * 10**15,
        "to those who stay": 0,
        "burned": 10**15,
        "to insurance": 4 * 10**15,
    },
    emission={"work": 10**16, "avail": 7 * 10**18, "liquid": 10**18, "vested": 6 * 10**18},
    change={"before": 400, "after": 450},
    votes_for_wei=6 * 10**24,
    days=40.2,
    canary=CanaryStory(NODE, "node 1", 10**17, 1, 1),
)


def report_of(*attempts: Any, faults: list[str]) -> DemoReport:
    view = MoneyView(ME, 0, (MoneyLine(Bucket.FREE, 5, ""), MoneyLine(Bucket.STAKED, 7, "")))
    return DemoReport(
        jobs=[demo_job(*attempts, provider=NODE)],
        labels={"a.png": "png", "empty": "empty"},
        direct={"a.png": "png", "empty": "empty"},
        job_of_file={"a.png": "code"},
        balances={ME: view},
        names={ME: "client", NODE: "node 1"},
        cheat=CHEAT,
        economy=STORY,
        killed="node 1",
        killed_job="code",
        away_s=4.2,
        seconds=12.345,
        folder="/kept",
        faults=faults,
    )


def test_programs_get_jobs_labels_balances_and_seconds() -> None:
    shown = report_json(report_of(attempt(0, Status.SETTLED), faults=[]))
    assert set(shown) == {"jobs", "labels", "balances", "cheat", "economy", "seconds"}
    assert shown["cheat"]["distances_in_tau"] == ["812.5"]
    assert shown["cheat"]["slashed_wei"] == str(250 * 10**18)
    assert shown["balances"][ME] == {
        "available_wei": "5",
        "reserved_wei": "7",
        "pending_wei": "0",
    }
    assert shown["seconds"] == 12.35 or shown["seconds"] == 12.34
    assert report_json(report_of(attempt(0, Status.SETTLED), faults=["x"]))["faults"] == ["x"]


def test_people_read_the_story_of_the_killed_node(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report_of(attempt(0, Status.SETTLED), faults=[]))
    text = capsys.readouterr().out
    assert "finished the job once; paid once" in " ".join(text.split())
    assert "All right." in text
    print_report(report_of(attempt(0, Status.REFUNDED), attempt(1, Status.SETTLED), faults=[]))
    assert "the client refunded" in " ".join(capsys.readouterr().out.split())


def test_people_read_how_the_cheat_was_caught(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report_of(attempt(0, Status.SETTLED), faults=[]))
    text = " ".join(capsys.readouterr().out.split())
    assert "node 4 computed with int8 weights" in text
    assert "812.5 tau; 1 tau is allowed" in text and "verdict Rejected" in text
    assert "lost 250 NVY of stake" in text and "Auditor node 1 repeated the job." in text


def test_people_read_where_a_fee_went_and_what_a_vote_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_report(report_of(attempt(0, Status.SETTLED), faults=[]))
    text = " ".join(capsys.readouterr().out.split())
    assert "fees of node 1 1" in text and "burned 0.04 4 %" in text
    assert "A vote of 6000000 NVY changed the burned part of fees from 4 % to 4.5 %." in text
    assert "40 days on the chain" in text


def test_people_read_what_the_canary_was_and_what_it_earned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = report_of(attempt(0, Status.SETTLED), faults=[])
    print_report(report)
    text = " ".join(capsys.readouterr().out.split())
    assert "drawn by lot for node 1, for 0.1 NVY of the protocol;" in text
    assert "1 of 1 passed" in text
    assert "emission for its canary 7 the week's whole pool" in text
    report.economy = replace(STORY, canary=CanaryStory(), emission={})
    print_report(report)
    assert "The canary" not in capsys.readouterr().out


def test_a_fault_is_shown_instead_of_all_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report_of(attempt(0, Status.SETTLED), faults=["the books are off"]))
    text = capsys.readouterr().out
    assert "wrong  the books are off" in text
    assert "All right" not in text
    assert "/kept" in text
