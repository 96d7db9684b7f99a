"""``neurovoyance doctor``: checks everything this software stands on, and says what to do."""

from __future__ import annotations

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

_MARKS = {
    "ok": "[green]ok[/]     ",
    "warn": "[yellow]warn[/]   ",
    "fail": "[bold red]fail[/]   ",
    "unknown": "[cyan]unknown[/]",
}


def doctor(
    config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Check this machine, its packages, keys, storage, network and node; exit code 1 if one fails.

    Each check says what it found and what to do next; unknown means that nobody can tell from here.
    """
    import asyncio

    from rich.markup import escape

    from neurovoyance.cli.doctor_checks import run_checks
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json

    findings = asyncio.run(run_checks(home_of(home), config))
    counts = {state: sum(found.state == state for found in findings) for state in _MARKS}
    if as_json:
        shown = [finding.as_json() for finding in findings]
        emit_json({"ok": not counts["fail"], "counts": counts, "checks": shown})
    else:
        out = console()
        out.print()
        for finding in findings:
            mark, words = _MARKS[finding.state], escape(finding.found)
            out.print(f"  {mark}  {finding.name:<12}  {words}", soft_wrap=True)
            if finding.next:
                next_ = escape(finding.next)
                out.print(f"  {'':<7}  {'':<12}  [dim]->[/] {next_}", soft_wrap=True)
        out.print()
        words = "All is well." if not counts["fail"] else f"{counts['fail']} to mend."
        rest = [f"{counts[state]} {state}" for state in ("warn", "unknown") if counts[state]]
        out.print(f"  {words}{' ' + ', '.join(rest) + '.' if rest else ''}\n")
    if counts["fail"]:
        raise typer.Exit(1)
