"""``job watch`` follows any job to its end, as often as it is called."""

from __future__ import annotations

from typing import Any

from .conftest import Invoke


def test_watching_a_settled_job_shows_its_end(invoke: Invoke, settled_job: dict[str, Any]) -> None:
    again = invoke("job", "watch", settled_job["job_id"][:12])
    assert again["receipt"] == settled_job["receipt"]


def test_an_unknown_job_is_a_clear_error(invoke: Invoke) -> None:
    error = invoke("job", "watch", "0xffffffff", code=2)["error"]
    assert error["code"] == "request.job_not_known"
    assert "job list" in error["hint"]
