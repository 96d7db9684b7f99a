"""``neurovoyance doctor``: checks everything this software stands on, and says what to do."""

from __future__ import annotations

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

_MARKS = {"ok": "[green]ok[/]  ", "note": "[yellow]note[/]", "bad": "[bold red]bad[/] "}


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check this machine, its packages, keys, storage and network; exit code 1 if a part is bad."""
    import asyncio

    from neurovoyance.cli.doctor_checks import run_checks
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json

    findings = asyncio.run(run_checks(home_of(home)))
    is_well = not any(finding.verdict == "bad" for finding in findings)
    if as_json:
        emit_json({"ok": is_well, "checks": [finding.as_json() for finding in findings]})
    else:
        out = console()
        out.print()
        for finding in findings:
            out.print(
                f"  {_MARKS[finding.verdict]}  {finding.name:<16}  {finding.words}", soft_wrap=True
            )
            if finding.advice:
                out.print(f"        {'':<16}  [dim]->[/] {finding.advice}", soft_wrap=True)
        out.print()
        bad = sum(finding.verdict == "bad" for finding in findings)
        out.print("  All is well.\n" if is_well else f"  {bad} to mend.\n")
    if not is_well:
        raise typer.Exit(1)
