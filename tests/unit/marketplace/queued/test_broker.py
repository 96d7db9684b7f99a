"""Messages are JSON, names are a market's own, and an absent Redis is named without secrets."""

from __future__ import annotations

import pytest

from neurovoyance.marketplace.queued.broker import (
    LEASE_S,
    SOCKET_S,
    Names,
    celery_settings,
    connect,
    make_queue,
    require_redis,
)
from neurovoyance.protocol.errors import ConfigError

SECRET = "hush-hush"


def test_no_message_is_anything_but_json() -> None:
    settings = celery_settings()
    assert settings["accept_content"] == ["json"]
    assert {settings[f"{kind}_serializer"] for kind in ("task", "result", "event")} == {"json"}
    assert settings["worker_enable_remote_control"] is False
    assert settings["result_backend"] is None


def test_a_socket_is_written_as_celery_reads_it() -> None:
    for given, wanted in (
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("rediss://10.0.0.1:6379/2", "rediss://10.0.0.1:6379/2"),
    ):
        app = make_queue(given)
        assert app.conf.broker_url == wanted
        app.close()


def test_no_two_markets_and_no_two_duties_share_a_name() -> None:
    kinds = [
        getattr(Names(place), kind)(duty)
        for place in ("a", "b")
        for kind in ("queue", "lock", "state")
        for duty in ("index", "sweep")
    ]
    assert len(set(kinds)) == len(kinds)


def test_an_answer_of_redis_is_given_up_well_before_a_lease_ends() -> None:
    assert 2 * SOCKET_S < LEASE_S


async def test_a_redis_that_is_away_is_said_so_without_its_password() -> None:
    redis = connect(f"redis://:{SECRET}@127.0.0.1:1/0")
    with pytest.raises(ConfigError, match="Redis does not answer") as caught:
        await require_redis(redis)
    assert SECRET not in str(caught.value.to_wire())
    await redis.aclose()
