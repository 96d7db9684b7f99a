"""A job's row follows its events, whatever end it takes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.marketplace.market_events import (
    PRICE_WEI,
    Maker,
    address,
    index_blocks,
    job_id,
    shown,
    start,
    take,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import AUDIT, DISPUTE, JOB, PROVIDER
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.audit import DisputePhase, Outcome, RefereeVote
from neurovoyance.protocol.lifecycle import JobState

JOB_ID = job_id(0)
KEY = "0x" + JOB_ID.hex()


def after(store: IndexStore, database: Database, *events: tuple[Any, ...]) -> Reading:
    maker = Maker("a", 1)
    start(maker, 0)
    take(maker, 0, 0)
    for kind, *values in events:
        maker.add(kind, *values)
    index_blocks(store, [maker.made], "a", 1)
    return Reading(database)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ((on_chain.JobCommitted, JOB_ID, b"", 0, b"", 1, 5), JobState.COMMITTED),
        ((on_chain.SeedDrawn, JOB_ID, b"", True, 5), JobState.DRAWN),
        ((on_chain.SeedDrawn, JOB_ID, b"", False, 5), JobState.ASSIGNED),
        ((on_chain.JobRevealed, JOB_ID, b"", b"", b"", b"", 5), JobState.REVEALED),
        (
            (on_chain.JobMoved, JOB_ID, JobState.REVEALED, JobState.DISPUTED, 5, 0),
            JobState.DISPUTED,
        ),
    ],
)
def test_states_with_a_deadline(
    store: IndexStore, database: Database, event: tuple[Any, ...], state: JobState
) -> None:
    row = shown(after(store, database, event), JOB, KEY)
    assert (row["state"], row["deadline_s"]) == (state.label, 5)


@pytest.mark.parametrize(
    ("event", "state", "failed", "missed"),
    [
        ((on_chain.JobInvalid, JOB_ID, PRICE_WEI), JobState.INVALID, 0, 0),
        ((on_chain.JobCancelled, JOB_ID, PRICE_WEI), JobState.CANCELLED, 1, 1),
        (
            (on_chain.JobExpired, JOB_ID, JobState.PROVIDER_COMMIT_TIMEOUT, PRICE_WEI),
            JobState.PROVIDER_COMMIT_TIMEOUT,
            1,
            1,
        ),
        (
            (on_chain.JobMoved, JOB_ID, JobState.DISPUTED, JobState.REJECTED, 0, PRICE_WEI),
            JobState.REJECTED,
            1,
            0,
        ),
    ],
)
def test_refunds(
    store: IndexStore,
    database: Database,
    event: tuple[Any, ...],
    state: JobState,
    failed: int,
    missed: int,
) -> None:
    reading = after(store, database, event)
    row = shown(reading, JOB, KEY)
    assert (row["state"], row["refunded_wei"]) == (state.label, str(PRICE_WEI))
    provider = shown(reading, PROVIDER, address(200))
    counts = [provider[f"jobs_{name}"] for name in ("taken", "failed", "missed")]
    assert counts == [1, failed, missed]


def test_a_number_too_large_for_a_database_stops_nothing(
    store: IndexStore, database: Database
) -> None:
    committed = (on_chain.JobCommitted, JOB_ID, b"", 0, b"", 1, 2**64 - 1)
    assert shown(after(store, database, committed), JOB, KEY)["deadline_s"] == 2**63 - 1


def test_audits_and_disputes(store: IndexStore, database: Database) -> None:
    reading = after(
        store,
        database,
        (on_chain.AuditorDrawn, JOB_ID, 0, 3, address(9), 1, 5),
        (on_chain.AuditRevealed, JOB_ID, 0, 3, address(9), Outcome(1), 0, 1, 1, 77),
        (on_chain.AuditorLate, JOB_ID, 1, 4, address(8), 5),
        (on_chain.Tallied, 6, 0, RefereeVote(1), 2, 1, 0, 9),
        (on_chain.DisputeClosed, JOB_ID, 6, list(DisputePhase)[-1]),
    )
    slot = shown(reading, AUDIT, f"{KEY}:0:3")
    assert (slot["auditor"], slot["outcome"], slot["paid_wei"]) == (address(9), 1, "77")
    assert shown(reading, AUDIT, f"{KEY}:1:4")["is_late"] is True
    dispute = shown(reading, DISPUTE, "6")
    assert (dispute["verdict"], dispute["phase"]) == (1, int(list(DisputePhase)[-1]))
