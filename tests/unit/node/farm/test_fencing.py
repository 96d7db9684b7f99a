"""Whatever workers do, of all reports of an order at most one counts, and only the latest's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.farm.fencing import Fence

IDS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), IDS),
        st.tuples(st.just("revoke"), IDS),
        st.tuples(st.just("restart"), st.just("")),
        # Any worker, at any time, with any message that ever was; also twice.
        st.tuples(st.just("report"), st.integers(0, 40)),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_report_counts_once_and_only_with_the_latest_token(
    steps: list[tuple[str, str | int]],
) -> None:
    fence, clock = Fence(1), 1
    messages: list[tuple[str, int]] = []
    latest: dict[str, int] = {}
    accepted: list[tuple[str, int]] = []
    for kind, what in steps:
        clock += 1_000
        if kind == "send":
            token = fence.issue(str(what))
            assert all(token > earlier for _, earlier in messages)
            messages.append((str(what), token))
            latest[str(what)] = token
        elif kind == "revoke":
            fence.revoke(str(what))
            latest.pop(str(what), None)
        elif kind == "restart":
            fence, latest = Fence(clock), {}
        elif messages:
            execution_id, token = messages[int(what) % len(messages)]
            is_due = latest.get(execution_id) == token
            assert fence.is_current(execution_id, token) == is_due
            assert fence.accept(execution_id, token) == is_due
            if is_due:
                accepted.append((execution_id, token))
                del latest[execution_id]
    assert len(set(accepted)) == len(accepted)
