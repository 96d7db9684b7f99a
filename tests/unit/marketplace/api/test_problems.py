"""An answer never tells more of a failure than a caller may know."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from neurovoyance.marketplace.api.problems import problem
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.errors import SignInNeeded
from neurovoyance.protocol.errors import error_codes


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            OperationalError("SELECT hidden", {}, ValueError("hidden")),
            (503, "internal.market.database"),
        ),
        (ProgrammingError("SELECT hidden", {}, ValueError("hidden")), (500, "internal")),
        (ValueError("hidden"), (500, "internal")),
    ],
)
async def test_a_defect_is_an_answer_without_its_inside(
    service: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    told: tuple[int, str],
) -> None:
    def page(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Reading, "page", page)
    answer = await service.get("/v1/jobs")
    assert (answer.status_code, answer.json()["code"]) == told
    assert "hidden" not in answer.text


def test_every_error_of_the_service_has_a_status_and_a_sentence() -> None:
    ours = {
        code: kind for code, kind in error_codes().items() if code.split(".")[1:2] == ["market"]
    }
    assert len(ours) >= 7
    for kind in ours.values():
        answer = problem(kind("It failed."))
        assert answer.status_code == kind.http_status >= 400
    assert problem(SignInNeeded("x")).headers["content-type"] == "application/problem+json"
