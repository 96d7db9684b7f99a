"""What a referee says where no examination is needed; those are in ``test_examiner``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.node.content import certified_input
from tests.unit.node.disputing.conftest import Bench
from tests.unit.node.disputing.court import facts
from tests.unit.node.disputing.test_claims import ARRAYS, WORDS
from tests.unit.node.disputing.test_duty import META
from tests.unit.node.disputing.test_material import listed

from neurovoyance.chain.events import Pointed, TracePosted
from neurovoyance.ipfs.encryption import new_key
from neurovoyance.ipfs.private_input import encrypt_input
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.disputing.claims import Claimed
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.examiner import Examiner
from neurovoyance.node.disputing.judging import Judge
from neurovoyance.node.disputing.material import Registrar
from neurovoyance.node.disputing.projections import Projections
from neurovoyance.node.disputing.tracing import Tracer
from neurovoyance.node.journal import Journal
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.key_seeker import KeySeeker
from neurovoyance.protocol.audit import (
    DisputeFacts,
    DisputeKind,
    PointKind,
    RefereeVote,
    TraceRow,
)
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canary_input import cid_of_seed
from neurovoyance.verification.canonical import encode_tensor
from neurovoyance.verification.trace import TraceManifest, build_trace


def judge_of(bench: Bench, **changes: Any) -> Judge:
    court: Any = bench.court
    if changes:
        court = SimpleNamespace(
            **{name: getattr(bench.court, name) for name in dir(CourtSide) if name[0] != "_"}
            | changes
        )
    claims = Claimed(bench.content, bench.runtime, bench.intake)
    return Judge(
        court,
        Registrar(bench.court, bench.intake, bench.content),
        bench.content,
        Tracer(bench.runtime, bench.intake),
        Examiner(),
        claims,
        Projections(court, bench.content, 1 << 20),
    )


async def posted(bench: Bench, about: DisputeFacts, *, is_served: bool = True) -> TracePosted:
    trace = build_trace(ARRAYS, about.dispute_id)
    cids = [str(await bench.storage.add(encode_tensor(array))) for array in ARRAYS]
    raw = TraceManifest(about.dispute_id, trace, tuple(cids)).canonical_bytes()
    cid = await bench.storage.add(raw if is_served else b"something else")
    return TracePosted(META, about.dispute_id, trace.root, cid.to_bytes(), (), WORDS, WORDS, 0)


def said(value: object) -> Any:
    async def say(*_: object) -> object:
        return value

    return say


def pointed(about: DisputeFacts, row: TraceRow) -> Pointed:
    return Pointed(META, about.dispute_id, PointKind.OPERATOR, row, 0)


async def test_without_a_trace_on_chain_nothing_is_judged(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="trace or the point"):
        await judge_of(bench).judge(facts(), tmp_path, 60)


async def test_a_listing_that_is_not_served_counts_against_the_provider(
    bench: Bench, tmp_path: Path
) -> None:
    about = await listed(bench)
    trace = await posted(bench, about, is_served=False)
    row = TraceRow(0, b"\x01" * 32, 0, (bytes(32), bytes(32)))
    judge = judge_of(bench, trace=said(trace), pointed=said(pointed(about, row)))
    found = await judge.judge(about, tmp_path, 60)
    assert found.vote is RefereeVote.UNAVAILABLE


async def test_a_row_that_is_not_of_the_trace_accuses_nobody(bench: Bench, tmp_path: Path) -> None:
    about = await listed(bench)
    trace = await posted(bench, about)
    row = TraceRow(1, b"\x01" * 32, 0, (bytes(32), bytes(32)))
    judge = judge_of(bench, trace=said(trace), pointed=said(pointed(about, row)))
    found = await judge.judge(about, tmp_path, 60)
    assert found.vote is RefereeVote.CLEAR


@pytest.mark.parametrize("kind", [DisputeKind.FORGED_ANSWER, DisputeKind.BAD_ENVELOPE])
async def test_a_result_that_is_not_public_is_not_served(
    bench: Bench, tmp_path: Path, kind: DisputeKind
) -> None:
    about = replace(await listed(bench), kind=kind)
    found = await judge_of(bench).judge(about, tmp_path, 60)
    assert found.vote is RefereeVote.UNAVAILABLE


async def test_an_input_that_can_be_had_is_available(bench: Bench, tmp_path: Path) -> None:
    about = replace(await listed(bench), kind=DisputeKind.UNAVAILABLE)
    found = await judge_of(bench).judge(about, tmp_path, 60)
    assert found.vote is RefereeVote.CLEAR


async def test_a_seed_is_an_input_that_nobody_has_to_serve(bench: Bench, tmp_path: Path) -> None:
    spec = await listed(bench, input_cid=cid_of_seed(bytes(32)))
    found = await judge_of(bench).judge(replace(spec, kind=DisputeKind.UNAVAILABLE), tmp_path, 60)
    assert found.vote is RefereeVote.CLEAR


@pytest.mark.parametrize("kind", [DisputeKind.UNAVAILABLE, DisputeKind.BAD_ENVELOPE])
async def test_a_key_that_the_provider_withholds_counts_against_it(
    bench: Bench, tmp_path: Path, kind: DisputeKind
) -> None:
    cid = await bench.storage.add(encrypt_input(certified_input(), new_key()))
    about = replace(await listed(bench, input_cid=cid.to_bytes()), kind=kind)
    court, identity = bench.court, {"of": "referee"}
    with ExitStack() as stack:
        journal = Journal(tmp_path / "journal.sqlite", identity)
        book = KeyBook(tmp_path / "keys.sqlite", identity)
        stack.callback(journal.close)
        stack.callback(book.close)
        bench.intake._keys = book
        chain = ChainSide(court.contracts, court.wallet, court.owner, journal)
        seeker = KeySeeker(chain, bench.intake, book, allow_private=True)
        registrar = Registrar(court, bench.intake, bench.content, seeker)
        found = await replace(judge_of(bench), registrar=registrar).judge(about, tmp_path, 60)
    assert found.vote is RefereeVote.UNAVAILABLE
    assert "No source gave us the key" in found.reason
