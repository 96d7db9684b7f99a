"""The first screen shows state and reason, stake, earnings and their dates, jobs, health."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from neurovoyance.cli.status_facts import Facts
from neurovoyance.cli.status_screen import screen
from neurovoyance.protocol.units import nvy

from .looks import JOB, answer, execution, facts, money, resting


def drawn(look: Facts, width: int = 110) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(screen(look))
    return out.getvalue()


def test_everything_that_matters_is_on_it() -> None:
    jobs = [execution("running"), execution("ended", outcome="settled")]
    rich = money(
        releasable_wei=nvy("1"),
        vesting_wei=nvy("26"),
        next_vest_s=1_900_000_000,
        next_vest_wei=nvy("1"),
        claimable_wei=nvy("3"),
        income_wei={"job": nvy("7"), "audit": nvy("2"), "slash": 0},
        of_job={JOB: [("job", nvy("0.07"))]},
    )
    text = drawn(facts(answer(executions=jobs), money=rich))
    for words in (
        "running",
        "It works on a job",
        "5000 NVY, 0 NVY behind jobs",
        "0.5 NVY to be harvested now",
        "26 NVY; 1 NVY of it on",
        "3 NVY to be claimed now",
        "job 7 NVY, audit 2 NVY; 9 NVY since ever",
        "4/8",
        "0.07 NVY for the job",
        "failed turns",
    ):
        assert words in text, text
    assert "slash" not in text


def test_a_resting_node_and_hostile_words_are_drawn_plainly() -> None:
    owner = resting("program", "A program [bold red]called so[/] runs.")
    text = drawn(facts(answer(is_paused=True), owner=owner))
    assert "[bold red]called so[/]" in text, "a name of a program is no markup"
    assert "rests." in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_narrow_terminal_keeps_every_amount_whole(width: int) -> None:
    text = drawn(facts(money=money(income_wei={"job": 10**18 + 1})), width)
    assert "1.000000000000000001" in text.replace("\n", "").replace(" ", "")
