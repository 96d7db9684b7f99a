"""The gate: engines stop first, and a real execution stops, keeps its place and ends rightly."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file
from tests.unit.node.farm.orders import counting
from tests.unit.node.idle.snapshots import QUIET, quiet
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS, engine_children

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import (
    CLOSED_PERIOD_S,
    PERIOD_S,
    READ_MAX_S,
    ClockOnly,
    Gate,
    silent,
)
from neurovoyance.node.idle.policy import CPU, Cause, Hold
from neurovoyance.node.idle.readings import InputIdle, Sensors
from neurovoyance.node.idle.settings import IdleSettings, Mode
from neurovoyance.node.runtime.base import ExecutionCancelled, Phase, RunRequest
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.sandbox import Sandbox
from neurovoyance.node.runtime.wire import Task
from neurovoyance.protocol.errors import ExecutionError

IDLE = IdleSettings(mode=Mode.IDLE)
HERE = (InputIdle("key", 0.0),)
WAIT_S = 60.0


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """How busy this machine is decides no test."""
    monkeypatch.setattr("neurovoyance.node.idle.gate.READ_MAX_S", WAIT_S)


class Script:
    """Sensors that say what the test says; each look is a second later."""

    def __init__(self) -> None:
        self.now = QUIET
        self.looks = 0

    def read(self) -> Sensors:
        self.looks += 1
        return replace(self.now, monotonic_s=float(self.looks))


class Engine:
    """Notes what it is told, in order."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def suspend(self) -> None:
        self._told.append("suspend")

    def resume(self) -> None:
        self._told.append("resume")

    def evict(self) -> None:
        self._told.append("evict")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[IdleBook]:
    made = IdleBook(tmp_path / "idle.sqlite", {"market": "m"})
    yield made
    made.close()


def open_pauses(book: IdleBook) -> int:
    return sum(pause.ended_s is None for pause in book.pauses(99))


async def test_a_return_stops_engines_before_anything_is_written_or_told(book: IdleBook) -> None:
    told: list[str] = []
    script = Script()
    gate = Gate(IDLE, script, book, {CPU: [Engine(told)]})
    gate.on_change.append(lambda device, may_run: told.append(f"{device} {may_run}"))
    assert told == ["suspend"], "until the first look the machine is in use"
    await gate.look()
    await gate.look()
    assert told == ["suspend", "resume", "cpu True"]
    assert open_pauses(book) == 0
    script.now = quiet(inputs=HERE)
    told.clear()
    written: list[int] = []
    gate.on_change.insert(0, lambda device, may_run: written.append(open_pauses(book)))
    await gate.look()
    await gate.look()
    assert told == ["suspend", "cpu False"]
    assert written == [1], "on disk before anybody hears of it"


def test_a_return_is_seen_within_two_seconds_whatever_the_sensors_do() -> None:
    assert PERIOD_S + READ_MAX_S < 2.0


async def test_looks_are_seldom_only_while_nothing_may_run(book: IdleBook) -> None:
    sensors = Script()
    gate = Gate(IDLE, sensors, book, {CPU: []})
    assert gate.period_s == CLOSED_PERIOD_S, "a machine that was not looked at is in use"
    while not gate.may_run():
        await gate.look()
    assert gate.period_s == PERIOD_S
    assert Gate(IdleSettings(), ClockOnly(), book, {CPU: []}).period_s == CLOSED_PERIOD_S
    sensors.now = quiet(0.0, inputs=HERE)
    await gate.look()
    assert gate.period_s == CLOSED_PERIOD_S


async def test_sensors_that_hang_or_fail_count_as_in_use(
    book: IdleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    script = Script()
    gate = Gate(IDLE, script, book, {})
    await gate.look()
    await gate.look()
    assert gate.may_run()
    reading = script.read
    monkeypatch.setattr("neurovoyance.node.idle.gate.READ_MAX_S", 0.05)
    monkeypatch.setattr(script, "read", lambda: free.wait(WAIT_S) and reading())
    await gate.look()
    await gate.look()
    causes = {reason.cause for reason in gate.decision.of(CPU).reasons}
    assert causes == {Cause.UNMEASURED}
    assert script.looks == 2, "a look that hangs is not begun twice"
    free.set()
    monkeypatch.setattr("neurovoyance.node.idle.gate.READ_MAX_S", WAIT_S)
    await gate.look()
    await gate.look()
    assert gate.may_run()
    monkeypatch.setattr(script, "read", lambda: 1 // 0)
    await gate.look()
    assert not gate.may_run()


async def test_the_hand_is_obeyed_at_once_and_kept(book: IdleBook) -> None:
    told: list[str] = []
    gate = Gate(IdleSettings(), ClockOnly(), book, {CPU: [Engine(told)]})
    assert gate.may_run(), "a dedicated machine runs from the start"
    gate.set_hold(Hold(True))
    assert told == ["suspend"]
    again = Gate(IdleSettings(), ClockOnly(), book, {CPU: [Engine(told)]})
    await again.look()
    assert not again.may_run()
    again.set_hold(Hold())
    assert told == ["suspend", "suspend", "resume"]


async def test_memory_is_given_back_once_when_others_need_it(book: IdleBook) -> None:
    told: list[str] = []
    script = Script()
    gate = Gate(IDLE, script, book, {CPU: [Engine(told)]})
    await gate.look()
    await gate.look()
    told.clear()
    script.now = quiet(inputs=HERE)
    await gate.look()
    script.now = quiet(inputs=HERE, memory_by_others=0.95)
    await gate.look()
    await gate.look()
    assert told == ["suspend", "evict"]


async def test_a_defect_ends_neither_the_loop_nor_the_pause(
    book: IdleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurovoyance.node.idle.gate.PERIOD_S", 0.0)
    gate = Gate(IDLE, Script(), book, {})
    seen = asyncio.Event()
    looks = 0
    look = gate.look

    async def shaky() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ZeroDivisionError
        await look()
        if gate.may_run():
            seen.set()

    monkeypatch.setattr(gate, "look", shaky)
    running = asyncio.create_task(gate.run())
    await asyncio.wait_for(seen.wait(), WAIT_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_silent_snapshot_measures_nothing_but_time() -> None:
    assert silent("x").local.tzinfo is not None


# --- a real execution ---


class Job:
    """A loop in a child of the real runtime: more than a second of one core."""

    def __init__(self, folder: Path) -> None:
        self.path = models.save(counting(500_000), folder / "m.onnx")
        save_file({"x": np.array([1])}, folder / "i")
        self.request = RunRequest(self.path, folder / "i", folder / "o", ("y",))


def execution_children() -> list[psutil.Process]:
    return engine_children()


async def until_child() -> psutil.Process:
    """Return the child of a run as soon as there is one."""
    async with asyncio.timeout(WAIT_S):
        while not (found := execution_children()):
            await asyncio.sleep(0.01)
    return found[0]


async def test_a_return_in_mid_job_stops_the_process_and_leaving_lets_it_end(
    book: IdleBook, tmp_path: Path
) -> None:
    script, order = Script(), list[str]()
    async with OnnxRuntime(keep_warm=False) as runtime:
        gate = Gate(IDLE, script, book, {CPU: [runtime]})
        gate.on_change.append(lambda device, may_run: order.append(f"told {may_run}"))

        def come_back(phase: Phase) -> None:
            if phase is Phase.RUNNING:
                script.now = quiet(inputs=HERE)
                gate.judge(script.read())
                [child] = execution_children()
                order.append(f"stopped {stopped(child)}")

        running = asyncio.create_task(runtime.run(Job(tmp_path).request, LIMITS, come_back))
        await asyncio.sleep(0)
        assert execution_children() == [], "nothing starts before the first look"
        await gate.look()
        await gate.look()
        async with asyncio.timeout(WAIT_S):
            while gate.may_run():
                await asyncio.sleep(0.01)
        for _ in range(3):
            await gate.look()
        assert not running.done()
        script.now = QUIET
        await gate.look()
        output = await asyncio.wait_for(running, WAIT_S)
    assert order == ["told True", "told False", "stopped True", "told True"]
    assert output.tensors[0].name == "y"
    assert [pause.ended_s is None for pause in book.pauses(9)] == [False, False]


def stopped(process: psutil.Process) -> bool:
    """Tell whether a process is stopped, as soon as the kernel has delivered the signal."""
    return any(process.status() == psutil.STATUS_STOPPED for _ in range(100_000))


async def at_rest(process: psutil.Process) -> bool:
    """Wait until a process is stopped: until its runtime knows it, and the signal came."""
    async with asyncio.timeout(WAIT_S):
        while process.status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.01)
    return True


async def test_a_paused_job_may_be_given_up_for_its_memory_and_begun_anew(
    book: IdleBook, tmp_path: Path
) -> None:
    frugal = IdleSettings(mode=Mode.IDLE, keep_in_memory=False)
    script, request = Script(), Job(tmp_path).request

    def come_back(phase: Phase) -> None:
        script.now = quiet(inputs=HERE)
        gate.judge(script.read())

    async with OnnxRuntime(keep_warm=False) as runtime:
        gate = Gate(frugal, script, book, {CPU: [runtime]})
        await gate.look()
        await gate.look()
        with pytest.raises(ExecutionCancelled):
            await asyncio.wait_for(runtime.run(request, LIMITS, come_back), WAIT_S)
        assert execution_children() == []
        assert not request.output_path.exists()
        again = asyncio.create_task(runtime.run(request, LIMITS))
        script.now = QUIET
        await gate.look()
        await asyncio.wait_for(again, WAIT_S)
    assert request.output_path.exists()


async def test_time_at_rest_is_not_time_of_the_job() -> None:
    """A child that answers when told, with less wall time than the test holds it suspended."""
    program = (
        'import sys\nprint(\'{"event": "ready", "confinement": {}}\', flush=True)\n'
        "sys.stdin.readline()\n"
    )
    sandbox = await Sandbox.start([sys.executable, "-I", "-S", "-c", program])
    limits = replace(LIMITS, wall_time_s=30.0)
    serving = asyncio.create_task(sandbox.serve(Task(Path("/nothing"), limits)))
    await asyncio.sleep(0)
    assert sandbox._clock is not None
    sandbox.suspend()
    assert sandbox._clock.when() is None, "the clock stands still"
    sandbox.resume()
    left_s = (sandbox._clock.when() or 0.0) - asyncio.get_running_loop().time()
    assert 0 < left_s <= 30.0
    sandbox.kill()
    with pytest.raises(ExecutionError):
        await serving
    await sandbox.close()


async def test_a_child_that_is_born_while_all_rest_rests_too(
    book: IdleBook, tmp_path: Path
) -> None:
    async with OnnxRuntime(keep_warm=False) as runtime:
        gate = Gate(IdleSettings(), ClockOnly(), book, {CPU: [runtime]})
        running = asyncio.create_task(runtime.run(Job(tmp_path).request, LIMITS))
        child = await until_child()
        gate.set_hold(Hold(True))
        assert await at_rest(child), "also before it was ready"
        gate.set_hold(Hold())
        await asyncio.wait_for(running, WAIT_S)


async def test_a_runtime_closes_while_it_rests(book: IdleBook, tmp_path: Path) -> None:
    async with OnnxRuntime() as runtime:
        gate = Gate(IdleSettings(), ClockOnly(), book, {CPU: [runtime]})
        await runtime.warm_up()
        await until_child()
        gate.set_hold(Hold(True))
    assert execution_children() == []
