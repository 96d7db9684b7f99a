"""Celery and Redis, set up alike for the agent and its workers.

Place: the only module that knows Celery's settings. Messages are JSON alone; a message is
acknowledged when its work is done, one at a time is fetched, and a worker that dies gives its
message back. There is no result back-end: a report is one key that expires. Never: pickle, remote
control of workers, or the address of Redis, which may hold a password, in a log or an error; a
cancellation that ends inside the client of Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from celery import Celery
from kombu.exceptions import OperationalError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from neurovoyance.protocol.errors import ConfigError

HARD_SPARE_S: Final = 60
"""A task is killed this long after the longest run that it was sent for."""

VISIBILITY_S: Final = 12 * 3_600
"""A message whose worker vanished without a word is delivered again after this; the agent sends it
again long before."""

_SOCKET_S: Final = 5.0
REDIS_ERRORS: Final = (RedisError, OSError)
QUEUE_ERRORS: Final = (*REDIS_ERRORS, OperationalError)
"""What sending a message raises while Redis is away."""
_T = TypeVar("_T")


def broker_url(url: str) -> str:
    """Return an address of Redis as Celery writes it.

    Raises:
        ConfigError: it is no address of Redis.
    """
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://")
    if url.startswith(("redis://", "rediss://")):
        return url
    raise ConfigError(
        "The address of Redis has to begin with redis://, rediss:// or unix://.",
        hint="For example redis://127.0.0.1:6379/0.",
        faults=["redis: not an address of Redis"],
    )


def make_app(url: str) -> Celery:
    """Return the Celery application of a farm; nothing is connected yet."""
    app = Celery("neurovoyance.farm", broker=broker_url(url), set_as_current=False)
    app.conf.update(settings())
    return app


def settings() -> dict[str, Any]:
    """Return Celery's settings."""
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_acks_on_failure_or_timeout": True,
        "task_reject_on_worker_lost": True,
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_S,
            "socket_connect_timeout": _SOCKET_S,
            "retry_policy": {"timeout": _SOCKET_S},
        },
        "enable_utc": True,
    }


def connect(url: str) -> Redis:
    """Return a client of Redis, connected when it is first used, that loses no cancellation."""
    broker_url(url)
    return _ObedientRedis.from_url(
        url,
        decode_responses=True,
        socket_timeout=_SOCKET_S,
        socket_connect_timeout=_SOCKET_S,
    )


async def obedient(call: Awaitable[_T]) -> _T:
    """Return what a call answers, unless this task was cancelled while it was waited for.

    The client connects again, and releases connections, in blocks that can swallow a cancellation
    or turn it into an error of Redis; whoever waits out such errors would then wait for ever.

    Raises:
        CancelledError: a cancellation came during the call, even if it answered or failed. One that
            came before does not count: what is being cancelled may still tidy up.
    """
    task = asyncio.current_task()
    asked_before = task.cancelling() if task else 0
    try:
        return await call
    finally:
        if task is not None and task.cancelling() > asked_before:
            raise asyncio.CancelledError


class _ObedientPipeline(Pipeline):
    """Many commands in one message; see :func:`obedient`."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered and return the answers."""
        return await obedient(super().execute(raise_on_error))


class _ObedientRedis(Redis):
    """The client that agent and workers share; see :func:`obedient`.

    Each command goes through one of the two methods below.
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command and return its answer."""
        call: Awaitable[Any] = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await obedient(call)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return what gathers commands."""
        return _ObedientPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


async def require_redis(redis: Redis) -> None:
    """Make sure that Redis answers.

    Raises:
        ConfigError: it does not.
    """
    try:
        await redis.ping()
    except REDIS_ERRORS as error:
        raise ConfigError(
            f"Redis does not answer ({type(error).__name__}).",
            hint="Start it, or mend its address; nothing was started.",
            faults=["redis: not reachable"],
        ) from error
