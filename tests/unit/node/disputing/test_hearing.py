"""Patience: what is not there yet is asked for again; near the deadline the last word is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.node.disputing.court import START_S, case, facts, referee

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.disputing.casebook import FINDING, Casebook, vote_name
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.duty import NotYet
from neurovoyance.node.disputing.forms import Finding
from neurovoyance.node.disputing.hearing import RESERVE_S, DisputeHearing, Patience
from neurovoyance.node.disputing.values import DisputeAction, DisputeView, Role, Wanted
from neurovoyance.protocol.audit import DisputePhase, RefereeVote
from neurovoyance.protocol.errors import RpcError, StorageNotFound
from neurovoyance.verification.refereeing import Judgement

KEY = facts().facts_hash()
JUDGE = Wanted(DisputeAction.JUDGE, "key")
VOTE = DisputeView(DisputePhase.VOTE, deadline_s=START_S + 900)
APPEAL = replace(VOTE, phase=DisputePhase.APPEAL)
FINAL_S = 900 - RESERVE_S - Patience().final_s
GUILTY = Judgement(RefereeVote.GUILTY, "It is wrong.")
MISSING = Judgement(RefereeVote.UNAVAILABLE, "It is not served.")


@dataclass
class Judging:
    """Says what a test wants."""

    found: Judgement | Exception

    async def judge(self, *_: object) -> Judgement:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@dataclass
class Bench:
    hearing: DisputeHearing
    book: Casebook
    time_s: int = START_S

    async def judge(self, found: Judgement | Exception, view: DisputeView = VOTE) -> None:
        self.hearing.judging = Judging(found)  # type: ignore[assignment]
        role = Role.BYSTANDER if view is VOTE else Role.DEFENDANT
        await self.hearing.judge(case(role, referee(10)), view, JUDGE)

    def vote(self) -> Finding | None:
        return self.book.fixed_value(KEY, vote_name(0), Finding)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    book = Casebook(tmp_path / "disputes.sqlite", {"market": "0x1"})

    async def time_s() -> int:
        return made.time_s

    client = SimpleNamespace(time_s=time_s)
    court: Any = SimpleNamespace(book=book, contracts=SimpleNamespace(client=client))
    nothing: Any = None
    async with EmbeddedBackend(tmp_path / "store") as storage:
        content = Content(storage, tmp_path / "disputes", allow_private=True)
        made = Bench(DisputeHearing(court, nothing, content, nothing, nothing, nothing), book)
        yield made
    book.close()


async def test_a_vote_is_fixed_with_a_salt_of_its_own(bench: Bench) -> None:
    await bench.judge(GUILTY)
    first = bench.vote()
    assert first is not None
    assert (first.vote, first.why) == (RefereeVote.GUILTY, "It is wrong.")
    assert any(first.salt)
    await bench.judge(Judgement(RefereeVote.CLEAR, "It is right after all."))
    assert bench.vote() == first


async def test_a_party_only_fixes_its_own_finding(bench: Bench) -> None:
    await bench.judge(GUILTY, APPEAL)
    assert bench.vote() is None
    found = bench.book.fixed_value(KEY, FINDING, Finding)
    assert found == Finding(RefereeVote.GUILTY, "It is wrong.", bytes(32))


async def test_what_is_not_served_is_asked_for_until_the_last_word(bench: Bench) -> None:
    with pytest.raises(NotYet, match="not served"):
        await bench.judge(MISSING)
    assert bench.vote() is None
    bench.time_s = START_S + FINAL_S
    await bench.judge(MISSING)
    found = bench.vote()
    assert found is not None
    assert found.vote is RefereeVote.UNAVAILABLE


async def test_what_cannot_be_judged_here_is_abstained_from_in_the_end(bench: Bench) -> None:
    trouble = StorageNotFound("The model is nowhere.")
    with pytest.raises(NotYet, match="nowhere"):
        await bench.judge(trouble)
    bench.time_s = START_S + FINAL_S
    await bench.judge(trouble)
    found = bench.vote()
    assert found is not None
    assert found.vote is RefereeVote.ABSTAIN
    assert "nowhere" in found.why


async def test_a_chain_that_does_not_answer_decides_nothing(bench: Bench) -> None:
    bench.time_s = START_S + FINAL_S
    with pytest.raises(RpcError):
        await bench.judge(RpcError("No answer."))
    assert bench.vote() is None


async def test_files_of_a_dispute_are_removed_with_it(bench: Bench) -> None:
    await bench.judge(GUILTY)
    about = case(owner=referee(10))
    folder = bench.hearing._folder(about)
    (folder / "trace").mkdir()
    await bench.hearing.release(about)
    assert not folder.exists()
    assert bench.hearing.inputs_in_use() == frozenset()
