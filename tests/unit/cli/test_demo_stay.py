"""The demo stays while somebody looks, and ends when nobody does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from neurovoyance.cli import demo_report, demo_stay, processes
from neurovoyance.cli.demo import _stay
from neurovoyance.cli.demo_stay import (
    SEEN_S,
    UNSEEN_S,
    Audience,
    looks_in,
    until_nobody_looks,
)

METRICS = b"""# TYPE market_requests_total counter
market_requests_total{route="/v1/health",status="200"} 12.0
market_requests_total{route="/v1/health",status="503"} 1.0
market_requests_total{route="/v1/jobs",status="200"} 99.0
"""


def test_looks_are_counted_whatever_was_answered() -> None:
    assert looks_in(METRICS) == 13
    assert looks_in(b"") == 0


def test_a_page_that_nobody_opens_is_not_waited_for() -> None:
    audience = Audience(100.0, 5)
    assert not audience.has_left(5, 100 + UNSEEN_S - 1)
    assert audience.has_left(5, 100 + UNSEEN_S)


def test_who_looked_has_time_to_come_back() -> None:
    audience = Audience(0.0, 0)
    assert not audience.has_left(1, 50)
    assert not audience.has_left(1, 50 + UNSEEN_S)
    assert not audience.has_left(2, 50 + SEEN_S - 1)
    assert not audience.has_left(2, 50 + 2 * SEEN_S - 2)
    assert audience.has_left(2, 50 + 2 * SEEN_S - 1)


def test_a_service_that_is_away_is_nobody_looking() -> None:
    audience = Audience(0.0, 7, was_seen=True)
    assert not audience.has_left(0, 1)
    assert audience.has_left(0, SEEN_S)


async def test_ctrl_c_ends_it_at_once() -> None:
    stop = asyncio.Event()
    stop.set()
    await until_nobody_looks("http://127.0.0.1:9", stop, is_patient=True)


async def test_who_cheated_is_gone_before_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, cheat = SimpleNamespace(child="honest"), SimpleNamespace(child="cheat")
    network = SimpleNamespace(
        nodes=[honest, cheat], honest=[honest], market=SimpleNamespace(url="http://127.0.0.1:1")
    )
    happened: list[object] = []

    async def looked(*_: object, **__: object) -> None:
        happened.append("open")

    monkeypatch.setattr(processes, "stop_all", happened.extend)
    monkeypatch.setattr(demo_stay, "until_nobody_looks", looked)
    monkeypatch.setattr(demo_report, "print_report", lambda _: None)
    await _stay(cast(Any, network), cast(Any, SimpleNamespace(faults=[])), is_patient=True)
    assert happened == ["cheat", "open"]
