"""Replicas go to different owners, operators and networks; who is passed over is told why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.matching.candidates import Candidate
from neurovoyance.matching.independence import Shared, choose, network_of, ties_of
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import Ranking, rank_plainly

from .made_candidates import address, candidate, wanted


def ranked(*some: Candidate) -> Ranking:
    return rank_plainly(some, wanted(), Preset.CHEAPEST)


@pytest.mark.parametrize(
    ("endpoint", "network"),
    [
        ("http://8.8.4.4:8420", "8.8.4.0/24"),
        ("https://[2606:4700:1:2::5]/", "2606:4700:1::/48"),
        ("http://[::ffff:8.8.4.4]", "8.8.4.0/24"),
        ("http://Node.Example.:1", "node.example"),
        ("http://127.0.0.1:1", ""),
        ("http://10.0.0.4", ""),
        ("http://localhost", ""),
        ("http://[bad", ""),
        ("", ""),
    ],
)
def test_networks(endpoint: str, network: str) -> None:
    assert network_of(endpoint) == network


def test_each_shared_tie_passes_a_candidate_over_and_is_told() -> None:
    first = candidate(1, base_price_wei=1, operator="op", endpoint="http://8.8.4.4")
    same = [
        candidate(1, base_price_wei=2),
        candidate(2, base_price_wei=3, operator="op"),
        candidate(3, base_price_wei=4, endpoint="http://8.8.4.9"),
    ]
    free = candidate(4, base_price_wei=5, operator="other", endpoint="http://9.9.9.9")
    found = choose(ranked(first, *same, free), 2)
    assert found.positions == (0, 4)
    assert found.passed == (
        Shared(1, "owner", 1),
        Shared(2, "operator", 1),
        Shared(3, "network", 1),
    )


def test_what_is_not_known_binds_to_nobody() -> None:
    found = choose(ranked(candidate(1), candidate(2), candidate(3)), 5)
    assert len(found.positions) == 3


some = st.lists(
    st.builds(
        lambda n, op, net, price: candidate(
            n, operator=op, endpoint=f"http://8.8.{net}.1", base_price_wei=price
        ),
        st.integers(1, 6),
        st.sampled_from(["", "a", "b", "c"]),
        st.integers(1, 4),
        st.integers(1, 9),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(some, st.integers(0, 5))
def test_no_two_replicas_share_anything_and_nobody_fitting_is_left(
    candidates: list[Candidate], count: int
) -> None:
    ranking = ranked(*candidates)
    found = choose(ranking, count)
    ties = [set(ties_of(candidates[n]).items()) for n in found.positions]
    assert sum(map(len, ties)) == len(set().union(*ties))
    assert len(found.positions) <= count
    if len(found.positions) < count:
        assert len(found.positions) + len(found.passed) == len(candidates)
    if count and candidates:
        assert found.positions[0] == ranking.order[0]


def test_owners_are_told_apart_by_address() -> None:
    assert ties_of(candidate(1))["owner"] == address(1)
