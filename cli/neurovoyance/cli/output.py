"""How the command line speaks: calm tables and lines for people, one JSON object for programs.

Place: every command prints through here. Amounts are exact; hashes are shortened for people and
whole in JSON. Never: a secret, or an escape code in a pipe.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from neurovoyance.protocol.units import format_nvy

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 120


def console(*, stderr: bool = False) -> Console:
    """Return a console on standard output or error; a pipe gets a fixed width and no colour."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=False)


def emit_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
    sys.stdout.flush()


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table in the house style; columns named in ``right`` align right.

    Amounts stay whole; words fold onto another line where the terminal is narrow.
    """
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for column in columns:
        is_right = column in right
        made.add_column(
            column,
            justify="right" if is_right else "left",
            no_wrap=is_right,
            overflow="fold",
        )
    return made


def short(text: str, size: int = 10) -> str:
    """Return the first characters of a hash or address.

    >>> short("0x0123456789abcdef")
    '0x01234567'
    """
    return text[:size]


def nvy(amount_wei: int) -> str:
    """Return an amount with its unit."""
    return f"{format_nvy(amount_wei)} NVY"


def when(time_s: int) -> str:
    """Return a chain time as local date and time of day."""
    return datetime.fromtimestamp(time_s).astimezone().strftime("%d %b %H:%M:%S") if time_s else ""


def size(size_bytes: int) -> str:
    """Return a size for people.

    >>> size(3_163_737)
    '3.0 MiB'
    """
    value, unit = size_bytes, 0
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    while value >= 1024 * 1024 and unit < len(units) - 2:
        value, unit = value >> 10, unit + 1
    if value >= 1024:
        return f"{value / 1024:.1f} {units[unit + 1]}"
    return f"{value} {units[unit]}"
