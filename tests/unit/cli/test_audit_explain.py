"""``audit explain`` tells from the chain alone what became of a job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from neurovoyance.cli.main import run

from .conftest import Invoke


def test_a_paid_job_without_audits_is_told(invoke: Invoke, settled_job: dict[str, Any]) -> None:
    shown = invoke("audit", "explain", settled_job["job_id"])
    assert (shown["state"], shown["audit"], shown["disputes"]) == ("Settled", None, [])
    assert "The provider was paid." in " ".join(shown["words"])
    text = invoke("audit", "explain", settled_job["job_id"], text=True)
    assert text.startswith(f"Job {settled_job['job_id'][:18]}, EXACT, Settled")
    assert "The provider was paid." in " ".join(text.split())


def test_an_audit_is_told_with_its_auditor_and_distance(
    audited_network: dict[str, Any], audited_job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["audit", "explain", audited_job, "--home", audited_network["home"], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["audit"]["outcome"] == "PASS"
    providers = {node["provider"] for node in audited_network["nodes"]}
    (round_,) = shown["audit"]["rounds"]
    assert {shown["provider"], round_["auditor"]} == providers
    assert round_["distance_in_tau"] in " ".join(shown["words"])


def test_an_unknown_job_is_an_error_in_words(invoke: Invoke) -> None:
    error = invoke("audit", "explain", "0x" + "ab" * 32, code=1)["error"]
    assert "There is no job" in error["message"]
    assert invoke("audit", "explain", "0xab", code=2)["error"]["code"] == "spec"
