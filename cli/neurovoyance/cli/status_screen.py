"""The screen of ``neurovoyance node status``, drawn from one look at the node.

Place: under ``node_status``. Amounts stay whole; a narrow terminal folds words. Never: I/O, or a
fact that ``status_facts`` did not bring.
"""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from neurovoyance.cli.output import nvy, short, table, when
from neurovoyance.cli.status_facts import Facts, Money
from neurovoyance.cli.status_words import (
    STEPS,
    earned_words,
    health_of,
    progress_of,
    state_of,
)

JOBS_SHOWN = 8
_COLOURS = {"running": "green", "idle": "yellow", "paused": "yellow", "stopping": "yellow"}


def screen(facts: Facts) -> RenderableType:
    """Return everything on one screen: state, money, work, last jobs, health."""
    parts: list[RenderableType] = [
        _rows(rows) for rows in (_head(facts), _money_rows(facts), _work_rows(facts))
    ]
    current = [item for item in facts.answer["executions"] if _is_current(item)]
    if current:
        parts.append(_current(current))
    last = [item for item in facts.answer["executions"] if not _is_current(item)][:JOBS_SHOWN]
    if last:
        parts.append(_last(last, facts.money))
    parts.append(_health(facts))
    return Padding(Group(*(Padding(part, (0, 0, 1, 0)) for part in parts)), (1, 2, 0, 2))


def _is_current(item: dict[str, Any]) -> bool:
    return item["phase"] not in ("ended", "seen")


def _rows(rows: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, words in rows:
        grid.add_row(label, words)
    return grid


def _head(facts: Facts) -> list[tuple[str, str]]:
    state = state_of(facts)
    colour = _COLOURS[state.word]
    rows = [
        ("state", f"[bold {colour}]{state.word}[/]  {escape(state.why)}"),
        ("node", f"{escape(facts.url)}, owner {facts.answer['provider']}"),
    ]
    if state.advice:
        rows.insert(1, ("next", escape(state.advice)))
    return rows


def _money_rows(facts: Facts) -> list[tuple[str, str]]:
    stake, money = facts.answer["stake"], facts.money
    own, locked = nvy(int(stake["own_wei"])), nvy(int(stake["locked_wei"]))
    rows = [("stake", f"{own}, {locked} behind jobs")]
    if money is None:
        return [*rows, ("earned", f"{nvy(int(facts.answer['earned_wei']))} to be harvested")]
    if money.unbonding_wei:
        ready = when(money.unbonding_ready_s)
        rows.append(("unbonding", f"{nvy(money.unbonding_wei)}, to be withdrawn from {ready} on"))
    rows.append(("earned", f"{nvy(money.fees_wei)} to be harvested now"))
    if money.claimable_wei:
        rows.append(("emission", f"{nvy(money.claimable_wei)} to be claimed now"))
    if money.releasable_wei:
        rows.append(("vested", f"{nvy(money.releasable_wei)} to be released now"))
    if money.vesting_wei:
        rows.append(
            (
                "vesting",
                f"{nvy(money.vesting_wei)}; {nvy(money.next_vest_wei)} of it on "
                f"{when(money.next_vest_s)}",
            )
        )
    income = [f"{reason} {nvy(wei)}" for reason, wei in money.income_wei.items() if wei]
    together = nvy(sum(money.income_wei.values()))
    rows.append(
        ("income", ", ".join(income) + f"; {together} since ever" if income else "none yet")
    )
    return rows


def _work_rows(facts: Facts) -> list[tuple[str, str]]:
    from neurovoyance.cli.node_control import control_rows

    answer = facts.answer
    jobs, prices = answer["jobs"], answer["prices"]
    base, second = nvy(int(prices["base_price_wei"])), nvy(int(prices["price_per_second_wei"]))
    owner_rows = control_rows(facts.owner) if facts.owner else []
    rows = [
        ("jobs", f"{jobs['live']} live, {jobs['occupied']} in work, {jobs['promised']} offered"),
        *duty_rows(answer),
        *((label, escape(words)) for label, words in owner_rows),
        ("price", f"{base} and {second} a second"),
    ]
    refused = answer.get("refused") or {}
    if refused:
        counts = ", ".join(f"{count} {cause}" for cause, count in sorted(refused.items()))
        rows.append(("refused", counts))
    return rows


def duty_rows(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the node promised beside its own jobs; nothing where there are no audits."""
    duties, seats = answer["duties"], answer["stake"]["seats"]
    live = sorted((name, count) for name, count in duties["live"].items() if count or seats)
    if not live and not seats:
        return []
    due = f", {duties['due']} must not be missed" if duties["due"] else ""
    rows = [(name, f"{count} live") for name, count in live]
    if seats:
        words = f"{seats}, each may be drawn to audit a job or to judge a dispute"
        rows.insert(0, ("seats", words))
    return [*rows, ("duties", f"{duties['occupied']} in work{due}")]


def _current(items: list[dict[str, Any]]) -> Table:
    shown = table("now", "step", "", "phase", "until")
    for item in items[:JOBS_SHOWN]:
        step, steps = progress_of(item["phase"])
        bar = ProgressBar(total=steps, completed=step, width=len(STEPS) * 2)
        until = when(int(item["deadline_s"])) if item["deadline_s"] else ""
        shown.add_row(short(item["job_id"]), f"{step}/{steps}", bar, item["phase"], until)
    return shown


def _last(items: list[dict[str, Any]], money: Money | None) -> Table:
    shown = table("last jobs", "outcome", "earned, and why", "changed")
    for item in items:
        shown.add_row(
            short(item["job_id"]),
            item["outcome"] or item["phase"],
            escape(earned_words(item, money)),
            when(int(item["changed_s"])),
        )
    return shown


def _health(facts: Facts) -> Text:
    text = Text()
    for is_well, words in health_of(facts):
        text.append("ok  " if is_well else "!!  ", style="green" if is_well else "bold red")
        text.append(words + "\n")
    text.rstrip()
    return text
