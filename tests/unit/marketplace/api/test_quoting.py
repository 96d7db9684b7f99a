"""What a quote may ask."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from neurovoyance.marketplace.api.quoting import QuoteRequest
from neurovoyance.protocol.job_spec import JobSpec

SPEC = JobSpec(model_id=b"\1" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\2" * 32)


@pytest.mark.parametrize("change", [{"preset": "NO SUCH"}, {"max_price_wei": -1}, {"more": 1}])
def test_other_questions_are_refused(change: dict[str, object]) -> None:
    values = {"spec": SPEC, "max_price_wei": 5, **change}
    with pytest.raises(ValidationError):
        QuoteRequest.model_validate(values)
