"""What the demo shows at its end: files and labels, jobs, money, where to look next."""

from __future__ import annotations

from typing import Any

from neurovoyance.cli.demo_economy import WEEKS, economy_json
from neurovoyance.cli.demo_run import DemoJob, DemoReport
from neurovoyance.cli.local_network import CLIENT_FUNDS_WEI, NODE_STAKE_WEI
from neurovoyance.cli.output import console, nvy, short, table
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.units import format_nvy

_SHARE = "the week's whole pool: nobody else was drawn"
_SHOWN_UNIT_WEI = 10**9
"""Amounts are shown down to a billionth of a coin."""


def report_json(report: DemoReport) -> dict[str, Any]:
    """Return the report for programs: jobs, labels, balances, seconds; wei as decimal strings."""
    shown: dict[str, Any] = {
        "jobs": [entry for item in report.jobs for entry in attempts_json(item)],
        "labels": report.labels,
        "balances": {
            address: {
                "available_wei": str(view.available_wei),
                "reserved_wei": str(view.reserved_wei),
                "pending_wei": str(view.pending_wei),
            }
            for address, view in report.balances.items()
        },
        "cheat": {
            "name": report.cheat.name,
            "job_id": report.cheat.facts.get("job_id", ""),
            "state": report.cheat.facts.get("state", ""),
            "distances_in_tau": report.cheat.distances,
            "slashed_wei": str(report.cheat.slashed_wei),
            "words": report.cheat.words,
        },
        "economy": economy_json(report.economy),
        "seconds": round(report.seconds, 2),
    }
    if report.faults:
        shown["faults"] = report.faults
    return shown


def attempts_json(item: DemoJob) -> list[dict[str, str]]:
    """Return the JSON entries of a job, one an attempt, the last with the result."""
    receipt = item.receipt
    earlier = [
        {
            "id": hex_of(attempt.job_id),
            "state": attempt.note or attempt.status.value,
            "model_cid": receipt["model_cid"],
            "result_cid": "",
            "provider": "",
            "price_wei": str(attempt.price_wei),
            "paid_wei": "0",
            "refunded_wei": str(attempt.price_wei) if attempt.status.value == "refunded" else "0",
        }
        for attempt in item.attempts[:-1]
    ]
    last = {
        key: str(receipt[key])
        for key in (
            "state",
            "model_cid",
            "result_cid",
            "provider",
            "price_wei",
            "paid_wei",
            "refunded_wei",
        )
    }
    return [*earlier, {"id": str(receipt["job_id"]), **last}]


def print_report(report: DemoReport) -> None:
    """Print the report for people."""
    _print_labels(report)
    _print_jobs(report)
    _print_cheat(report)
    _print_money(report)
    _print_economy(report)
    out = console()
    out.print()
    if report.faults:
        for fault in report.faults:
            out.print(f"  [bold red]wrong[/]  {fault}")
        out.print(f"\n  Logs, results and receipts are in {report.folder}", soft_wrap=True)
        return
    out.print(
        f"  [green]All right.[/]  {len(report.labels)} labels equal a direct run of the model; "
        f"{len(report.jobs)} jobs settled, each paid once;"
    )
    out.print("  the cheat was caught and slashed, its client refunded and served by another;")
    out.print(f"  the contracts hold what they owe, to the wei. {report.seconds:.0f} s in all.")
    out.print()
    out.print("  [dim]next[/]   neurovoyance up            a network that keeps running")
    out.print("         neurovoyance job submit    run a model of your own on it")
    out.print("         neurovoyance doctor        what this machine can do")
    if report.folder:
        out.print(f"  [dim]kept[/]   {report.folder}", soft_wrap=True)
    out.print()


def _print_labels(report: DemoReport) -> None:
    shown = table("file", "label", "direct run", "job")
    for name, label in report.labels.items():
        direct = report.direct.get(name, "")
        same = "[green]same[/]" if direct == label else f"[red]{direct}[/]"
        shown.add_row(
            name, label, same, report.job_of_file.get(name, "[dim]too short to need one[/]")
        )
    _section("Files", shown)


def _print_jobs(report: DemoReport) -> None:
    shown = table("job", "id", "hired by", "provider", "state", "paid", right=("paid",))
    for item in report.jobs:
        receipt = item.receipt
        node = report.names.get(receipt["provider"], short(receipt["provider"]))
        if item.name == report.killed_job:
            tries = len(item.attempts)
            node += f", killed and back after {report.away_s:.0f} s" if tries == 1 else ""
        shown.add_row(
            item.name,
            short(receipt["job_id"]),
            item.hire,
            node,
            receipt["state"],
            nvy(int(receipt["paid_wei"])),
        )
    _section("Jobs", shown)
    out = console()
    first = report.jobs[0]
    node = report.names.get(first.receipt["provider"], "")
    out.print(f"\n  {report.killed} lost its power with job {first.name!r} in hand.")
    if len(first.attempts) == 1:
        out.print("  When it came back it read its journal and finished the job once; paid once.")
    else:
        out.print(
            f"  It did not finish: its stake was slashed, the client refunded; {node} did it."
        )


def _print_cheat(report: DemoReport) -> None:
    from rich.padding import Padding

    story = report.cheat
    distances = ", ".join(f"{one} tau" for one in story.distances) or "none"
    out = console()
    out.print(f"\n  [bold]The cheat[/]  {story.name} computed with int8 weights\n")
    out.print(f"  distance   {distances}; 1 tau is allowed")
    out.print(f"  verdict    {story.facts.get('state', 'not hired')}")
    out.print(f"  lost       {nvy(story.slashed_wei)} of stake\n")
    for line in story.words:
        for address, name in report.names.items():
            line = line.replace(address[:10], name)
        out.print(Padding(line, (0, 2, 0, 2)))


def _print_economy(report: DemoReport) -> None:
    story, canary, out = report.economy, report.economy.canary, console()
    if canary.provider:
        out.print(
            f"\n  [bold]The canary[/]  drawn by lot for {canary.name}, for {nvy(canary.price_wei)} "
            "of the protocol;"
        )
        out.print(
            f"  answered and audited, {canary.passed} of {canary.drawn} passed: the availability "
            "emission of the week"
        )
        out.print("  is shared out by these scores.")
    shown = table("what", "NVY", "", right=("NVY",))

    def add(what: str, wei: int, note: str = "") -> None:
        rounded_wei = wei // _SHOWN_UNIT_WEI * _SHOWN_UNIT_WEI
        shown.add_row(what, format_nvy(rounded_wei), f"[dim]{note}[/]" if note else "")

    add(f"fees of {story.provider}", story.fees_wei)
    for name, wei in story.slices.items():
        share = wei * 1_000 // story.fees_wei / 10 if story.fees_wei else 0
        add(f"  {name}", wei, f"{share:g} %")
    if story.emission:
        add("emission for these fees", story.emission["work"], "at most 8.1 % of them")
        add("emission for its canary", story.emission["avail"], _SHARE)
        add("  of both vesting", story.emission["vested"], "three quarters")
    add(f"released after {WEEKS} weeks", story.released_wei, "a 26th a week")
    add("early exit", story.exit["amount"], "a part of what still vests")
    add("  penalty", story.exit["penalty"], "10 % and up to 50 % by the weeks left")
    for name in ("to those who stay", "burned", "to insurance"):
        add(f"    {name}", story.exit[name])
    add("  paid out", story.exit["paid"])
    _section("One provider's fees", shown)
    before, after = story.change["before"] / 100, story.change.get("after", 0) / 100
    out.print(
        f"\n  A vote of {format_nvy(story.votes_for_wei)} NVY changed the burned part of fees from "
        f"{before:g} % to {after:g} %."
    )
    out.print(
        f"  All of this took {story.days:.0f} days on the chain, which the demo let pass at once."
    )


def _print_money(report: DemoReport) -> None:
    shown = table(
        "party",
        "account",
        "began with",
        "paid",
        "earned",
        "can use now",
        "staked",
        right=("began with", "paid", "earned", "can use now", "staked"),
    )
    paid_wei = sum(
        int(item.receipt["paid_wei"]) + int(item.receipt["audits_wei"]) for item in report.jobs
    )
    for address, view in report.balances.items():
        is_client = report.names[address] == "client"
        began_wei = CLIENT_FUNDS_WEI if is_client else NODE_STAKE_WEI
        shown.add_row(
            report.names[address],
            short(address),
            format_nvy(began_wei),
            format_nvy(paid_wei) if is_client else "-",
            "-" if is_client else format_nvy(view.pending_wei),
            format_nvy(view.available_wei),
            format_nvy(view.reserved_wei),
        )
    _section("Money, in NVY", shown)


def _section(title: str, body: Any) -> None:
    from rich.padding import Padding

    out = console()
    out.print(f"\n  [bold]{title}[/]\n")
    out.print(Padding(body, (0, 0, 0, 2), expand=False))
