"""The loop's thread returns what coroutines return, raises what they raise, and ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from neurovoyance.client.sync_loop import Loop


async def thread() -> threading.Thread:
    return threading.current_thread()


async def fail() -> None:
    raise ValueError("as it is")


def test_work_runs_in_a_thread_of_its_own_that_ends_with_the_loop() -> None:
    loop = Loop()
    found = loop.call(thread())
    assert found is not threading.current_thread()
    assert found is loop.call(thread())
    with pytest.raises(ValueError, match="as it is"):
        loop.call(fail())
    loop.stop()
    assert not found.is_alive()


def test_an_interrupt_cancels_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, begun, cancelled = Loop(), threading.Event(), threading.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def interrupted(future: object, timeout: float | None = None) -> None:
        assert begun.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.Future.result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loop.call(long())
    assert cancelled.wait(60)
    loop.stop()
