"""What a person reads when something failed: what happened, what is safe, what to do next.

Place: the one place that turns an error into words and an exit code. Never: a traceback without
``--debug``, or a word that leaves open whether money moved.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from neurovoyance.protocol import errors

EXIT_UNEXPECTED = 70
EXIT_INTERRUPTED = 130

_SAFE: tuple[tuple[type[errors.NeurovoyanceError], str], ...] = (
    (errors.InsufficientFunds, "Nothing was sent; no money moved."),
    (errors.RpcError, "Nothing is known to have been sent; repeating the command is safe."),
    (errors.TransactionError, "It is journalled and sent at most once; repeating joins it."),
    (errors.ConfigError, "Nothing was started; no money moved."),
    (errors.SpecError, "Nothing was sent; no money moved."),
    (errors.RequestError, "Your money is where it was."),
    (errors.StorageError, "Content that was verified is kept; no money moved."),
    (errors.NetworkError, "Your money is where it was."),
    (errors.InputMismatch, "Nothing was sent; no money moved."),
    (errors.UnsupportedModel, "Nothing was sent; no money moved."),
    (errors.ExecutionError, "What was in escrow came back or is still in escrow."),
    (errors.VerificationError, "Nothing was confirmed; the escrow is still held."),
    (errors.InternalError, "Funds on chain are not affected."),
)
_NEXT = "Run `neurovoyance doctor`; it checks every part and says what to do."


def what_is_safe(error: errors.NeurovoyanceError) -> str:
    """Return one sentence on the money and data of the person who reads it."""
    if isinstance(error, errors.ContractRevert):
        if error.context.get("tx_hash"):
            return "The contract refused it on chain; only the gas was spent."
        return "The contract refused it beforehand; nothing was sent and no money moved."
    for kind, text in _SAFE:
        if isinstance(error, kind):
            return text
    return "No money moved as far as this program knows; `neurovoyance money` shows all of it."


def report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Print an error and return the exit code of the program."""
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(as_json)
    if not isinstance(error, errors.NeurovoyanceError):
        error = _unexpected(error, debug)
    elif debug:
        traceback.print_exception(error)
    if as_json:
        from neurovoyance.cli.output import emit_json

        wire: dict[str, Any] = {**error.to_wire(), "safe": what_is_safe(error)}
        emit_json({"error": wire})
    else:
        _print(error.message, what_is_safe(error), error.hint or _NEXT)
    is_unexpected = type(error) is errors.InternalError and "unexpected" in error.context
    return EXIT_UNEXPECTED if is_unexpected else error.exit_code


def _interrupted(as_json: bool) -> int:
    if as_json:
        from neurovoyance.cli.output import emit_json

        emit_json({"error": {"code": "interrupted", "message": "Interrupted."}})
    else:
        _print(
            "Interrupted.",
            "Jobs that were sent go on; everything sent is journalled.",
            "`neurovoyance job list` shows where your jobs are.",
        )
    return EXIT_INTERRUPTED


def _unexpected(error: BaseException, debug: bool) -> errors.NeurovoyanceError:
    if debug:
        traceback.print_exception(error)
    said = str(error).strip() or "no message"
    return errors.InternalError(
        f"Something unexpected happened: {type(error).__name__}: {said[:300]}",
        hint="Repeat it with --debug and report what it prints.",
        unexpected=True,
    )


def _print(happened: str, safe: str, next_step: str) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from neurovoyance.cli.output import console

    out = console(stderr=True)
    sys.stdout.flush()
    out.print()
    for mark, style, words in (
        ("what happened", "bold red", happened),
        ("what is safe", "bold", safe),
        ("what to do", "bold", next_step),
    ):
        if not words:
            continue
        line = Text(f"{mark:<15}", style=style)
        grid = Table.grid(padding=0)
        grid.add_column(width=15, no_wrap=True)
        grid.add_column()
        grid.add_row(line, Text(words))
        out.print(Padding(grid, (0, 0, 0, 2), expand=False))
    out.print()
