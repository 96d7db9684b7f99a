"""The service keeps to its own description, whatever is sent: no 5xx, no undescribed answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.unit.marketplace.api.test_standing_routes import market
from tests.unit.marketplace.market_events import address

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.storage import FileDesk


def nothing_broke(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    # Without a matcher the service says 501, which is an answer.
    assert response.status_code < 500 or response.status_code == 501


CHECKS = [
    nothing_broke,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = "/v1/stream"
BOUNDED = settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Echo:
    """Stands for the chain."""

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        return [method, *params]

    broadcast = request


def probed(parts: Parts, headers: Callable[[], dict[str, str]], only: str = "/") -> Counter[int]:
    """Ask every operation whose path begins so, rightly and wrongly; count the answers."""
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", make_app(parts), headers={"Host": "localhost"}
    )
    answers: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == ENDLESS or not operation.path.startswith(only):
            continue
        for mode in GenerationMode:

            @BOUNDED
            @given(operation.as_strategy(mode))
            def probe(case: schemathesis.Case) -> None:
                said = case.call_and_validate(checks=CHECKS, headers=headers())
                answers[said.status_code] += 1

            # What takes no argument cannot be asked wrongly.
            with suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
                probe()
    return answers


@pytest.mark.filterwarnings("default")
def test_no_request_breaks_the_service(parts: Parts, tmp_path: Path) -> None:
    parts.dapp.upstream = Echo()
    parts.standing = market()
    backend = EmbeddedBackend(tmp_path / "storage")
    parts.dapp.storage = FileDesk(backend, upload_max_bytes=1 << 20, folder=tmp_path)
    answers = probed(parts, lambda: {"Host": "localhost"})
    assert answers.total() > 200
    assert {200, 401, 404, 422} <= set(answers)


@pytest.mark.filterwarnings("default")
def test_no_request_of_somebody_who_signed_in_breaks_the_service(parts: Parts) -> None:
    def signed_in() -> dict[str, str]:
        # A new session each time: some requests end theirs.
        nonce, _ = parts.accounts.new_nonce()
        secret, _ = parts.accounts.open_session(nonce, address(1), 60)
        return {"Host": "localhost", "Authorization": f"Bearer {secret}"}

    answers: Counter[int] = Counter()
    for only in ("/v1/keys", "/v1/me", "/v1/auth/sign-out"):
        answers += probed(parts, signed_in, only)
    assert answers[401] < answers[200], "few come with a header that was made up"
    assert {200, 201, 204, 404, 422} <= set(answers)
