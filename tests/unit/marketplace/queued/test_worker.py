"""A worker does what the service asks for, nothing else, and says early what it lacks."""

from __future__ import annotations

import pytest

from neurovoyance.marketplace.queued.broker import TASK_NAME, make_queue
from neurovoyance.marketplace.queued.lease import Work
from neurovoyance.marketplace.queued.worker import Desk, register, run_worker, worker_words
from neurovoyance.marketplace.settings import make_settings
from neurovoyance.protocol.errors import ConfigError


def test_a_worker_without_redis_is_refused(settings_given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="redis_url"):
        run_worker(make_settings(settings_given, {}), pytest.fail)


def test_a_worker_whose_chain_is_missing_is_refused(settings_given: dict[str, object]) -> None:
    given = {**settings_given, "redis_url": "redis://127.0.0.1:1"}
    with pytest.raises(ConfigError, match="deployment"):
        run_worker(make_settings(given, {}), pytest.fail)


def test_a_message_that_names_no_duty_does_nothing() -> None:
    async def never() -> None:
        pytest.fail("it was not named")

    app = make_queue("redis://127.0.0.1:1")
    with Desk() as desk:
        register(app, desk, {"index": Work(never)})
        for name in ("other", 1, None, ["index"], {"index": 1}):
            app.tasks[TASK_NAME](name)
        app.tasks[TASK_NAME]("index")  # and no lease can be had
    app.close()


def test_there_is_room_for_each_duty_beside_one_that_is_asked_for_twice() -> None:
    words = worker_words(["a", "b"], "one")
    assert "--queues=a,b" in words
    assert "--concurrency=4" in words
    assert "--pool=threads" in words
