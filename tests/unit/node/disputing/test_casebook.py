"""The casebook: what is fixed stays, whatever is tried and whenever the process ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.node.disputing.court import facts

from neurovoyance.node.disputing.casebook import (
    FINDING,
    HOPELESS,
    NOTHING,
    POINT,
    STEP_MAX_CHARS,
    TRACE,
    Casebook,
    Step,
    vote_name,
)
from neurovoyance.node.disputing.forms import Finding, PointPlan, Reason, TracePlan
from neurovoyance.node.disputing.values import Fixed, HeldSlash, Role
from neurovoyance.protocol.audit import PointKind, RefereeVote, TraceRow
from neurovoyance.protocol.errors import InternalError

FACTS = facts()
KEY = FACTS.facts_hash()
IDENTITY = {"market": "0x1"}
ROW = TraceRow(3, b"\x01" * 32, -2, (b"\x02" * 32, b"\x03" * 32))
WORDS = (b"\x05" * 32,) * 4
TRACE_PLAN = TracePlan(b"\x06" * 32, b"\x01U", (ROW,), ((b"\x07" * 32,),), WORDS, WORDS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "disputes.sqlite"


@pytest.fixture
def book(path: Path) -> Iterator[Casebook]:
    book = Casebook(path, IDENTITY)
    yield book
    book.close()


def test_a_case_is_opened_once_and_keeps_its_facts_and_role(book: Casebook) -> None:
    assert book.open(FACTS, Role.DEFENDANT, 5)
    assert not book.open(FACTS, Role.CHALLENGER, 6)
    [entry] = book.unended()
    assert (entry.facts, entry.role, entry.is_over) == (FACTS, Role.DEFENDANT, False)
    assert book.of_job(FACTS.job_id) == [entry]
    assert book.of_job(bytes(32)) == []


def test_disputes_with_one_id_on_two_branches_are_two_cases(book: Casebook) -> None:
    assert book.open(FACTS, Role.DEFENDANT, 5)
    assert book.open(facts(bond_wei=1), Role.DEFENDANT, 5)
    assert len(book.unended()) == 2


def test_an_ended_case_can_come_back(book: Casebook) -> None:
    book.open(FACTS, Role.DEFENDANT, 5)
    book.set_over(KEY, True, 100)
    assert book.unended() == []
    assert len(book.ended_since(100)) == 1
    assert book.ended_since(101) == []
    book.set_over(KEY, False, 110)
    assert len(book.unended()) == 1


def test_the_first_vote_counts_also_after_a_restart(path: Path) -> None:
    first = Finding(RefereeVote.GUILTY, "It is wrong.", b"\x01" * 32)
    book = Casebook(path, IDENTITY)
    assert book.fix(KEY, vote_name(0), first) == first
    book.close()
    again = Casebook(path, IDENTITY)
    other = Finding(RefereeVote.CLEAR, "It is right.", b"\x02" * 32)
    assert again.fix(KEY, vote_name(0), other) == first
    assert again.fix(KEY, vote_name(1), other) == other
    assert again.fixed(KEY).votes == ((0, RefereeVote.GUILTY), (1, RefereeVote.CLEAR))
    again.close()


def test_traces_and_points_come_back_as_they_were(book: Casebook) -> None:
    point = PointPlan(PointKind.OPERATOR, ROW, (b"\x08" * 32,), "Row 3 is wrong.")
    assert book.fix(KEY, TRACE, TRACE_PLAN) == TRACE_PLAN
    assert book.fix(KEY, POINT, point) == point
    assert book.fixed_value(KEY, TRACE, TracePlan) == TRACE_PLAN
    assert book.fixed_value(KEY, POINT, PointPlan) == point
    assert book.fixed_value(KEY, NOTHING, Reason) is None
    assert book.fixed(KEY) == Fixed(has_trace=True, has_point=True)


def test_the_rules_see_everything_that_is_fixed(book: Casebook) -> None:
    assert book.fixed(KEY) == Fixed()
    book.fix(KEY, HOPELESS, Reason("The trace ends elsewhere."))
    book.fix(KEY, NOTHING, Reason("Nothing is wrong."))
    book.fix(KEY, FINDING, Finding(RefereeVote.CLEAR, "It is right."))
    seen = book.fixed(KEY)
    assert seen.is_trace_hopeless
    assert seen.found_nothing
    assert seen.finding is RefereeVote.CLEAR


def test_a_used_key_is_counted(book: Casebook) -> None:
    assert book.serial("a") == 0
    book.use_up("a")
    book.use_up("a")
    assert (book.serial("a"), book.serial("b")) == (2, 0)


def test_steps_are_kept_in_order_without_repetitions(book: Casebook) -> None:
    book.open(FACTS, Role.DEFENDANT, 5)
    for time_s, text in ((1, "one"), (2, "two"), (3, "two"), (4, "x" * 9_999)):
        book.note(FACTS, time_s, text)
    assert book.steps(FACTS.job_id) == [
        Step(7, 1, "one"),
        Step(7, 2, "two"),
        Step(7, 4, "x" * STEP_MAX_CHARS),
    ]


def test_held_slashes_wait_until_they_are_split(book: Casebook) -> None:
    slash = HeldSlash(b"\x01" * 32, FACTS.job_id, 50)
    book.hold(slash)
    later = HeldSlash(b"\x01" * 32, FACTS.job_id, 60)
    book.hold(later)
    assert book.held_slashes() == [later]
    book.split(slash.slash_id)
    assert book.held_slashes() == []


def test_a_record_of_another_version_stops_with_a_sentence(path: Path, book: Casebook) -> None:
    book.fix(KEY, NOTHING, Reason("why"))
    with pytest.raises(InternalError, match="cannot read"):
        book.fixed_value(KEY, NOTHING, PointPlan)
