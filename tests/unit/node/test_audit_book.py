"""The auditor's journal: votes are fixed once, cases live and end, all of it survives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.node.test_journal import FACTS, IDENTITY, POSTED

from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_rules import CaseKey, Vote
from neurovoyance.protocol.ids import JobId

JOB = JobId(FACTS.job_id)
KEY = CaseKey(JOB, 0, 0)
WORDS = tuple(bytes([number]) * 32 for number in range(4))
VOTE = Vote(WORDS, 2, b"\x01" * 32, b"\x02" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audits.sqlite"


@pytest.fixture
def book(path: Path) -> Iterator[AuditBook]:
    opened = AuditBook(path, IDENTITY)
    yield opened
    opened.close()


def test_a_vote_is_fixed_once_under_a_seed(book: AuditBook, path: Path) -> None:
    seed0 = FACTS.seed0
    assert book.vote(KEY, seed0) is None
    assert book.fix_vote(KEY, seed0, VOTE) == VOTE
    assert book.fix_vote(KEY, seed0, replace(VOTE, flags=0, salt=bytes(32))) == VOTE
    other = replace(VOTE, salt=b"\x09" * 32)
    assert book.fix_vote(KEY, bytes(32), other) == other, "another seed is another audit"
    assert AuditBook(path, IDENTITY).vote(KEY, seed0) == VOTE


def test_cases_live_until_they_end_and_a_new_draw_revives_them(book: AuditBook) -> None:
    later = replace(KEY, round=1)
    for key, block in ((KEY, 7), (later, 8)):
        book.add_case(key, block)
    assert book.live() == [KEY, later]
    assert book.drawn_in(later) == 8
    book.end(KEY)
    assert book.live() == [later]
    assert book.is_known(JOB)
    book.add_case(KEY, 9)
    assert book.live() == [KEY, later]
    assert book.drawn_in(KEY) == 9
    assert not book.is_known(bytes(32))


def test_a_check_is_made_once(book: AuditBook) -> None:
    book.add_case(KEY, 1)
    assert not book.is_checked(KEY)
    book.set_checked(KEY)
    assert book.is_checked(KEY)
    assert not book.is_checked(replace(KEY, round=1))


def test_what_the_chain_says_later_replaces_what_it_said_before(book: AuditBook) -> None:
    book.set_answer(KEY, WORDS)
    book.set_answer(KEY, WORDS[::-1])
    assert book.answer(KEY) == WORDS[::-1]
    assert book.answer(replace(KEY, slot=1)) is None
    for url in ("http://a", "http://b"):
        book.set_endpoint(FACTS.provider, url)
    assert book.endpoint(FACTS.provider) == "http://b"
    assert book.endpoint("0x0") is None
    for key in (b"\x01" * 32, b"\x02" * 32):
        book.set_result(JOB, (bytes(32), b"cid", key))
    assert book.result(JOB) == (bytes(32), b"cid", b"\x02" * 32)


def test_facts_are_found_by_hash_and_jobs_as_they_were_listed(book: AuditBook) -> None:
    other = replace(FACTS, seed0=bytes(32))
    for facts in (FACTS, other, FACTS):
        book.add_facts(facts)
    assert book.facts(JOB, other.facts_hash()) == other
    assert book.facts(JOB, bytes(32)) is None
    assert book.job(POSTED.job_id) is None
    book.add_job(POSTED)
    assert book.job(POSTED.job_id) == POSTED
