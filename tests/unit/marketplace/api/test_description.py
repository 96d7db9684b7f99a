"""The service keeps to its own description, whatever is sent: no 5xx, no undescribed answer."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts


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


@pytest.mark.filterwarnings("default")
def test_no_request_breaks_the_service(parts: Parts) -> None:
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", make_app(parts), headers={"Host": "localhost"}
    )
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == ENDLESS:
            continue
        for mode in GenerationMode:

            @BOUNDED
            @given(operation.as_strategy(mode))
            def probe(case: schemathesis.Case) -> None:
                case.call_and_validate(checks=CHECKS, headers={"Host": "localhost"})

            probe()
        tried += 1
    assert tried > 20
