"""Structured log: one JSON object a line, an event name and its facts.

Place: used by every part of the node that has something to tell; INFO is a change of state,
WARNING a repetition, ERROR lost money or work. Never: a key, a salt, a password or an input.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.protocol.ids import hex_of

LOGGER_NAME = "neurovoyance.node"
_FACTS = "neurovoyance_facts"


class JsonLines(logging.Formatter):
    """Formats records as JSON lines; messages of other packages become the event's text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": time,
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_event(level: int, event: str, **facts: Any) -> None:
    """Write one event; bytes are shown as hex, errors as code and sentence."""
    logger = logging.getLogger(LOGGER_NAME)
    if logger.isEnabledFor(level):
        shown = {name: _shown(value) for name, value in facts.items() if value is not None}
        logger.log(level, event, extra={_FACTS: shown})


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return hex_of(value)
    if isinstance(value, NeurovoyanceError):
        return {"code": value.code, "message": value.message}
    return value


def set_up_logs(path: Path | None, level: int = logging.INFO) -> None:
    """Send the log of all packages to a file, or to standard error; replaces earlier handlers."""
    if path is None:
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
    else:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
