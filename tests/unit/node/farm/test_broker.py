"""Celery is told to be careful: JSON alone, late acknowledgement, one message at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

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


class Deaf:
    """A call of the client that loses one cancellation, and then answers or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.is_waiting = asyncio.Event()
        self._error = error

    async def __call__(self, *_: Any, **__: Any) -> list[str]:
        try:
            self.is_waiting.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self._error is not None:
                raise self._error from None
        return ["answer"]


@pytest.mark.parametrize("error", [None, RedisError("gone")])
@pytest.mark.parametrize("is_pipe", [False, True])
async def test_a_cancellation_that_the_client_loses_still_counts(
    monkeypatch: pytest.MonkeyPatch, is_pipe: bool, error: Exception | None
) -> None:
    deaf = Deaf(error)
    if is_pipe:
        monkeypatch.setattr(Pipeline, "execute", deaf)
    else:
        monkeypatch.setattr(redis.asyncio.Redis, "execute_command", deaf)
    client = connect("redis://127.0.0.1:1/0")
    call = client.pipeline().execute() if is_pipe else client.get("x")

    async def wait_it_out() -> str:
        try:
            await call
        except RedisError:
            return "took it for an error of Redis"
        return "took it for an answer"

    waiting = asyncio.create_task(wait_it_out())
    await deaf.is_waiting.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_who_is_cancelled_may_still_tidy_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: Any, **__: Any) -> str:
        await asyncio.sleep(0)
        return "tidied"

    monkeypatch.setattr(redis.asyncio.Redis, "execute_command", answer)
    client, told = connect("redis://127.0.0.1:1/0"), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.extend([await client.get("x"), await client.get("y")])

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert told == ["tidied", "tidied"]
