"""Duties run, fail loudly, and end when told."""

from __future__ import annotations

import asyncio

from neurovoyance.marketplace.background import InProcess, every


async def test_a_duty_that_ends_is_told_and_the_others_go_on() -> None:
    ended: list[str] = []
    done = asyncio.Event()

    async def fails() -> None:
        raise ValueError("broken")

    async def lasts() -> None:
        await asyncio.Event().wait()

    runner = InProcess()

    def note(name: str) -> None:
        ended.append(name)
        done.set()

    await runner.start({"fails": fails, "lasts": lasts}, note)
    async with asyncio.timeout(90):
        await done.wait()
        await runner.stop()
    assert ended == ["fails"]


async def test_periodic_work_survives_its_own_failures() -> None:
    turns: list[int] = []
    loop, enough = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        turns.append(1)
        if len(turns) == 3:
            loop.call_soon_threadsafe(enough.set)
        raise ValueError("this time")

    task = asyncio.create_task(every(0, work))
    async with asyncio.timeout(90):
        await enough.wait()
    task.cancel()
