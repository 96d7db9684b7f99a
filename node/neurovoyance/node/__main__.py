"""Start a node: ``python -m neurovoyance.node --config node.toml``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from neurovoyance.node.logs import log_event, set_up_logs
from neurovoyance.node.process import run_node
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.errors import NeurovoyanceError


def main(argv: list[str] | None = None) -> int:
    """Run a node from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m neurovoyance.node", description=main.__doc__)
    parser.add_argument("--config", type=Path, help="TOML file with the settings")
    parser.add_argument("--crash-at", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    set_up_logs(None)
    try:
        settings = load_settings(options.config, arguments={"crash_at": options.crash_at})
        set_up_logs(settings.log_path)
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
