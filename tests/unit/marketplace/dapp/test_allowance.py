"""A window holds so many, for each name apart, and says when to come again."""

from __future__ import annotations

import pytest
from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from neurovoyance.marketplace.dapp.allowance import Allowance
from neurovoyance.protocol.errors import RateLimited


def test_each_name_has_its_own_window() -> None:
    calls = Allowance(RateLimitItemPerMinute(3), "calls")
    calls.take("a", 2)
    calls.take("b", 3)
    with pytest.raises(RateLimited) as caught:
        calls.take("a", 2)
    assert 1 <= caught.value.context["retry_after_s"] <= 61
    calls.take("a")  # what was refused as a whole took nothing


def test_more_than_ever_fits_is_refused_without_taking_any() -> None:
    calls = Allowance(RateLimitItemPerMinute(3), "calls")
    with pytest.raises(RateLimited) as caught:
        calls.take("a", 4)
    assert caught.value.context["retry_after_s"] == 60
    calls.take("a", 3)


def test_what_did_not_happen_is_given_back() -> None:
    grants = Allowance(RateLimitItemPerHour(1), "grants")
    grants.take("a")
    grants.give_back("a")
    grants.take("a")
    with pytest.raises(RateLimited, match="More than 1 grants") as caught:
        grants.take("a")
    assert 3_500 < caught.value.context["retry_after_s"] <= 3_601
