"""Structured log: an event name and its facts, one JSON object a line, or a line for people.

Place: used by every part of the node that has something to tell; INFO is a change of state,
WARNING a repetition, ERROR lost money or work. Facts whose name says that they are secret are
blotted out, and so is every text given to :func:`hide`, wherever it turns up: in an error of
another package, in a trace. Never: a key, a salt, a password or an input.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.protocol.ids import hex_of

LogFormat: TypeAlias = Literal["json", "text"]

LOGGER_NAME = "neurovoyance.node"
BLOT = "***"
HIDDEN_MIN_CHARS = 6
"""A shorter text would blot out half of the log; no secret of the node is as short."""
_FACTS = "neurovoyance_facts"
_SECRET_ENDS = ("key", "password", "passphrase", "salt", "secret", "token", "authorization")
_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Blot a text out of every line from now on, in plain and as JSON writes it."""
    if len(secret) >= HIDDEN_MIN_CHARS:
        _hidden.update((secret, json.dumps(secret)[1:-1]))


def _blotted(line: str) -> str:
    for secret in sorted(_hidden, key=len, reverse=True):
        line = line.replace(secret, BLOT)
    return line


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
        return _blotted(json.dumps(line, default=str))


class TextLines(logging.Formatter):
    """Formats records for people: time, level, event, facts; a trace follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the trace if there is one."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%d %b %H:%M:%S")
        facts = [
            f"{name}={value if isinstance(value, str | int) else json.dumps(value, default=str)}"
            for name, value in getattr(record, _FACTS, {}).items()
        ]
        line = " ".join([time, f"{record.levelname:<7}", record.getMessage(), *facts])
        # A newline in a fact must not look like a line of the log.
        line = line.replace("\n", " ").replace("\r", " ")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return _blotted(line)


def log_event(level: int, event: str, **facts: Any) -> None:
    """Write one event; bytes are shown as hex, errors as code and sentence."""
    logger = logging.getLogger(LOGGER_NAME)
    if logger.isEnabledFor(level):
        shown = {
            name: BLOT if name.endswith(_SECRET_ENDS) else _shown(value)
            for name, value in facts.items()
            if value is not None
        }
        logger.log(level, event, extra={_FACTS: shown})


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return hex_of(value)
    if isinstance(value, NeurovoyanceError):
        return {"code": value.code, "message": value.message}
    return value


def set_up_logs(path: Path | None, form: LogFormat = "json", level: int = logging.INFO) -> None:
    """Send the log of all packages to a file, or to standard error; replaces earlier handlers."""
    if path is None:
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
    else:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
