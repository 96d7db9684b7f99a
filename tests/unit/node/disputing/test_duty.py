"""The duty obeys the rules: one thing at a time, fixed keys, patience, and an orderly end.

The court here is the small model of ``court.py`` behind the reads and sends of the real one; real
courts are in ``tests/integration/test_disputes.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.node.disputing.court import PROVIDER, START_S, facts, referee

from neurovoyance.chain.event_base import LogMeta
from neurovoyance.chain.events import DisputeOpened, RefereesDrawn
from neurovoyance.chain.reverts import DisputeCourtWrongPhase
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing.casebook import TRACE, Casebook, vote_name
from neurovoyance.node.disputing.duty import REOPEN_S, DisputeDuty, NotYet
from neurovoyance.node.disputing.forms import Finding, TracePlan
from neurovoyance.node.disputing.values import (
    Case,
    DisputeView,
    Seat,
    SlashState,
    Wanted,
)
from neurovoyance.protocol.audit import DisputeFacts, DisputePhase, RefereeVote
from neurovoyance.protocol.errors import RpcError

META = LogMeta("0x" + "0" * 40, 5, "0x" + "0" * 64, "0x" + "0" * 64, 0)  # type: ignore[arg-type]
FACTS = facts()
KEY = FACTS.facts_hash()
WORDS = (bytes(32),) * 4
TRACED = DisputeView(DisputePhase.TRACE, deadline_s=START_S + 600)


@dataclass
class Court:
    """What the duty asks of a :class:`CourtSide`."""

    book: Casebook
    owner: str
    shown: DisputeView = TRACED
    sent: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    time_s: int = START_S
    slash: SlashState = SlashState.HELD

    @property
    def wallet(self) -> Any:
        return SimpleNamespace(address="0x" + "8" * 40)

    @property
    def contracts(self) -> Any:
        async def was_drawn(job_id: bytes, owner: str) -> bool:
            return False

        async def time_s() -> int:
            return self.time_s

        return SimpleNamespace(
            audits=SimpleNamespace(was_drawn=was_drawn), client=SimpleNamespace(time_s=time_s)
        )

    async def view(self, case: Case) -> DisputeView:
        return self.shown

    async def facts_of(self, dispute_id: int) -> DisputeFacts | None:
        return FACTS if dispute_id == FACTS.dispute_id else None

    async def send(self, case: Case, view: DisputeView, want: Wanted, key: str) -> Any:
        self.sent.append(key)
        if self.fails:
            raise self.fails.pop(0)
        return SimpleNamespace(tx_hash="0x1", gas_used=1)

    async def slash_of(self, slash_id: bytes) -> tuple[SlashState, int]:
        return self.slash, START_S

    async def finalize_slash(self, slash_id: bytes, key: str) -> Any:
        self.sent.append(key)
        self.slash = SlashState.SPLIT


@dataclass
class Hearing:
    """Fixes a trace or a vote at once, or fails as it is told."""

    book: Casebook
    fails: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def _work(self, name: str) -> None:
        self.asked.append(name)
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)

    async def trace(self, case: Case, view: DisputeView) -> None:
        await self._work("trace")
        self.book.fix(KEY, TRACE, TracePlan(bytes(32), b"\x01U", (), (), WORDS, WORDS))

    async def seek(self, case: Case, view: DisputeView) -> None:
        await self._work("seek")

    async def judge(self, case: Case, view: DisputeView, want: Wanted) -> None:
        await self._work("judge")
        vote = Finding(RefereeVote.CLEAR, "It is right.", b"\x01" * 32)
        self.book.fix(KEY, vote_name(want.level), vote)

    def inputs_in_use(self) -> frozenset[bytes]:
        return frozenset({b"input"})

    async def release(self, case: Case) -> None:
        self.asked.append("release")


@dataclass
class Stage:
    court: Court
    hearing: Hearing
    duty: DisputeDuty

    async def sweep(self, after_s: int = 0) -> None:
        self.court.time_s += after_s
        await self.duty.sweep(self.court.time_s)
        await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = make(tmp_path)
    yield made
    await made.duty.close()
    made.court.book.close()


def make(folder: Path, owner: str = PROVIDER) -> Stage:
    book = Casebook(folder / "disputes.sqlite", {"market": "0x1"})
    court, hearing = Court(book, owner), Hearing(book)
    hearing.gate.set()
    return Stage(court, hearing, DisputeDuty(court, hearing, CrashPoint(None)))  # type: ignore[arg-type]


def opened() -> DisputeOpened:
    return DisputeOpened(META, FACTS.job_id, FACTS.dispute_id, FACTS.challenger, FACTS)  # type: ignore[arg-type]


def drawn(owner: str) -> RefereesDrawn:
    return RefereesDrawn(META, FACTS.dispute_id, 0, (owner,), (7,), START_S)  # type: ignore[arg-type]


async def test_a_defendant_traces_then_posts_once(stage: Stage) -> None:
    await stage.duty.handle([opened()])
    await stage.sweep()
    assert (stage.hearing.asked, stage.court.sent) == (["trace"], [])
    for _ in range(3):
        await stage.sweep(1)
    assert len(stage.court.sent) == 1
    assert ":post_trace:" in stage.court.sent[0]
    assert stage.duty.due() == 1
    assert stage.duty.inputs_in_use() == {b"input"}


async def test_disputes_of_others_are_left_alone(tmp_path: Path) -> None:
    other = make(tmp_path, referee(99))
    await other.duty.handle([opened(), drawn(referee(1))])
    await other.sweep()
    assert other.hearing.asked == other.court.sent == []
    assert other.court.book.unended() == []
    other.court.book.close()


async def test_a_drawn_referee_judges_commits_and_reveals(tmp_path: Path) -> None:
    me = referee(10)
    stage = make(tmp_path, me)
    seat = Seat(0, 0, me, 7, RefereeVote.NONE, False)
    stage.court.shown = DisputeView(DisputePhase.VOTE, deadline_s=START_S + 900, seats=(seat,))
    await stage.duty.handle([drawn(me)])
    await stage.sweep()
    await stage.sweep()
    stage.court.shown = DisputeView(
        DisputePhase.VOTE_REVEAL, deadline_s=START_S + 900, seats=(seat,)
    )
    await stage.sweep()
    assert [key.split(":")[2] for key in stage.court.sent] == ["commit_vote", "reveal_vote"]
    await stage.duty.close()
    stage.court.book.close()


async def test_a_revert_uses_up_the_key_and_waits_longer_each_time(stage: Stage) -> None:
    await stage.duty.handle([opened()])
    await stage.sweep()
    revert = DisputeCourtWrongPhase(7, 1, 2)
    stage.court.fails = [revert, RpcError("No answer."), revert]
    await stage.sweep(1)
    await stage.sweep(1)
    assert len(stage.court.sent) == 1
    for _ in range(40):
        await stage.sweep(1)
    serials = [key.rsplit(":", 1)[1] for key in stage.court.sent]
    assert serials == ["0", "1", "1", "2"]


async def test_what_cannot_be_done_yet_is_tried_again_when_it_says(stage: Stage) -> None:
    stage.hearing.fails = [NotYet("Not served.", retry_s=30), ValueError("a defect")]
    await stage.duty.handle([opened()])
    await stage.sweep()
    await stage.sweep(29)
    assert len(stage.hearing.asked) == 1
    await stage.sweep(1)
    await stage.sweep(59)
    assert len(stage.hearing.asked) == 2
    await stage.sweep(1)
    assert len(stage.hearing.asked) == 3
    assert stage.court.book.fixed(KEY).has_trace


async def test_work_that_nobody_needs_any_more_is_ended(stage: Stage) -> None:
    stage.hearing.gate.clear()
    await stage.duty.handle([opened()])
    await stage.sweep()
    assert stage.duty.occupied() == 1
    stage.court.shown = DisputeView(DisputePhase.DROPPED)
    await stage.sweep()
    await stage.sweep()
    assert stage.duty.occupied() == 0
    assert not stage.court.book.fixed(KEY).has_trace


async def test_a_restart_goes_on_where_the_chain_stands(tmp_path: Path) -> None:
    first = make(tmp_path)
    await first.duty.handle([opened()])
    await first.sweep()
    await first.duty.close()
    first.court.book.close()
    second = make(tmp_path)
    await second.duty.restore()
    await second.sweep()
    assert second.hearing.asked == []
    assert len(second.court.sent) == 1
    await second.duty.close()
    second.court.book.close()


async def test_an_ended_dispute_is_let_go_after_a_while_and_its_files_too(stage: Stage) -> None:
    await stage.duty.handle([opened()])
    stage.court.shown = DisputeView(DisputePhase.CLEAR)
    await stage.sweep()
    assert stage.court.book.unended() == []
    assert "release" not in stage.hearing.asked
    await stage.sweep(REOPEN_S + 2)
    assert "release" in stage.hearing.asked
