"""The demo notices what is wrong: labels, states, double pay, books."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from neurovoyance.cli.demo_report import attempts_json as entries_of
from neurovoyance.cli.demo_run import DemoJob, DemoReport, _job_faults, _label_faults, _matching
from neurovoyance.client.filetypes import FileFeatures
from neurovoyance.client.journal import Attempt, Status, StoredEvent
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobSpec

SPEC = JobSpec(model_id=bytes(32), input_cid=b"\x01\x55\x12\x20" + bytes(32))


def attempt(number: int, status: Status, note: str = "") -> Attempt:
    job_id = JobId(bytes([number + 1]) * 32)
    return Attempt(job_id, "o", number, SPEC, bytes(32), 3, 0, 0, "", None, None, status, note)


def demo_job(*attempts: Attempt, **receipt: Any) -> DemoJob:
    job: Any = SimpleNamespace(attempts=list(attempts))
    shown = {
        "job_id": "0x01", "state": "Settled", "model_cid": "m", "result_cid": "r",
        "provider": "p", "price_wei": "3", "paid_wei": "3", "refunded_wei": "0", "audits_wei": "0",
        **receipt,
    }  # fmt: skip
    return DemoJob("code", "offer", ["a"], job, shown, list(attempts))


def test_a_label_that_differs_from_the_direct_run_is_a_fault() -> None:
    report: Any = SimpleNamespace(labels={"a": "png", "b": "zip"}, direct={"a": "png", "b": "gif"})
    faults = _label_faults(report)
    assert faults == ["b: the market says zip, a direct run gif."]
    report.direct["c"] = "pdf"
    assert len(_label_faults(report)) == 2


def test_a_job_paid_twice_or_not_at_all_is_a_fault() -> None:
    item = demo_job(attempt(0, Status.REFUNDED), attempt(1, Status.SETTLED))
    settled = StoredEvent("JobSettled", 1, "0x", 0, "0x", b"", {})
    for events, words in (([settled], "paid 2 times"), ([], "paid 0 times")):
        journal = SimpleNamespace(events_of=lambda job_id, found=events: found)
        client: Any = SimpleNamespace(session=SimpleNamespace(journal=journal))
        assert any(words in fault for fault in _job_faults(client, item))


def test_an_earlier_attempt_is_listed_with_its_refund() -> None:
    item = demo_job(
        attempt(0, Status.REFUNDED, "ProviderCommitTimeout"), attempt(1, Status.SETTLED)
    )
    first, last = entries_of(item)
    assert (first["state"], first["paid_wei"], first["refunded_wei"]) == (
        "ProviderCommitTimeout",
        "0",
        "3",
    )
    assert (last["state"], last["paid_wei"]) == ("Settled", "3")


def test_files_are_matched_by_name_or_folder_and_only_if_they_need_the_model() -> None:
    row = FileFeatures(row=np.zeros(4, np.int32))
    features = {"bin/python": row, "run.sh": row, "empty": FileFeatures(label="empty")}
    assert _matching(("bin/", "empty"), features) == ["bin/python"]
    assert DemoReport.__slots__
