import json

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from tests.unit.protocol.strategies import specs

from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import (
    OfferReply,
    OfferRequest,
    Refusal,
    RefusalCause,
    summarise,
)


@settings(deadline=None)
@given(specs())
def test_a_request_survives_json(spec: JobSpec) -> None:
    request = OfferRequest(spec=spec, max_price_wei=5, sources=["http://127.0.0.1:4001"])
    assert OfferRequest.model_validate(json.loads(request.model_dump_json())) == request


def test_a_source_that_is_no_web_address_is_refused() -> None:
    spec = JobSpec(model_id=bytes(32), input_cid=bytes(36))
    with pytest.raises(ValidationError):
        OfferRequest(spec=spec, max_price_wei=5, sources=["file:///etc/passwd"])


def test_a_reply_is_an_offer_or_a_refusal() -> None:
    with pytest.raises(ValidationError, match="an offer or a refusal"):
        OfferReply()
    refusal = Refusal(cause=RefusalCause.PRICE, message="The price is above the maximum.")
    assert OfferReply.model_validate_json(OfferReply(refusal=refusal).model_dump_json())


def test_refusals_are_counted_by_cause() -> None:
    price = Refusal(cause=RefusalCause.PRICE, message="")
    memory = Refusal(cause=RefusalCause.MEMORY, message="")
    assert summarise([memory, price, price], 3) == "0 of 3 nodes: 2 price, 1 memory"
    assert summarise([], 2) == "2 of 2 nodes"
