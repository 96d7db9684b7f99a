"""What the client wrote down is there after a crash, exact to the wei, and applied once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.client.journal import Attempt, Journal, Order, Status, StoredEvent
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.signing import Offer

SPEC = JobSpec(model_id=bytes(32), input_cid=b"\x01\x55\x12\x20" + bytes(32))


def offer(price_wei: int, provider: str = "0x" + "11" * 20) -> Offer:
    return Offer(
        provider=Address(provider),
        spec_hash=SPEC.spec_hash(),
        price_wei=price_wei,
        lock_wei=0,
        valid_until_s=9,
        nonce=2**255,
    )


def attempt(number: int = 0, price_wei: int = 1, **fields: object) -> Attempt:
    values: dict[str, object] = {
        "job_id": JobId(bytes([number]) * 32),
        "order_id": "a",
        "number": number,
        "spec": SPEC,
        "salt": bytes(32),
        "price_wei": price_wei,
        "lock_wei": 0,
        "deadline_s": 5,
        "source": "",
    }
    return Attempt(**{**values, **fields})  # type: ignore[arg-type]


def event(number: int, name: str = "JobPosted", block: int = 1) -> StoredEvent:
    return StoredEvent(
        name, block, f"0x{block:064x}", number, "0xab", bytes([1]) * 32, {"n": number}
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "a" / "journal.sqlite")
    made.add_order(Order("a", 1, {"retries": 1}, b"{}"))
    return made


@given(price_wei=st.integers(0, 2**96 - 1))
def test_amounts_survive_exactly(price_wei: int) -> None:
    journal = Journal(Path(":memory:"))
    journal.add_order(Order("a", 1, {}, b""))
    made = attempt(price_wei=price_wei, offer=offer(price_wei), signature=b"s")
    journal.add_attempt(made)
    assert journal.attempt(made.job_id) == made
    journal.close()


def test_everything_is_there_after_the_process_ended(journal: Journal, tmp_path: Path) -> None:
    journal.add_attempt(attempt())
    journal.set_status(attempt().job_id, Status.REFUNDED, "Unmatched")
    again = Journal(tmp_path / "a" / "journal.sqlite")
    [found] = again.attempts("a")
    assert (found.status, found.note) == (Status.REFUNDED, "Unmatched")
    assert again.order("a").terms == {"retries": 1}
    with pytest.raises(KeyError):
        again.order("b")
    assert again.attempt(bytes(32 - 1) + b"x") is None


def test_an_attempt_number_exists_once(journal: Journal) -> None:
    import sqlite3

    journal.add_attempt(attempt())
    with pytest.raises(sqlite3.IntegrityError):
        journal.add_attempt(attempt(job_id=JobId(b"z" * 32)))


def test_an_event_applied_twice_is_there_once(journal: Journal) -> None:
    journal.apply_events([event(0), event(1)])
    journal.apply_events([event(1), event(2)])
    assert [item.log_index for item in journal.events_of(bytes([1]) * 32)] == [0, 1, 2]


def test_a_reorganisation_takes_events_back(journal: Journal) -> None:
    journal.apply_events([event(0, block=1), event(0, block=5)])
    journal.apply_events([event(3, block=4)], forget_above=1)
    assert [item.block_number for item in journal.events_named("JobPosted")] == [1, 4]


def test_who_was_hired_is_known_before_the_chain_tells(journal: Journal) -> None:
    journal.add_attempt(attempt(0, offer=offer(1), signature=b"s"))
    journal.add_attempt(attempt(1, offer=offer(1), signature=b"s", status=Status.VOID))
    journal.apply_events(
        [StoredEvent("JobAssigned", 1, "0x1", 0, "0x", b"w" * 32, {"provider": "0xother"})]
    )
    assert sorted(journal.providers_hired().values()) == sorted([offer(1).provider, "0xother"])
    assert journal.job_ids() == {attempt(0).job_id, attempt(1).job_id}
    assert [order.order_id for order in journal.orders()] == ["a"]
