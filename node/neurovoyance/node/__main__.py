"""Start a node: ``python -m neurovoyance.node --config node.toml``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from neurovoyance.node.log_secrets import hide_secrets
from neurovoyance.node.logs import log_event, set_up_logs
from neurovoyance.node.process import run_node
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.errors import NeurovoyanceError


def main(argv: list[str] | None = None) -> int:
    """Run a node from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m neurovoyance.node", description=main.__doc__)
    parser.add_argument("--config", type=Path, help="TOML file with the settings")
    parser.add_argument("--log-format", choices=["json", "text"], help="form of the log's lines")
    parser.add_argument("--crash-at", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    set_up_logs(None, options.log_format or "json")
    try:
        arguments = {"crash_at": options.crash_at, "log_format": options.log_format}
        settings = load_settings(options.config, arguments=arguments)
        set_up_logs(settings.log_path, settings.log_format)
        hide_secrets(settings)
        asyncio.run(run_node(settings))
    except NeurovoyanceError as error:
        log_event(logging.ERROR, "ended", error=error, hint=error.hint, **_faults(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _faults(error: NeurovoyanceError) -> dict[str, object]:
    faults = error.context.get("faults")
    return {"faults": faults} if faults else {}


if __name__ == "__main__":
    sys.exit(main())
