"""``neurovoyance node start``: run the provider's node in the foreground."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file of the node.", dir_okay=False)
]


class LogForm(StrEnum):
    """Forms of the log: an object a line for programs, or a line for people."""

    JSON = "json"
    TEXT = "text"


def start(
    config: ConfigOption = None,
    log_format: Annotated[
        LogForm | None, typer.Option("--log-format", help="As the settings say if left out.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Run the node until Ctrl-C; work under way is finished first, and resumed after a crash."""
    import os
    import sys

    from neurovoyance.cli.output import console

    path = config_path(config, home)
    console(stderr=True).print(f"Starting the node of {path}. Its log follows.", soft_wrap=True)
    sys.stderr.flush()
    arguments = ["-m", "neurovoyance.node", "--config", str(path)]
    if log_format is not None:
        arguments += ["--log-format", log_format.value]
    # The node takes the place of this process, so signals and exit code are its own.
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


def config_path(config: Path | None, home: Path | None) -> Path:
    """Return the settings file of the node.

    Raises:
        ConfigError: there is none.
    """
    from neurovoyance.cli.opened import home_of
    from neurovoyance.protocol.errors import ConfigError

    path = config or home_of(home) / "node" / "node.toml"
    if not path.is_file():
        raise ConfigError(
            f"There are no node settings at {path}.",
            hint="Make them with `neurovoyance node init`, or name a file with --config.",
            faults=["node.toml: missing"],
        )
    return path
