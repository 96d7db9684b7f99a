"""Tables of measurements: what honest runs and cheats showed, in units of the tolerance.

Place: printed by ``model calibrate`` and ``model verify``. Never: a verdict of its own; the words
come from the report.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurovoyance.client.certificates import Registration
    from neurovoyance.node.calibration.repeating import Repetition
    from neurovoyance.node.calibration.report import Report, Tried
    from neurovoyance.protocol.certificate import Measurement


class StepLine:
    """One line on standard error that tells what is measured; silent in pipes and for programs."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent or not sys.stderr.isatty()
        self._shown_s = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show a step; at most ten times a second."""
        now_s = time.monotonic()
        if self._is_silent or (done not in (0, total) and now_s - self._shown_s < 0.1):
            return
        self._shown_s = now_s
        sys.stderr.write(f"\r\x1b[K  {what}  {done}/{total}")
        sys.stderr.flush()

    def close(self) -> None:
        """Remove the line."""
        if not self._is_silent:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def print_report(report: Report) -> None:
    """Print what a calibration found: every choice of tensors, then the verdict."""
    from neurovoyance.cli.output import console

    out = console()
    for tried in report.tried:
        _print_tried(tried)
    for note in report.notes:
        out.print(f"  [dim]note[/dim]  {_plain(note)}")
    out.print()
    mark = (
        "[bold green]accepted[/bold green]"
        if report.is_accepted
        else "[bold red]refused[/bold red]"
    )
    out.print(f"  {mark}  {_plain(report.verdict())}")


def print_repetition(found: Repetition) -> None:
    """Print what repeating a certificate's measurements gave."""
    from neurovoyance.cli.output import console

    out = console()
    if found.honest_max:
        _print_measurements(found.honest_max, found.cheat_min, found.tau)
    for note in found.notes:
        out.print(f"  [dim]note[/dim]  {_plain(note)}")
    out.print()
    mark = "[bold green]holds[/bold green]" if found.holds else "[bold red]does not hold[/bold red]"
    out.print(f"  {mark}  {_plain(found.verdict())}")


def print_registration(found: Registration) -> None:
    """Print where a model stands on chain, and whether jobs can be posted now."""
    from neurovoyance.cli.output import console, nvy, when
    from neurovoyance.protocol.ids import hex_of

    out = console()
    out.print(f"  [dim]model id[/dim]    {hex_of(found.model_id)}", soft_wrap=True)
    out.print(f"  [dim]state[/dim]       {found.record.state.name.lower()}")
    out.print(f"  [dim]takes jobs[/dim]  from {when(found.record.active_at_s)}")
    out.print(f"  [dim]bond[/dim]        {nvy(found.bond_wei)} of {found.registrant}")
    for pool in found.pools:
        seats = "seat" if pool.record.live_seats == 1 else "seats"
        out.print(
            f"  [dim]{pool.job_class.name:<10}[/dim]  auditors {pool.name}: "
            f"{pool.record.live_seats} {seats} of {pool.record.owners} owners "
            f"({pool.policy.seats_min} and {pool.policy.owners_min} are needed)"
        )
    out.print(f"  {posting_words(found)}")


def posting_words(found: Registration) -> str:
    """Return whether jobs can be posted now, in one sentence."""
    from neurovoyance.cli.output import when

    classes = " and ".join(one.name for one in found.job_classes())
    if classes:
        return f"{classes} jobs can be posted now."
    if not found.is_registered:
        return "The model is not registered."
    if not found.is_active and found.record.state.name == "SUSPENDED":
        return "The model was suspended; it takes no more jobs."
    if not found.is_active:
        return f"No job can be posted before {when(found.record.active_at_s)}."
    return "No job can be posted yet: too few auditors have a seat in the model's pools."


def _print_tried(tried: Tried) -> None:
    from neurovoyance.cli.output import console

    out = console()
    out.print()
    out.print(f"[bold]{_plain(', '.join(tried.option.names))}[/bold]", soft_wrap=True)
    out.print(f"  {_plain(tried.option.reason)}")
    if tried.result is not None:
        _print_measurements(tried.result.honest_max, tried.result.cheat_min, tried.result.tau)
    for fault in tried.faults:
        out.print(f"  [red]no[/red]  {_plain(fault)}")


def _print_measurements(
    honest: Sequence[Measurement], cheats: Sequence[Measurement], tau: str
) -> None:
    from neurovoyance.cli.output import console, table
    from neurovoyance.node.calibration.report import in_tau

    made = table("", "", "distance", "in tau", right=("distance", "in tau"))
    for kind, found in (("honest, largest", honest), ("cheat, smallest", cheats)):
        for at, one in enumerate(found):
            made.add_row(kind if at == 0 else "", _plain(one.name), one.value, in_tau(one, tau))
    made.add_row("tolerance, tau", "", tau, "1")
    console().print(made)


def _plain(text: str) -> str:
    """Return text that rich shows as it is."""
    return text.replace("[", "\\[")
