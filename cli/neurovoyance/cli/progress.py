"""The lines that a person sees while a job runs: time, phase, who, transaction.

Place: the callback of ``job submit``, ``job watch`` and ``job fetch``.
"""

from __future__ import annotations

import time

from neurovoyance.cli.output import console, nvy, short
from neurovoyance.client.phases import Phase, PhaseUpdate

_WORDS = {
    Phase.POSTED: "listed, waiting for a provider",
    Phase.ASSIGNED: "a provider's stake is locked behind it",
    Phase.COMMITTED: "the provider is bound to an output",
    Phase.REVEALED: "the output is public",
    Phase.ACCEPTED: "the challenge window is over",
}
_STYLE = {
    Phase.CHECKED: "green",
    Phase.SETTLED: "green",
    Phase.REFUNDED: "yellow",
    Phase.RETRYING: "yellow",
}


class PhaseLines:
    """Prints one line a phase; silent when programs read the output."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._started_s = time.monotonic()
        self._console = console()

    def phase(self, update: PhaseUpdate) -> None:
        """Print a phase."""
        words = update.detail or _WORDS.get(update.phase, "")
        if update.phase is Phase.ASSIGNED and update.provider:
            words = f"to {short(update.provider)}, whose stake is locked behind it"
        self.line(update.phase.value, words, _STYLE.get(update.phase, ""), update.tx_hash)

    def deposit(self, amount_wei: int) -> None:
        """Print that money is about to be deposited."""
        self.line("deposit", f"{nvy(amount_wei)} from the wallet into the market")

    def line(self, name: str, words: str, style: str = "", tx_hash: str = "") -> None:
        """Print one line: seconds, a word, a clause, the transaction."""
        if self._is_silent:
            return
        from rich.text import Text

        text = Text()
        text.append(f"  {time.monotonic() - self._started_s:6.1f} s  ", style="dim")
        text.append(f"{name:<10}", style=style or "bold")
        text.append(f"  {words:<56}")
        text.append(f"  {short(tx_hash)}", style="dim")
        text.rstrip()
        self._console.print(text, no_wrap=True, crop=False)


class StepLines:
    """Prints the steps and events of ``demo`` and ``up``; silent when programs read the output."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._started_s = time.monotonic()
        self._console = console()

    def step(self, words: str) -> None:
        """Print a step of the preparation."""
        self._line("", words, "")

    def event(self, job: str, name: str, words: str, style: str = "") -> None:
        """Print what happened to a job."""
        self._line(f"{job:<10}  {name:<9}", words, style)

    def _line(self, head: str, words: str, style: str) -> None:
        if self._is_silent:
            return
        from rich.text import Text

        text = Text()
        text.append(f"  {time.monotonic() - self._started_s:5.1f} s  ", style="dim")
        if head:
            text.append(f"{head}  ", style=style or "bold")
        text.append(words)
        self._console.print(text, no_wrap=True, crop=False)
