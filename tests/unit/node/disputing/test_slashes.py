"""Held slashes: those of our jobs are split after the hold, and a lost race is no failure."""

from __future__ import annotations

from pathlib import Path

from tests.unit.node.disputing.court import PROVIDER, START_S, referee
from tests.unit.node.disputing.test_duty import META, make

from neurovoyance.chain.events import SlashBooked
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing.slashes import RETRY_S, SlashKeeper
from neurovoyance.node.disputing.values import DisputeAction, SlashState

JOB = b"\x09" * 32


def booked(number: int, provider: str) -> SlashBooked:
    slash_id = bytes([number]) * 32
    return SlashBooked(META, slash_id, JOB, provider, 5, START_S + 100)  # type: ignore[arg-type]


async def test_a_slash_of_ours_is_split_once_after_the_hold(tmp_path: Path) -> None:
    court = make(tmp_path).court
    keeper = SlashKeeper(court, CrashPoint(None))  # type: ignore[arg-type]
    await keeper.note(booked(1, PROVIDER))
    await keeper.note(booked(2, referee(3)))
    assert [slash.slash_id for slash in court.book.held_slashes()] == [b"\x01" * 32]
    await keeper.sweep(START_S + 99, frozenset())
    await keeper.sweep(START_S + 100, frozenset({JOB}))
    assert court.sent == []
    await keeper.sweep(START_S + 100, frozenset())
    await keeper.sweep(START_S + 101, frozenset())
    assert len(court.sent) == 1
    assert DisputeAction.FINALIZE_SLASH.value in court.sent[0]
    await keeper.sweep(START_S + 100 + RETRY_S, frozenset())
    assert court.book.held_slashes() == []
    court.book.close()


async def test_a_slash_that_a_reorganisation_undid_is_waited_for(tmp_path: Path) -> None:
    court = make(tmp_path).court
    keeper = SlashKeeper(court, CrashPoint(None))  # type: ignore[arg-type]
    await keeper.note(booked(1, PROVIDER))
    court.slash = SlashState.UNBOOKED
    await keeper.sweep(START_S + 100, frozenset())
    assert court.sent == []
    assert len(court.book.held_slashes()) == 1
    court.book.close()
