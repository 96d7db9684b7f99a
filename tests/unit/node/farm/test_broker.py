"""Celery is told to be careful: JSON alone, late acknowledgement, one message at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.farm.broker import broker_url, connect, make_app, require_redis
from neurovoyance.protocol.errors import ConfigError


def test_the_settings_that_money_depends_on() -> None:
    conf = make_app("redis://127.0.0.1:1/0").conf
    assert list(conf.accept_content) == ["json"]
    assert {conf.task_serializer, conf.result_serializer, conf.event_serializer} == {"json"}
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.result_backend is None
    assert conf.task_ignore_result
    assert not conf.worker_enable_remote_control
    assert conf.broker_transport_options["visibility_timeout"] > 3_600


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://:word@host:6379/1", "redis://:word@host:6379/1"),
        ("rediss://host", "rediss://host"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
    ],
)
def test_addresses_as_celery_writes_them(url: str, found: str) -> None:
    assert broker_url(url) == found


def test_another_broker_is_refused_without_saying_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        broker_url("amqp://user:word@host")
    assert "word@" not in str(caught.value.to_wire())


async def test_a_redis_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path / 'none.sock'}")
    with pytest.raises(ConfigError, match="does not answer"):
        await require_redis(client)
    await client.aclose()
