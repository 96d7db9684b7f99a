"""Options that several commands share, so that they read and behave alike.

Place: imported by every command file; light, since ``--help`` loads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="NEUROVOYANCE_HOME",
        help="Folder of this client's state.",
        show_default="~/.neurovoyance",
        file_okay=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money moves.")]
JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="Job id, or its first characters (0x...).")
]
