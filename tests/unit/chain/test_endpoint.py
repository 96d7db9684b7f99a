"""One endpoint: its address stays secret, its rest grows."""

from __future__ import annotations

import pytest

from neurovoyance.chain.endpoint import Endpoint, _is_busy
from neurovoyance.protocol.errors import ConfigError, RpcError


@pytest.mark.parametrize(
    "url", ["", "ftp://host", "127.0.0.1:8545", "http://", "file:///etc/passwd"]
)
def test_addresses_that_are_not_http_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="http://"):
        Endpoint(url, max_response_bytes=1)


def test_the_label_hides_what_may_be_a_key() -> None:
    endpoint = Endpoint(
        "https://user:pw@node.example:8443/v3/SECRET?key=SECRET", max_response_bytes=1
    )
    assert endpoint.label == "https://node.example:8443"
    assert Endpoint("http://[::1]:8545", max_response_bytes=1).label == "http://[::1]:8545"


def test_each_failure_in_a_row_doubles_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurovoyance.chain.endpoint.time.monotonic", lambda: 1_000.0)
    endpoint = Endpoint("http://127.0.0.1:1", max_response_bytes=1)
    rests = []
    for _ in range(12):
        endpoint.mark_failed(RpcError("down."))
        rests.append(round(endpoint.retry_at - 1_000.0, 1))
    assert rests == sorted(rests)
    assert rests[0] == 0.5
    assert rests[-1] == 30.0
    assert endpoint.health().failures == 12
    assert not endpoint.health().is_up


@pytest.mark.parametrize(
    ("code", "message", "busy"),
    [
        (429, "", True),
        (-32005, "daily request count exceeded, request rate limited", True),
        (-32005, "query returned more than 10000 results", False),
        (3, "execution reverted", False),
    ],
)
def test_rate_limits_are_told_from_refusals(code: int, message: str, busy: bool) -> None:
    assert _is_busy(code, message) is busy
