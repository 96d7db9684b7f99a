"""The shared clock: one request for all who ask, and never an old time."""

from __future__ import annotations

import asyncio

import pytest

from neurovoyance.node.chain_clock import MAX_AGE_S, ChainClock
from neurovoyance.protocol.errors import RpcError


class Chain:
    """A chain whose time is what it was asked how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.now_s = 0.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_down = False

    async def read(self) -> int:
        self.asked += 1
        await self.may_answer.wait()
        if self.is_down:
            raise RpcError("down")
        return 1_000 + self.asked

    def clock(self, pause_s: float = 1.0) -> ChainClock:
        return ChainClock(self.read, pause_s, lambda: self.now_s)


async def test_those_who_ask_together_cause_one_request() -> None:
    chain = Chain()
    chain.may_answer.clear()
    clock = chain.clock()
    asking = [asyncio.create_task(clock.time_s()) for _ in range(5)]
    await asyncio.sleep(0)
    chain.may_answer.set()
    assert await asyncio.gather(*asking) == [1_001] * 5


async def test_a_time_is_used_for_one_and_a_half_turns_and_no_longer() -> None:
    chain = Chain()
    clock = chain.clock()
    assert await clock.time_s() == 1_001
    chain.now_s = 1.5
    assert await clock.time_s() == 1_001
    chain.now_s = 1.6
    assert await clock.time_s() == 1_002


async def test_what_another_reader_saw_needs_no_request() -> None:
    chain = Chain()
    clock = chain.clock()
    clock.tell(77)
    assert await clock.time_s() == 77 and chain.asked == 0


def test_slow_loops_do_not_make_it_old() -> None:
    assert Chain().clock(pause_s=60).max_age_s == MAX_AGE_S


async def test_a_chain_that_is_down_is_told_to_all_and_asked_again() -> None:
    chain = Chain()
    chain.is_down = True
    clock = chain.clock()
    for number in (1, 2):
        with pytest.raises(RpcError):
            await clock.time_s()
        assert chain.asked == number
    chain.is_down = False
    assert await clock.time_s() == 1_003


async def test_one_who_gives_up_does_not_take_the_answer_from_others() -> None:
    chain = Chain()
    chain.may_answer.clear()
    clock = chain.clock()
    first, second = (asyncio.create_task(clock.time_s()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    chain.may_answer.set()
    assert await second == 1_001
