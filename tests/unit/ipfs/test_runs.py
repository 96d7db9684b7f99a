from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.dags import pb

from neurovoyance.ipfs.cid import IDENTITY, RAW, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.runs import Run, Want, runs_of, take

NODE, OTHER = pb(b"node"), pb(b"other")


def leaves(sizes: list[int], node: Cid = NODE) -> list[Want]:
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [
        Want(Cid.of(b"%d" % start), size, 1, node, start)
        for start, size in zip(starts, sizes, strict=True)
    ]


def test_only_leaves_of_stated_place_and_size_can_be_streamed() -> None:
    leaf = Cid.of(b"leaf")
    assert Want(leaf, 4, 1, NODE, 0).is_streamable
    for want in (
        Want(leaf, None, 1, NODE, 0),
        Want(leaf, 4, 1),
        Want(leaf, 0, 1, NODE, 0),
        Want(leaf, MAX_BLOCK_BYTES + 1, 1, NODE, 0),
        Want(pb(b"inner"), 4, 1, NODE, 0),
        Want(Cid(RAW, IDENTITY, bytes(32)), 32, 1, NODE, 0),
    ):
        assert not want.is_streamable


def test_a_run_ends_at_another_node_a_gap_and_both_limits() -> None:
    wants = leaves([10] * 6)
    assert take(wants[::-1], 100, 1000) == wants
    assert take(wants[::-1], 2, 1000) == wants[:2]
    assert take(wants[::-1], 100, 35) == wants[:3]
    assert take([*leaves([10], OTHER), *wants[1::-1]], 100, 1000) == wants[:2]
    assert take([*wants[:3:-1], *wants[1::-1]], 100, 1000) == wants[:2]
    assert take([Want(pb(b"x"), 5, 1, NODE, 20), *wants[1::-1]], 100, 1000) == wants[:2]


def test_what_is_taken_leaves_the_queue_and_one_block_is_always_taken() -> None:
    wants = leaves([10, 10, 10])
    pending = wants[::-1]
    assert take(pending, 100, 1) == wants[:1]
    assert pending == wants[:0:-1]


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=40))
def test_runs_hold_what_is_missing_once_in_order_and_nothing_between(
    parts: list[tuple[int, bool]],
) -> None:
    wants = leaves([size for size, _ in parts])
    missing = [want for want, (_, is_held) in zip(wants, parts, strict=True) if not is_held]
    runs = runs_of(missing)
    assert [leaf for run in runs for leaf in run.leaves] == missing
    for run in runs:
        assert run.stop - run.start == sum(leaf.size_bytes or 0 for leaf in run.leaves)
    for before, after in itertools.pairwise(runs):
        assert before.stop < after.start


def test_a_run_knows_its_bytes() -> None:
    run = Run(NODE, tuple(leaves([10, 5, 7])[1:]))
    assert (run.start, run.stop) == (10, 22)
