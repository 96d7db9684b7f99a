"""A node's state has a reason, and an idle one says what is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from neurovoyance.cli.status_words import (
    STEPS,
    earned_words,
    health_of,
    progress_of,
    smallest_lock_wei,
    state_of,
)
from neurovoyance.node.execution_values import Phase
from neurovoyance.protocol.units import nvy

from .looks import JOB, answer, execution, facts, money, resting


@pytest.mark.parametrize(
    ("changes", "word", "why"),
    [
        ({"is_draining": True}, "stopping", "finishes what stake depends on"),
        ({"is_paused": True}, "paused", "nobody else is told more"),
        ({"executions": [execution("running")]}, "running", "works on a job"),
        ({"duties": {"occupied": 1, "due": 1, "live": {}}}, "running", "audits or judges"),
        (
            {"stake": {"own_wei": str(nvy("5")), "locked_wei": str(nvy("4.9")), "seats": 0}},
            "idle",
            "free stake, 0.1 NVY, backs no job: the smallest needs 0.2 NVY",
        ),
        ({"refused": {"price": 9, "memory": 5}}, "idle", "Nothing that was listed fits: 9 price"),
        ({"executions": [execution("held")]}, "idle", "1 listed jobs were checked"),
        ({"jobs": {"live": 0, "occupied": 0, "promised": 2}}, "idle", "no client has taken one"),
        ({"lend": "volunteer"}, "idle", "none of its clients asked"),
        ({}, "idle", "Nobody listed a job"),
    ],
)
def test_every_state_has_its_reason(changes: dict[str, Any], word: str, why: str) -> None:
    state = state_of(facts(answer(**changes)))
    assert state.word == word
    assert why in state.why


def test_the_owner_is_told_why_it_rests_and_how_to_end_it() -> None:
    owner = resting("paused by hand", "You paused it.", is_held=True)
    state = state_of(facts(answer(is_paused=True), owner=owner))
    assert state.why == "cpu: You paused it."
    assert "node resume" in state.advice


def test_a_chain_that_stands_is_the_reason_before_all_others() -> None:
    state = state_of(facts(answer(refused={"price": 1}), money=money(lag_s=900)))
    assert "900 s old" in state.why and "doctor" in state.advice


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_its_step(phase: Phase) -> None:
    step, steps = progress_of(phase.value)
    assert 1 <= step <= steps == len(STEPS)


def test_the_steps_only_go_on() -> None:
    way = [progress_of(step)[0] for step in STEPS]
    assert way == list(range(1, len(STEPS) + 1))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (execution("ended", outcome="settled"), "0.07 NVY for the job"),
        (execution("ended", outcome="lost"), "nothing: lost"),
        (execution("revealed"), "unless challenged"),
        (execution("held"), "if it gets the job"),
        (execution("running"), "0.07 NVY when it is done"),
    ],
)
def test_every_job_says_what_it_brings_and_why(item: dict[str, Any], words: str) -> None:
    assert words in earned_words(item, money())


def test_what_the_chain_says_of_a_job_counts_before_anything_else() -> None:
    of_job = {JOB: [("job", nvy("0.06")), ("slash", -nvy("1"))]}
    words = earned_words(execution("ended", outcome="settled"), money(of_job=of_job))
    assert words == "0.06 NVY for the job, -1 NVY for the slash"


def test_health_names_what_is_wrong() -> None:
    due = {"occupied": 0, "due": 2, "live": {}}
    look = facts(
        answer(is_paused=True, duties=due, failed_turns=3),
        money=money(lag_s=500, income_wei={"slash": -nvy("2")}),
        missing=["No chain."],
    )
    bad = [words for is_well, words in health_of(look) if not is_well]
    assert len(bad) == 5
    assert all(is_well for is_well, _ in health_of(facts(money=money())))


def test_the_smallest_lock_follows_the_price_list() -> None:
    prices = answer()["prices"]
    assert smallest_lock_wei(prices) == 20 * 10**16
    assert smallest_lock_wei(prices | {"min_lock_wei": str(nvy("9"))}) == nvy("9")
