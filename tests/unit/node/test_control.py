"""The owner's hand: pauses, snoozes, and the switch between pay and gifts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from tests.unit.node.conftest import CLIENT

from neurovoyance.node.control import Control, Wish
from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import ClockOnly, Gate
from neurovoyance.node.idle.settings import IdleSettings
from neurovoyance.node.lending import Lend, Lending
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import Address


@dataclass
class Owned:
    """A control without a chain: nothing was ever settled."""

    book: IdleBook
    gate: Gate
    lending: Lending
    watch: Any

    def control(self, file_lend: Lend = Lend.PAID) -> Control:
        journal: Any = SimpleNamespace(settled=lambda: iter(()))
        return Control(self.gate, self.lending, self.book, self.watch, journal, file_lend)


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[Owned]:
    book = IdleBook(tmp_path / "idle.sqlite", {"market": "m"})
    gate = Gate(IdleSettings(), ClockOnly(), book, {})
    lending = Lending(public_clients=frozenset({Address(CLIENT.address)}))
    yield Owned(book, gate, lending, SimpleNamespace(look_again=False))
    book.close()


def test_a_pause_lasts_until_it_is_ended(owned: Owned) -> None:
    control = owned.control()
    control.obey(Wish(rest=True))
    [device] = control.state()["devices"]
    assert (device["may_run"], device["until_s"]) == (False, None)
    assert "resume" in device["reasons"][0]["message"]
    control.obey(Wish(rest=False))
    [device] = control.state()["devices"]
    assert device["may_run"]


def test_a_snooze_tells_until_when(owned: Owned) -> None:
    control = owned.control()
    control.obey(Wish(rest=True, rest_s=3_600))
    [device] = control.state()["devices"]
    assert 3_590 <= device["until_s"] - time.time() <= 3_601
    assert [pause["ended_s"] for pause in control.state()["pauses"]] == [None]


def test_the_switch_is_obeyed_kept_and_looked_at_anew(owned: Owned) -> None:
    owned.control().obey(Wish(lend=Lend.VOLUNTEER))
    assert owned.lending.is_volunteer
    assert owned.watch.look_again
    owned.lending.mode = Lend.PAID
    owned.control()
    assert owned.lending.is_volunteer, "after a restart with the same settings"
    owned.control(Lend.VOLUNTEER).obey(Wish(lend=Lend.PAID))
    owned.control(Lend.PAID)
    assert owned.lending.mode is Lend.PAID, "the file was changed after the switch"


def test_a_volunteer_without_clients_is_refused_and_changes_nothing(owned: Owned) -> None:
    owned.lending.public_clients = frozenset()
    control = owned.control()
    with pytest.raises(ConfigError, match="no client is listed"):
        control.obey(Wish(lend=Lend.VOLUNTEER, rest=True))
    assert owned.gate.may_run()
    assert not owned.lending.is_volunteer


@pytest.mark.parametrize("wish", [{"rest_s": 0}, {"rest_s": 10**9}, {"lend": "free"}, {"x": 1}])
def test_a_wish_that_makes_no_sense_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate(wish)
