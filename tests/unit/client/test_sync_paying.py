"""The blocking channels and tasks pass on what they are given; the rest is in ``test_channels``."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.sync_loop import Loop
from neurovoyance.client.sync_paying import Channels, Tasks
from neurovoyance.client.tasks import TaskClient


class Recorder:
    """Stands for a client and its parts: keeps every call, and answers with its name."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, args, kwargs))
            return name

        return call


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.stop()


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}


@pytest.mark.parametrize(("whole", "blocking"), [(ChannelClient, Channels), (TaskClient, Tasks)])
def test_nothing_is_missing(whole: type, blocking: type) -> None:
    assert public(whole) == public(blocking)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("open", (["terms"],), {}),
        ("top_up", (b"id", ["terms"]), {}),
        ("pay", (b"id", "payee", 5), {"work": b"work", "valid_s": 9}),
        ("close", (b"id",), {}),
        ("reclaim", (b"id",), {}),
        ("list", (), {}),
        ("view", (b"id",), {}),
    ],
)
def test_channels_pass_calls_on(
    loop: Loop, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    made: Any = Recorder()
    found = getattr(Channels(made, loop), name)(*args, **kwargs)
    assert made.calls == [(name, args, kwargs)]
    assert found == (None if name == "top_up" else name)


def test_tasks_find_the_model_and_ask_the_checker_in_another_thread(loop: Loop) -> None:
    client: Any = Recorder()
    tasks: Any = Recorder()
    made: Any = Tasks(client, tasks, loop)
    threads = []

    def repeat(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return [given]

    assert made.run(Path("m.onnx"), [{}], checker=repeat, check=2) == "run"
    assert client.calls == [("model", (Path("m.onnx"),), {})]
    [(_, (model, inputs), terms)] = tasks.calls
    assert (model, inputs, terms["check"]) == ("model", [{}], 2)
    assert loop.call(terms["checker"](1, 2, 3)) == [(1, 2, 3)]
    assert threads[0].name != "neurovoyance client"
    made.run("m", [{}], checker="0x1")
    assert tasks.calls[-1][-1] == {"checker": "0x1"}
    assert made.resume() == "resume"
    assert made.terms(b"id", "payee") == "terms"
    assert made.outputs("model", b"order") == "outputs"
