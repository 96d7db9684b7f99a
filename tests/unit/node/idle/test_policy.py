"""The policy: recorded traces, and properties that hold for any machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.node.idle.snapshots import NOW, QUIET, quiet, vectors

from neurovoyance.node.idle.policy import (
    AVERAGE_S,
    CPU,
    Cause,
    Decision,
    Hold,
    PolicyState,
    decide,
    presence,
)
from neurovoyance.node.idle.readings import GpuReading, InputIdle, Sensors, Unmeasured
from neurovoyance.node.idle.settings import IdleSettings, Mode

IDLE = IdleSettings(mode=Mode.IDLE)
NOTHING = Unmeasured("for this test")
FREE = Hold()


def settled(sensors: Sensors, settings: IdleSettings = IDLE, hold: Hold = FREE) -> Decision:
    """Return the decision once loads have been looked at twice."""
    state, _ = decide(PolicyState(), replace(sensors, monotonic_s=0.0), settings, hold)
    return decide(state, replace(sensors, monotonic_s=1.0), settings, hold)[1]


def causes(decision: Decision, device: str = CPU) -> list[Cause]:
    return [reason.cause for reason in decision.of(device).reasons]


def measured(value: Any) -> Any:
    return NOTHING if value is None else value


def snapshot(step: dict[str, Any]) -> Sensors:
    idle_s = step.get("idle_s", 3_600)
    return quiet(
        float(step["at_s"]),
        inputs=NOTHING if idle_s is None else (InputIdle("trace", idle_s),),
        cpu_by_others=measured(step.get("cpu", 0.0)),
        memory_by_others=measured(step.get("memory", 0.1)),
        cpu_temperature_c=measured(step.get("heat_c", 40.0)),
        on_battery=step.get("on_battery", False),
    )


@pytest.mark.parametrize("trace", vectors("traces"), ids=lambda trace: trace["name"])
def test_a_recorded_trace_is_judged_as_noted(trace: dict[str, Any]) -> None:
    settings, state = IdleSettings(**trace["settings"]), PolicyState()
    for step in trace["steps"]:
        state, decision = decide(state, snapshot(step), settings, FREE)
        assert causes(decision) == step["causes"], step


def test_a_quiet_machine_runs() -> None:
    assert settled(QUIET).of(CPU).may_run


SHARES = st.floats(0, 1) | st.just(NOTHING)
SENSORS = st.builds(
    Sensors,
    monotonic_s=st.just(0.0),
    local=st.integers(0, 10_079).map(lambda minute: NOW + timedelta(minutes=minute)),
    inputs=st.lists(
        st.builds(InputIdle, st.just("x"), st.floats(0, 10_000)), max_size=3
    ).map(tuple) | st.just(NOTHING),
    cpu_by_others=SHARES,
    memory_by_others=SHARES,
    cpu_temperature_c=st.floats(20, 110) | st.just(NOTHING),
    on_battery=st.booleans() | st.just(NOTHING),
    processes=st.frozensets(st.sampled_from(["game", "Editor.EXE"])) | st.just(NOTHING),
    fullscreen=st.sampled_from([None, "a film"]) | st.just(NOTHING),
    gpus=st.lists(
        st.builds(GpuReading, st.sampled_from(["gpu0", "gpu1"]), SHARES, SHARES, SHARES),
        max_size=2,
        unique_by=lambda gpu: gpu.device,
    ).map(tuple),
)  # fmt: skip
SETTINGS = st.builds(
    IdleSettings,
    mode=st.just(Mode.IDLE),
    away_after_s=st.integers(10, 5_000),
    cpu_max_percent=st.integers(1, 100),
    cpu_max_c=st.none() | st.integers(30, 110),
    hours=st.sampled_from([(), ("22:00-06:00",)]),
    not_with=st.sampled_from([(), ("GAME",), ("editor",)]),
    on_battery=st.booleans(),
)
_NEEDED = ("inputs", "cpu_by_others", "memory_by_others")


@given(SENSORS, SETTINGS)
def test_what_cannot_be_measured_counts_as_in_use(sensors: Sensors, settings: IdleSettings) -> None:
    blind = any(isinstance(getattr(sensors, name), Unmeasured) for name in _NEEDED)
    found = settled(sensors, settings)
    if blind:
        assert Cause.UNMEASURED in causes(found)
        assert any(NOTHING.why in reason.message for reason in found.of(CPU).reasons)


@given(SENSORS, SETTINGS)
def test_a_device_runs_only_without_a_reason_and_each_reason_is_a_sentence(
    sensors: Sensors, settings: IdleSettings
) -> None:
    for verdict in settled(sensors, settings).verdicts:
        assert verdict.may_run == (not verdict.reasons)
        assert all(reason.message.endswith(".") for reason in verdict.reasons)


@given(SENSORS, SETTINGS)
def test_the_least_idle_source_decides(sensors: Sensors, settings: IdleSettings) -> None:
    if isinstance(sensors.inputs, Unmeasured):
        return
    is_here = any(item.idle_s < settings.away_after_s for item in sensors.inputs)
    assert (Cause.OWNER in causes(settled(sensors, settings))) == is_here


@given(SENSORS, SETTINGS, st.floats(0, 9))
def test_more_life_never_makes_a_resting_machine_run(
    sensors: Sensors, settings: IdleSettings, idle_s: float
) -> None:
    """Somebody who touches a key only ever adds a reason."""
    if isinstance(sensors.inputs, Unmeasured):
        return
    touched = replace(sensors, inputs=(*sensors.inputs, InputIdle("key", idle_s)))
    assert not settled(touched, settings).of(CPU).may_run


@given(SENSORS, SETTINGS, st.none() | st.integers(1, 10_000))
def test_the_hand_stops_every_device_and_time_ends_a_snooze(
    sensors: Sensors, settings: IdleSettings, ahead_s: int | None
) -> None:
    now_s = int(sensors.local.timestamp())
    until_s = None if ahead_s is None else now_s + ahead_s
    for mode in Mode:
        chosen = settings.model_copy(update={"mode": mode})
        held = settled(sensors, chosen, Hold(True, until_s))
        assert not any(verdict.may_run for verdict in held.verdicts)
        over = settled(sensors, chosen, Hold(True, now_s))
        assert not {Cause.SNOOZE, Cause.HAND} & set(causes(over))


@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 1)), min_size=1, max_size=30))
def test_the_average_is_that_of_the_last_ten_seconds(steps: list[tuple[float, float]]) -> None:
    state, at_s = decide(PolicyState(), quiet(0.0), IDLE, FREE)[0], 0.0
    samples: list[tuple[float, float, float]] = []
    for length_s, share in steps:
        at_s += length_s
        state, _ = decide(state, quiet(at_s, cpu_by_others=share), IDLE, FREE)
        samples.append((at_s, length_s, share))
    begin_s = at_s - AVERAGE_S
    recent = [(s[0], min(s[1], s[0] - begin_s), s[2]) for s in samples if s[0] > begin_s]
    # Lengths come from differences of a running clock, so the last bits differ.
    wanted = sum(s[1] * s[2] for s in recent) / sum(s[1] for s in recent)
    assert state.mean(CPU) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_each_gpu_is_judged_apart() -> None:
    busy = GpuReading("gpu0", 0.9, 0.1, 50.0)
    free = GpuReading("gpu1", 0.0, 0.0, 50.0)
    blind = GpuReading("gpu2", NOTHING, NOTHING, NOTHING)
    found = settled(quiet(gpus=(busy, free, blind)))
    assert [verdict.may_run for verdict in found.verdicts] == [True, False, True, False]
    assert causes(found, "gpu0") == [Cause.GPU]
    assert set(causes(found, "gpu2")) == {Cause.UNMEASURED}
    assert causes(found, "gpu9") == [Cause.UNMEASURED], "nobody knows such a device"


def test_a_device_may_be_lent_while_its_owner_is_there() -> None:
    settings = IdleSettings(mode=Mode.IDLE, while_in_use=("gpu0",))
    gpu = GpuReading("gpu0", 0.0, 0.0, 50.0)
    found = settled(quiet(inputs=(InputIdle("key", 0.0),), gpus=(gpu,)), settings)
    assert (found.of(CPU).may_run, found.of("gpu0").may_run) == (False, True)


def test_programs_are_found_by_name_whatever_their_case() -> None:
    settings = IdleSettings(mode=Mode.IDLE, not_with=("Game",))
    assert causes(settled(quiet(processes=frozenset({"GAME.exe"})), settings)) == [Cause.PROGRAM]
    assert causes(settled(quiet(processes=frozenset({"gamepad"})), settings)) == []


def test_a_film_on_the_whole_screen_is_left_alone_unless_it_may_be() -> None:
    film = quiet(fullscreen="a film")
    assert causes(settled(film)) == [Cause.FULLSCREEN]
    assert causes(settled(film, IdleSettings(mode=Mode.IDLE, pause_on_fullscreen=False))) == []
    assert causes(settled(quiet(fullscreen=NOTHING))) == [], "only where it can be seen"


def test_until_when_is_told_if_every_reason_tells() -> None:
    night = IdleSettings(mode=Mode.IDLE, hours=("22:00-06:00",))
    at_ten = NOW.replace(hour=22)
    assert settled(QUIET, night).of(CPU).until_s == int(at_ten.timestamp())
    held = settled(QUIET, night, Hold(True))
    assert held.of(CPU).until_s is None


def test_memory_is_given_back_when_others_need_it_or_the_owner_says_so() -> None:
    assert not settled(QUIET).must_free_memory
    assert settled(quiet(memory_by_others=0.9)).must_free_memory
    frugal = IdleSettings(mode=Mode.IDLE, keep_in_memory=False)
    assert settled(QUIET, frugal).must_free_memory


def test_who_seems_to_be_here_is_told_in_words() -> None:
    assert "no session" in presence(quiet(inputs=()))
    assert "5 s ago (mouse)" in presence(quiet(inputs=(InputIdle("mouse", 5.9),)))
    assert NOTHING.why in presence(quiet(inputs=NOTHING))
