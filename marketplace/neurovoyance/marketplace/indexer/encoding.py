"""Typed events as JSON: for the table of events, and for whoever reads it.

Place: under ``batching``. Bytes become ``0x`` hex, integers beyond 2^53 decimal text (a browser
would round them), enums their number, records objects. Never: a value that is not the event's.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import EVENT_CLASSES
from neurovoyance.protocol.ids import hex_of

_SAFE = 2**53
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SUBJECTS = ("job_id", "slash_id", "dispute_id", "proposal_id", "channel_id", "model_id")
_PARTIES = ("provider", "account", "client", "owner", "voter", "delegator")


def plain(value: Any) -> Any:
    """Return a value of an event as JSON holds it."""
    kind = type(value)  # the usual kinds first: this runs for every value of every event
    if kind is str or kind is bool or value is None:
        return value
    if kind is bytes:
        return hex_of(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return value if -_SAFE < value < _SAFE else str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    return [plain(item) for item in value]


@cache
def _names(topic: bytes) -> tuple[str, ...]:
    return tuple(item.name for item in fields(EVENT_CLASSES[topic]) if item.name != "meta")


def event_json(event: ChainEvent) -> str:
    """Return the values of an event as one JSON object."""
    values = {name.rstrip("_"): plain(getattr(event, name)) for name in _names(event.topic)}
    return _JSON.encode(values)


@cache
def _subject_name(topic: bytes) -> str | None:
    names = _names(topic)
    return next((name for name in (*_SUBJECTS, *_PARTIES) if name in names), None)


def subject_of(event: ChainEvent) -> str:
    """Return what an event is about: a job, slash, dispute, proposal, channel, model, or party."""
    name = _subject_name(event.topic)
    if name is None:
        return ""
    value = getattr(event, name)
    return hex_of(value) if isinstance(value, bytes) else str(value)


def key_text(key: bytes) -> str:
    """Return the name in a 32-byte key, as parameters have it; its hex when it is no name."""
    bare = key.rstrip(b"\0")
    if bare.isascii() and bare.decode("ascii", "replace").isidentifier():
        return bare.decode("ascii")
    return hex_of(key)
