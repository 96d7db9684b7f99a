"""Celery and Redis, set up alike for the service and its workers.

Place: the only module of the market that knows Celery's settings. A message is JSON and names a
duty; it is taken off the queue when its work begins, since whoever asked asks again while nobody
works. There is no result back-end. Never: pickle, remote control of workers, or the address of
Redis, which may hold a password, in a log or an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from celery import Celery
from kombu.exceptions import KombuError, OperationalError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from neurovoyance.protocol.errors import ConfigError

TASK_NAME: Final = "neurovoyance.market.duty"
LEASE_S: Final = 5.0
"""A duty whose worker is silent for this long is given to another one."""
SOCKET_S: Final = LEASE_S / 5
REDIS_ERRORS: Final = (RedisError, OSError)
QUEUE_ERRORS: Final = (*REDIS_ERRORS, KombuError, OperationalError)
"""What sending a message raises while Redis is away."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names in Redis; no two databases share one, so that one server may serve many markets.

    Attributes:
        place: of the database, see :func:`~neurovoyance.marketplace.queued.place.place_of`.
    """

    place: str

    def queue(self, duty: str) -> str:
        """Return the queue on which somebody is asked to do a duty."""
        return f"neurovoyance.market.{self.place}.{duty}"

    def lock(self, duty: str) -> str:
        """Return the key that whoever does a duty holds."""
        return f"neurovoyance:market:{self.place}:lock:{duty}"

    def state(self, duty: str) -> str:
        """Return the key under which whoever does a duty says how it goes."""
        return f"neurovoyance:market:{self.place}:state:{duty}"


def make_queue(url: str) -> Celery:
    """Return the Celery application of a market; nothing is connected yet."""
    if url.startswith("unix://"):
        url = "redis+socket://" + url.removeprefix("unix://")
    app = Celery("neurovoyance.market", broker=url, set_as_current=False)
    app.conf.update(celery_settings())
    return app


def celery_settings() -> dict[str, Any]:
    """Return Celery's settings."""
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": False,
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
            "socket_connect_timeout": LEASE_S,
            "retry_policy": {"timeout": LEASE_S},
        },
        "enable_utc": True,
    }


def connect(url: str) -> Redis:
    """Return a client of Redis, connected when first used, that fails soon: its callers go on."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_S,
        socket_connect_timeout=SOCKET_S,
        retry=Retry(NoBackoff(), 0),
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
            f"Redis does not answer ({type(error).__name__}); nothing was started.",
            hint="Start it, or mend its address: --redis, or NEUROVOYANCE_MARKET_REDIS_URL.",
            faults=["redis_url: not reachable"],
        ) from error
