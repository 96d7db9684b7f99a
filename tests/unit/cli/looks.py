"""Looks at a node, made for tests of the words and the screen."""

from __future__ import annotations

from typing import Any

from neurovoyance.cli.status_facts import Facts, Money
from neurovoyance.protocol.units import nvy

JOB = "0x" + "ab" * 32


def answer(**changes: Any) -> dict[str, Any]:
    """Return what an idle node with enough stake answers."""
    return {
        "provider": "0x" + "11" * 20,
        "is_draining": False,
        "is_paused": False,
        "lend": "paid",
        "prices": {
            "base_price_wei": str(10**16),
            "price_per_second_wei": str(10**15),
            "lock_multiple": 20,
            "min_lock_wei": "0",
        },
        "jobs": {"live": 0, "occupied": 0, "promised": 0},
        "duties": {"occupied": 0, "due": 0, "live": {}},
        "stake": {"own_wei": str(nvy("5000")), "locked_wei": "0", "seats": 0},
        "earned_wei": str(nvy("0.5")),
        "refused": {},
        "failed_turns": 0,
        "executions": [],
        **changes,
    }


def execution(phase: str, **changes: Any) -> dict[str, Any]:
    """Return one execution as the API shows it."""
    return {
        "job_id": JOB,
        "phase": phase,
        "outcome": None,
        "refusal": None,
        "price_wei": str(nvy("0.07")),
        "deadline_s": 1_900_000_000,
        "changed_s": 1_800_000_000,
        **changes,
    }


def money(**changes: Any) -> Money:
    """Return the money of a provider without the economy."""
    return Money(nvy("5000"), 0, 0, 0, nvy("0.5"), **changes)


def facts(answered: dict[str, Any] | None = None, **changes: Any) -> Facts:
    """Return one look."""
    return Facts("http://127.0.0.1:8420", answered or answer(), **changes)


def resting(cause: str, message: str, *, is_held: bool = False) -> dict[str, Any]:
    """Return what the owner of a resting node may know."""
    reason = {"cause": cause, "message": message}
    device = {"device": "cpu", "may_run": False, "until_s": None, "reasons": [reason]}
    return {
        "mode": "idle",
        "presence": "You are here.",
        "hold": {"is_held": is_held, "until_s": None},
        "devices": [device],
        "pauses": [],
        "lend": "paid",
        "public_clients": [],
        "credit": {"jobs": 0},
    }
