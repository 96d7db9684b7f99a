"""The demo ends well, says so in its exit code, and its JSON adds up."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from neurovoyance.tokenomics.emission import Emission
from neurovoyance.tokenomics.params import pack

WEI = 10**18
pytestmark = pytest.mark.timeout(700)


@pytest.fixture(scope="module")
def finished() -> subprocess.CompletedProcess[str]:
    pytest.importorskip("magika")
    return subprocess.run(
        [sys.executable, "-m", "neurovoyance.cli.main", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def shown(finished: subprocess.CompletedProcess[str]) -> Any:
    assert finished.returncode == 0, finished.stdout[-3_000:] + finished.stderr[-3_000:]
    return json.loads(finished.stdout)


def test_it_prints_one_json_object_and_nothing_else(
    finished: subprocess.CompletedProcess[str], shown: Any
) -> None:
    assert set(shown) == {"jobs", "labels", "balances", "cheat", "economy", "seconds"}
    assert finished.stderr == ""


def test_every_job_is_settled_or_was_refunded_and_done_again(shown: Any) -> None:
    keys = {
        "id", "state", "model_cid", "result_cid", "provider", "price_wei", "paid_wei",
        "refunded_wei",
    }  # fmt: skip
    assert len(shown["jobs"]) >= 6
    for job in shown["jobs"]:
        assert set(job) == keys
        if job["state"] == "Settled":
            # A new provider bears what its certain audits cost more than the client's premium.
            assert 0 < int(job["paid_wei"]) <= int(job["price_wei"])
            assert job["result_cid"].startswith("b")
        else:
            assert job["paid_wei"] == "0"
    assert sum(job["state"] == "Settled" for job in shown["jobs"]) >= 6


def test_a_fee_is_split_vests_and_leaves_and_a_vote_is_held(shown: Any) -> None:
    story = shown["economy"]
    fees_wei = int(story["fees_wei"])
    slices = {name: int(wei) for name, wei in story["slices_wei"].items()}
    assert sum(slices.values()) == fees_wei > 0
    assert slices["to the provider at once"] * 10_000 >= fees_wei * 6_000
    assert slices["to the provider, vesting"] == fees_wei * 1_800 // 10_000
    assert int(story["released_wei"]) > 0
    left = {name: int(wei) for name, wei in story["exit_wei"].items()}
    assert left["paid"] + left["penalty"] == left["amount"]
    assert left["to those who stay"] + left["burned"] + left["to insurance"] == left["penalty"]
    assert 0 < int(story["emission_wei"]["work"]) * 10_000 < fees_wei * 900
    assert story["canary"]["name"] == story["provider"], "the drawn node is the one followed"
    assert (story["canary"]["passed"], story["canary"]["drawn"]) == (1, 1)
    # At the genesis rates a week's whole availability pool: nobody else was drawn.
    emission = Emission(first_epoch=1)
    emission.roll(2, pack("emission"), fees_wei=0, sink_bps=0, staked_wei=0, circulating_wei=1)
    assert int(story["emission_wei"]["avail"]) == emission.epochs[1].avail_pool_wei
    assert story["changed"] == {"key": "burnBps", "before": 400, "after": 450}


def test_the_cheat_was_caught_slashed_and_its_client_served_by_another(shown: Any) -> None:
    cheat = shown["cheat"]
    assert cheat["state"] == "Rejected"
    assert len(cheat["distances_in_tau"]) == 2
    assert all(float(distance) > 5 for distance in cheat["distances_in_tau"])
    assert int(cheat["slashed_wei"]) > 200 * WEI
    told = " ".join(cheat["words"])
    for part in ("the result fails", "price back", "burned", "client", "finder", "insurance"):
        assert part in told


def test_the_jobs_were_spread_over_several_providers(shown: Any) -> None:
    assert len({job["provider"] for job in shown["jobs"] if job["provider"]}) >= 2


def test_files_of_many_kinds_got_their_labels(shown: Any) -> None:
    labels = shown["labels"]
    assert labels["picture.png"] == "png"
    assert labels["archive.zip"] == "zip"
    assert labels["tone.wav"] == "wav"
    assert labels["page.pdf"] == "pdf"
    assert labels["protocol/job_spec.py"] == "python"
    assert "elf" in labels.values()


def test_nobody_has_more_than_was_there(shown: Any) -> None:
    balances = shown["balances"].values()
    client = next(view for view in balances if int(view["available_wei"]) > 800 * WEI)
    providers = [view for view in balances if view is not client]
    assert len(providers) == 4
    staked = sorted(int(view["reserved_wei"]) for view in providers)
    # The cheat, and the killed node if it came back so late that its client was refunded.
    losers = 1 + (sum(job["state"] != "Settled" for job in shown["jobs"]) > 1)
    assert staked[losers - 1] < 5_000 * WEI == staked[losers] == staked[3]
    assert client["reserved_wei"] == client["pending_wei"] == "0"
    spent_wei = 1_000 * WEI - int(client["available_wei"])
    bond_wei = 100 * WEI
    got_wei = sum(int(view["pending_wei"]) for view in providers)
    assert bond_wei < spent_wei < bond_wei + WEI, "the registrant's bond, and cents for the jobs"
    assert got_wei > 0
