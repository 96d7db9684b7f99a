"""Batches are remembered, and only ever go forward."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.client.task_book import BatchState, TaskBook
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.tasks import BatchOrder, BatchRequest, Task, raw_cid

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CHANNEL = b"\1" * 32
SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=raw_cid(b"0"))
TASKS = [Task(SPEC.model_copy(update={"input_cid": raw_cid(bytes([n]))}), 5) for n in range(3)]
AHEAD = {
    BatchState.ORDERED: {BatchState.RECEIVED, BatchState.GIVEN_UP, BatchState.REFUSED},
    BatchState.RECEIVED: {BatchState.PAID, BatchState.REFUSED},
}


def request(number: int = 1) -> BatchRequest:
    order = BatchOrder.model_validate(
        {
            "channel_id": CHANNEL,
            "payee": PAYEE,
            "tasks_hash": bytes(32),
            "count": 3,
            "start_wei": 0,
            "total_wei": 15,
            "expiry_s": 9,
            "salt": bytes([number]) * 32,
        }
    )
    return BatchRequest(order=order, signature=b"1", spec=TASKS[0].spec, sources=[])


@pytest.fixture
def book(tmp_path: Path) -> Iterator[TaskBook]:
    made = TaskBook(tmp_path / "tasks.sqlite")
    yield made
    made.close()


def test_an_order_is_found_after_a_crash(book: TaskBook, tmp_path: Path) -> None:
    book.order(b"1" * 32, request(), TASKS)
    again = TaskBook(tmp_path / "tasks.sqlite")  # the first was never closed
    found = again.batch(b"1" * 32)
    again.close()
    assert (found.request, found.tasks) == (request(), tuple(TASKS))
    assert (found.state, found.delivered) == (BatchState.ORDERED, 0)
    assert (tmp_path / "tasks.sqlite").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InternalError):
        book.batch(b"2" * 32)


def test_only_what_was_delivered_and_paid_is_used_again(book: TaskBook) -> None:
    book.order(b"1" * 32, request(), TASKS)
    hashes = [task.spec.spec_hash() for task in TASKS]
    book.advance(b"1" * 32, BatchState.RECEIVED, delivered=2)
    assert book.found(hashes[0]) is None
    assert book.open_batches(CHANNEL, PAYEE) == [b"1" * 32]
    book.advance(b"1" * 32, BatchState.PAID)
    assert [book.found(item) for item in hashes] == [(b"1" * 32, 0), (b"1" * 32, 1), None]
    assert book.open_batches() == []
    assert (book.paid_count(PAYEE), book.refused(CHANNEL, PAYEE)) == (1, [])


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(list(BatchState)), max_size=6))
def test_the_table_of_states_is_kept(
    tmp_path_factory: pytest.TempPathFactory, steps: list[BatchState]
) -> None:
    book = TaskBook(tmp_path_factory.mktemp("book") / "tasks.sqlite")
    book.order(b"1" * 32, request(), TASKS)
    state = BatchState.ORDERED
    for step in steps:
        if step is state or step in AHEAD.get(state, set()):
            book.advance(b"1" * 32, step)
            state = step
        else:
            with pytest.raises(InternalError):
                book.advance(b"1" * 32, step)
        assert book.state(b"1" * 32) is state
    book.close()
