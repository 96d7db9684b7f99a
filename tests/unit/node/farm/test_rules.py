"""An order that is out ends in time, and no living worker is robbed of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.farm.rules import SENDS_MOST, Move, Out, Seen, judge, returned

OUT = Out(deadline_s=1_000.0, quiet_since_s=0.0)
QUEUED = Seen(has_report=False, has_mark=True, beat=None, is_queue_empty=False)
TAKEN = replace(QUEUED, is_queue_empty=True)
BEATING = replace(TAKEN, beat="w:1")
LOST_S = 10.0


@pytest.mark.parametrize(
    ("out", "seen", "now_s", "move"),
    [
        (OUT, replace(QUEUED, has_report=True), 2_000.0, Move.TAKE),
        (OUT, QUEUED, 1_000.0, Move.OUT_OF_TIME),
        (OUT, None, 1_000.0, Move.OUT_OF_TIME),
        (OUT, None, 500.0, Move.WAIT),
        (OUT, QUEUED, 500.0, Move.WAIT),
        (OUT, BEATING, 500.0, Move.WAIT),
        (OUT, replace(BEATING, has_mark=False), 500.0, Move.RESTORE),
        (OUT, TAKEN, 9.0, Move.WAIT),
        (OUT, TAKEN, 10.0, Move.SEND_AGAIN),
        (OUT, replace(QUEUED, has_mark=False), 10.0, Move.SEND_AGAIN),
        (replace(OUT, beat="w:1"), BEATING, 10.0, Move.SEND_AGAIN),
        (replace(OUT, beat="w:1"), QUEUED, 10.0, Move.SEND_AGAIN),
        (replace(OUT, sends=SENDS_MOST), TAKEN, 10.0, Move.GIVE_UP),
    ],
)
def test_each_case(out: Out, seen: Seen | None, now_s: float, move: Move) -> None:
    assert judge(out, seen, now_s, LOST_S)[1] is move


def test_after_sending_again_the_count_begins_anew() -> None:
    out, move = judge(replace(OUT, beat="w:1"), BEATING, 10.0, LOST_S)
    assert move is Move.SEND_AGAIN
    assert (out.sends, out.beat, out.quiet_since_s) == (2, None, 10.0)
    assert judge(out, TAKEN, 19.0, LOST_S)[1] is Move.WAIT


SEEN = st.none() | st.builds(
    Seen,
    st.just(False),
    st.booleans(),
    st.none() | st.sampled_from(["w:1", "w:2", "w:3"]),
    st.booleans(),
)


@given(st.lists(st.tuples(SEEN, st.floats(0.1, 30)), max_size=80))
def test_it_ends_and_is_never_sent_again_while_a_worker_beats(
    looks: list[tuple[Seen | None, float]],
) -> None:
    out, now_s = OUT, 0.0
    for seen, pause_s in looks:
        now_s += pause_s
        before, (out, move) = out, judge(out, seen, now_s, LOST_S)
        if now_s >= OUT.deadline_s:
            assert move is Move.OUT_OF_TIME
            return
        is_alive = seen is not None and seen.beat is not None and seen.beat != before.beat
        if is_alive or seen is None:
            assert move in (Move.WAIT, Move.RESTORE)
        if move is Move.SEND_AGAIN:
            assert now_s - before.quiet_since_s >= LOST_S
        assert out.sends <= SENDS_MOST


def test_an_order_that_was_handed_back_waits_for_a_machine_as_long_as_it_takes() -> None:
    """Its new message lies in the queue while every owner is at home; no loss is counted."""
    out = returned(replace(OUT, beat="w:9", sends=SENDS_MOST), 50.0)
    assert out.sends == SENDS_MOST
    out, move = judge(out, QUEUED, 900.0, LOST_S)
    assert move is Move.WAIT
    assert judge(out, TAKEN, 905.0, LOST_S)[1] is Move.WAIT
