from __future__ import annotations

from neurovoyance.ipfs.rate import MAX_BUCKETS, RateLimit, RateLimiter


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    now_s = 100.0
    limiter = RateLimiter(RateLimit(requests_per_s=2, burst=3), lambda: now_s)
    assert [limiter.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.wait_s("b") == 0
    now_s += 0.5
    assert limiter.wait_s("a") == 0
    assert limiter.wait_s("a") == 0.5


def test_all_addresses_of_one_ipv6_network_share_a_budget() -> None:
    limiter = RateLimiter(RateLimit(requests_per_s=1, burst=1), lambda: 0.0)
    assert limiter.wait_s("2001:db8::1") == 0
    assert limiter.wait_s("2001:db8::2") == 1
    assert limiter.wait_s("2001:db8:0:1::1") == 0


def test_ipv4_addresses_keep_budgets_of_their_own_behind_a_listener_for_both() -> None:
    limiter = RateLimiter(RateLimit(requests_per_s=1, burst=1), lambda: 0.0)
    assert limiter.wait_s("::ffff:192.0.2.1") == 0
    assert limiter.wait_s("::ffff:192.0.2.2") == 0
    assert limiter.wait_s("192.0.2.2") == 1


def test_the_number_of_peers_remembered_is_bounded() -> None:
    limiter = RateLimiter(RateLimit(), lambda: 0.0)
    for index in range(MAX_BUCKETS + 50):
        limiter.wait_s(str(index))
    assert len(limiter._buckets) == MAX_BUCKETS
