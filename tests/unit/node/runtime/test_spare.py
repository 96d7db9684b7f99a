"""The child that waits: taken once, and let go when nothing comes."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.spare import Spare
from neurovoyance.protocol.errors import ExecutionError


class _Child:
    def __init__(self) -> None:
        self.is_alive = True
        self.closed = asyncio.Event()

    async def close(self) -> None:
        self.is_alive = False
        self.closed.set()


class _Nursery:
    def __init__(self) -> None:
        self.born: list[_Child] = []

    async def start(self) -> _Child:
        self.born.append(_Child())
        return self.born[-1]


@pytest.fixture
def nursery() -> _Nursery:
    return _Nursery()


async def test_a_spare_is_taken_once(nursery: _Nursery) -> None:
    spare = Spare(nursery.start)  # type: ignore[arg-type]
    assert await spare.take() is None
    spare.prepare()
    spare.prepare()
    await spare.ready()
    taken: object = await spare.take()
    assert taken is nursery.born[0]
    assert await spare.take() is None
    assert len(nursery.born) == 1
    await spare.close()


async def test_a_spare_that_nobody_takes_is_ended(nursery: _Nursery) -> None:
    spare = Spare(nursery.start, idle_s=0.01)  # type: ignore[arg-type]
    spare.prepare()
    await spare.ready()
    await nursery.born[0].closed.wait()
    assert await spare.take() is None
    await spare.close()


async def test_a_dead_spare_is_not_given_out(nursery: _Nursery) -> None:
    spare = Spare(nursery.start)  # type: ignore[arg-type]
    spare.prepare()
    await spare.ready()
    nursery.born[0].is_alive = False
    assert await spare.take() is None
    assert nursery.born[0].closed.is_set()


async def test_closing_ends_it_and_is_repeatable(nursery: _Nursery) -> None:
    spare = Spare(nursery.start)  # type: ignore[arg-type]
    spare.prepare()
    await spare.close()
    await spare.close()
    assert nursery.born[0].closed.is_set()


async def test_a_start_that_fails_is_told_to_who_takes_and_not_to_who_closes() -> None:
    async def fails() -> None:
        raise ExecutionError("no engine")

    spare = Spare(fails)  # type: ignore[arg-type]
    spare.prepare()
    with pytest.raises(ExecutionError):
        await spare.take()
    spare.prepare()
    await spare.close()


async def test_a_runtime_that_is_asked_for_nothing_has_no_child() -> None:
    before = psutil.Process().children()
    async with OnnxRuntime():
        await asyncio.sleep(0)
        assert psutil.Process().children() == before
