"""What is owed and what is exposed, whatever happens in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from neurovoyance.node.task_book import SCHEMA, BatchState, TaskBook
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.tasks import BatchCommitment, BatchOrder, SignedCommitment

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CHANNELS = (b"\1" * 32, b"\2" * 32)
CREDIT_WEI = 100


def order(channel: bytes, start_wei: int, total_wei: int, number: int = 1) -> BatchOrder:
    return BatchOrder.model_validate(
        {
            "channel_id": channel,
            "payee": PAYEE,
            "tasks_hash": bytes(32),
            "count": 1,
            "start_wei": start_wei,
            "total_wei": total_wei,
            "expiry_s": 1,
            "salt": number.to_bytes(32, "big"),
        }
    )


def sealed(name: bytes, start_wei: int, end_wei: int) -> SignedCommitment:
    commitment = BatchCommitment(
        order_hash=name, root=bytes(32), count=1, start_wei=start_wei, end_wei=end_wei
    )
    return SignedCommitment(commitment=commitment, signature=b"1")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[TaskBook]:
    made = TaskBook(tmp_path / "tasks.sqlite", SCHEMA, {"market": "test"})
    yield made
    made.close()


def test_a_batch_is_begun_once_and_ends_once(book: TaskBook) -> None:
    name = b"a" * 32
    book.begin(name, order(CHANNELS[0], 0, 9), "client", 1)
    for again in (name, b"b" * 32):
        with pytest.raises(InternalError):
            book.begin(again, order(CHANNELS[0], 0, 9), "client", 1)
    book.seal(name, sealed(name, 0, 9), 2)
    assert book.sealed(name) == sealed(name, 0, 9)
    for end in (lambda: book.seal(name, sealed(name, 0, 9), 2), lambda: book.void(name, 2)):
        with pytest.raises(InternalError):
            end()
    assert book.forgettable(3) == [name]


class Dealings(RuleBasedStateMachine):
    """A client that orders, pays or not, and a node that dies at any time."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.path = type(self).folder / f"{id(self)}-{len(list(type(self).folder.iterdir()))}"
        self.book = TaskBook(self.path, SCHEMA, {"market": "test"})
        self.running: dict[bytes, tuple[bytes, int, int]] = {}
        self.owed = dict.fromkeys(CHANNELS, 0)
        self.promised = dict.fromkeys(CHANNELS, 0)

    def teardown(self) -> None:
        self.book.close()

    @rule(channel=st.sampled_from(CHANNELS), total_wei=st.integers(1, 60))
    def order(self, channel: bytes, total_wei: int) -> None:
        ledger = self.book.ledger(channel, "client")
        if ledger.is_busy or ledger.exposed_wei + total_wei > CREDIT_WEI:
            return
        self.number += 1
        name = self.number.to_bytes(32, "big")
        wanted = order(channel, ledger.owed_wei, total_wei, self.number)
        self.book.begin(name, wanted, "client", 1)
        self.running[channel] = (name, ledger.owed_wei, ledger.owed_wei + total_wei)

    @precondition(lambda self: self.running)
    @rule(part=st.integers(1, 60), fails=st.booleans())
    def end(self, part: int, fails: bool) -> None:
        channel, (name, start_wei, end_wei) = self.running.popitem()
        if fails:
            self.book.void(name, 1)
            return
        delivered_wei = min(end_wei, start_wei + part)
        self.book.seal(name, sealed(name, start_wei, delivered_wei), 1)
        self.owed[channel] = delivered_wei

    @rule(channel=st.sampled_from(CHANNELS), share=st.integers(0, 100))
    def pay(self, channel: bytes, share: int) -> None:
        gap_wei = self.owed[channel] - self.promised[channel]
        self.promised[channel] += gap_wei * share // 100
        self.book.promise(channel, "client", self.promised[channel])

    @rule()
    def die(self) -> None:
        again = TaskBook(self.path, SCHEMA, {"market": "test"})  # the first is never closed
        self.book.close()
        self.book = again
        voided = self.book.void_all(1)
        assert sorted(voided) == sorted(name for name, *_ in self.running.values())
        self.running.clear()

    @invariant()
    def exposure_is_bounded_and_nothing_is_forgotten(self) -> None:
        under_way_wei = sum(end - start for _, start, end in self.running.values())
        unpaid_wei = sum(self.owed[item] - self.promised[item] for item in CHANNELS)
        for channel in CHANNELS:
            ledger = self.book.ledger(channel, "client")
            assert ledger.owed_wei == self.owed[channel]
            assert ledger.promised_wei == self.promised[channel]
            assert ledger.exposed_wei == unpaid_wei + under_way_wei <= CREDIT_WEI
            assert ledger.is_busy == (channel in self.running)
        assert self.book.ledger(b"\3" * 32, "other").exposed_wei == 0


def test_exposure_is_bounded_through_any_dealings(tmp_path: Path) -> None:
    Dealings.folder = tmp_path
    Dealings.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
    Dealings.TestCase("runTest").runTest()


def test_states_have_names() -> None:
    assert {item.value for item in BatchState} == {"begun", "sealed", "void"}
