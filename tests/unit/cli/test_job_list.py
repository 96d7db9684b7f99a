"""``job list`` shows where every job stands on chain."""

from __future__ import annotations

from typing import Any

from .conftest import Invoke


def test_jobs_are_listed_with_state_and_result(invoke: Invoke, settled_job: dict[str, Any]) -> None:
    rows = {row["job_id"]: row for row in invoke("job", "list")["jobs"]}
    row = rows[settled_job["job_id"]]
    assert (row["state"], row["status"], row["model"]) == ("Settled", "settled", "sum")
    assert settled_job["job_id"][:10] in invoke("job", "list", text=True)
