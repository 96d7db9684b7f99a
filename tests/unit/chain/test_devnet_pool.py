"""Pending transactions: order, replacement, limits."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.devnet_pool import PoolRefusal, TransactionPool


def tx(sender: int, nonce: int, fee: int = 100, tip: int = 10) -> SimpleNamespace:
    return SimpleNamespace(
        sender=bytes([sender] * 20),
        nonce=nonce,
        max_fee_per_gas=fee,
        max_priority_fee_per_gas=tip,
        hash=bytes([sender, nonce, fee % 256, tip]).ljust(32, b"\0"),
    )


def pool_of(*transactions: SimpleNamespace) -> TransactionPool:
    pool = TransactionPool()
    for transaction in transactions:
        pool.add(transaction)
    return pool


def zero(sender: bytes) -> int:
    return 0


def test_a_gap_holds_back_what_follows() -> None:
    first, third = tx(1, 0), tx(1, 2)
    pool = pool_of(third, first)
    assert pool.ready(zero, 1) == [first]
    assert pool.next_nonce(first.sender, 0) == 1


def test_used_nonces_are_removed() -> None:
    old, new = tx(1, 0), tx(1, 1)
    pool = pool_of(old, new)
    assert pool.ready(lambda sender: 1, 1) == [new]
    assert pool.find(old.hash) is None


def test_a_fee_below_the_base_fee_waits_with_all_that_follows() -> None:
    pool = pool_of(tx(1, 0, fee=5), tx(1, 1, fee=50), tx(2, 0, fee=50))
    assert [t.sender[0] for t in pool.ready(zero, 10)] == [2]


@pytest.mark.parametrize(
    ("fee", "tip", "accepted"), [(110, 11, True), (109, 11, False), (110, 10, False)]
)
def test_a_replacement_must_rise_by_a_tenth_in_both_fields(
    fee: int, tip: int, accepted: bool
) -> None:
    pool, other = pool_of(tx(1, 0)), tx(1, 0, fee, tip)
    if accepted:
        pool.add(other)
        assert pool.ready(zero, 1) == [other]
        assert pool.find(tx(1, 0).hash) is None
    else:
        with pytest.raises(PoolRefusal, match="underpriced"):
            pool.add(other)


def test_the_same_transaction_is_known() -> None:
    with pytest.raises(PoolRefusal, match="already known"):
        pool_of(tx(1, 0)).add(tx(1, 0))


def test_dropping_forgets_it() -> None:
    pool = pool_of(tx(1, 0))
    assert pool.drop(tx(1, 0).hash)
    assert not pool.drop(tx(1, 0).hash)
    assert pool.ready(zero, 1) == []


def test_a_copy_is_independent() -> None:
    pool = pool_of(tx(1, 0))
    other = pool.copy()
    pool.drop(tx(1, 0).hash)
    assert other.ready(zero, 1) == [tx(1, 0)]


@given(st.permutations([(s, n) for s in (1, 2, 3) for n in range(4)]))
def test_whatever_the_arrival_each_senders_nonces_are_in_sequence(
    order: list[tuple[int, int]],
) -> None:
    ready = pool_of(*(tx(s, n) for s, n in order)).ready(zero, 1)
    assert len(ready) == 12
    for sender in (1, 2, 3):
        assert [t.nonce for t in ready if t.sender[0] == sender] == [0, 1, 2, 3]
