"""How many tasks fit an order: the channel, the credit, the request; and why none does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.channels import RedemptionRecord, SideRecord
from neurovoyance.client.channels import PayeeView
from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.nodes import Node
from neurovoyance.client.task_choice import Payee, fitting_count
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.tasks import TaskTerms

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def payee(credit_wei: int = 100, allotted_wei: int = 1_000) -> Payee:
    terms = TaskTerms(
        base_price_wei=1, price_per_second_wei=0, credit_wei=credit_wei, max_runtime_s=9,
        owed_wei=0, promised_wei=0, exposed_wei=0,
    )  # fmt: skip
    side = SideRecord(allotted_wei, 0, 627, 20, False)
    view = PayeeView(PAYEE, side, RedemptionRecord(0, 0, 0, bytes(32)), 0)
    return Payee(bytes(32), view, Node(PAYEE, "http://127.0.0.1:1"), terms, 1, 0, 0)


def count(
    who: Payee, price_wei: int, sizes: list[int], owed_wei: int = 0, exposed_wei: int = 0
) -> int:
    return fitting_count(
        who,
        price_wei,
        sizes,
        owed_wei=owed_wei,
        exposed_wei=exposed_wei,
        most=8,
        most_bytes=1_000,
    )


@given(
    price_wei=st.integers(1, 200),
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=12),
    owed_wei=st.integers(0, 1_000),
    exposed_wei=st.integers(0, 100),
)
def test_an_order_never_passes_a_bound(
    price_wei: int, sizes: list[int], owed_wei: int, exposed_wei: int
) -> None:
    try:
        found = count(payee(), price_wei, sizes, owed_wei, exposed_wei)
    except TasksRefused:
        assert owed_wei + price_wei > 1_000 or exposed_wei + price_wei > 100
        return
    assert 1 <= found <= min(8, len(sizes))
    assert owed_wei + found * price_wei <= 1_000
    assert exposed_wei + found * price_wei <= 100
    assert sum(sizes[:found]) <= 1_000


def test_a_refusal_says_what_is_in_the_way() -> None:
    with pytest.raises(TasksRefused, match="left"):
        count(payee(allotted_wei=5), 6, [1])
    with pytest.raises(TasksRefused, match="advances"):
        count(payee(credit_wei=5), 6, [1])
    with pytest.raises(SpecError):
        count(payee(), 0, [1])
