"""The demo ends well, says so in its exit code, and its JSON adds up."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

WEI = 10**18


@pytest.fixture(scope="module")
def finished() -> subprocess.CompletedProcess[str]:
    pytest.importorskip("magika")
    return subprocess.run(
        [sys.executable, "-m", "neurovoyance.cli.main", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.fixture(scope="module")
def shown(finished: subprocess.CompletedProcess[str]) -> Any:
    assert finished.returncode == 0, finished.stdout[-3_000:] + finished.stderr[-3_000:]
    return json.loads(finished.stdout)


def test_it_prints_one_json_object_and_nothing_else(
    finished: subprocess.CompletedProcess[str], shown: Any
) -> None:
    assert set(shown) == {"jobs", "labels", "balances", "seconds"}
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
            assert job["paid_wei"] == job["price_wei"] != "0"
            assert job["result_cid"].startswith("b")
        else:
            assert job["paid_wei"] == "0"
    assert sum(job["state"] == "Settled" for job in shown["jobs"]) >= 6


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


def test_what_the_client_paid_is_what_the_providers_have(shown: Any) -> None:
    paid_wei = sum(int(job["paid_wei"]) for job in shown["jobs"])
    balances = shown["balances"]
    client = next(view for view in balances.values() if int(view["available_wei"]) > 900 * WEI)
    providers = [view for view in balances.values() if view is not client]
    assert len(providers) == 3
    got_wei = sum(int(view["pending_wei"]) + int(view["available_wei"]) for view in providers)
    assert got_wei == paid_wei == 1_000 * WEI - int(client["available_wei"])
    assert client["reserved_wei"] == client["pending_wei"] == "0"
