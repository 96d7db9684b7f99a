"""What the rules want in each phase, and that random disputes end without contradictions."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.node.disputing.court import (
    CHALLENGER,
    PROVIDER,
    START_S,
    Court,
    case,
    facts,
    is_finished,
    parties_of,
    referee,
)

from neurovoyance.node.disputing.rules import (
    appeal_bond_wei,
    is_costly,
    is_over,
    needs_trace,
    wanted,
    wanted_of_slash,
)
from neurovoyance.node.disputing.values import (
    COLD,
    DisputeAction,
    DisputeView,
    Fixed,
    HeldSlash,
    Margins,
    Role,
    Round,
    Seat,
    SlashState,
)
from neurovoyance.protocol.audit import DisputeKind, DisputePhase, RefereeVote

DEADLINE_S = START_S + 600
ME = referee(10)
GUILTY, CLEAR, NONE = RefereeVote.GUILTY, RefereeVote.CLEAR, RefereeVote.NONE
RICH_WEI = 10**24


def view(phase: DisputePhase, **more: object) -> DisputeView:
    values: dict[str, object] = {"deadline_s": DEADLINE_S, **more}
    return DisputeView(phase, **values)  # type: ignore[arg-type]


def seat(vote: RefereeVote = NONE, owner: str = ME, level: int = 0, paid: bool = False) -> Seat:
    return Seat(level, 0, owner, 3, vote, paid)


def action(
    role: Role, shown: DisputeView, time_s: int = START_S, fixed: Fixed | None = None
) -> DisputeAction | None:
    found = wanted(case(role, ME, fixed=fixed or Fixed()), shown, time_s)
    return found.action if found else None


TRACE, POINT = view(DisputePhase.TRACE), view(DisputePhase.POINT)
VOTE = view(DisputePhase.VOTE, seats=(seat(),))
REVEAL = view(DisputePhase.VOTE_REVEAL, seats=(seat(),))
LOST = view(DisputePhase.APPEAL, verdict=GUILTY, free_wei=RICH_WEI)
WON = view(DisputePhase.APPEAL, verdict=CLEAR, free_wei=RICH_WEI)
VOTED = Fixed(votes=((0, CLEAR),))
LATE_S, VERY_LATE_S = DEADLINE_S + 1, DEADLINE_S + 100


def test_a_defendant_traces_first_and_posts_what_is_fixed() -> None:
    assert action(Role.DEFENDANT, TRACE) is DisputeAction.TRACE
    assert action(Role.DEFENDANT, TRACE, fixed=Fixed(has_trace=True)) is DisputeAction.POST_TRACE


def test_a_defendant_posts_in_the_last_second_but_begins_no_trace_then() -> None:
    posted = action(Role.DEFENDANT, TRACE, DEADLINE_S, Fixed(has_trace=True))
    assert posted is DisputeAction.POST_TRACE
    assert action(Role.DEFENDANT, TRACE, DEADLINE_S) is None


def test_a_hopeless_trace_is_not_begun_again_and_nobody_hastens_its_own_loss() -> None:
    assert action(Role.DEFENDANT, TRACE, fixed=Fixed(is_trace_hopeless=True)) is None
    assert action(Role.DEFENDANT, TRACE, VERY_LATE_S) is None
    assert action(Role.CHALLENGER, POINT, VERY_LATE_S, Fixed(found_nothing=True)) is None


def test_whoever_profits_ends_a_missed_duty_at_once_and_others_later() -> None:
    assert action(Role.CHALLENGER, TRACE, LATE_S) is DisputeAction.ADVANCE
    assert action(Role.DEFENDANT, POINT, LATE_S) is DisputeAction.ADVANCE
    assert action(Role.BYSTANDER, POINT, LATE_S) is None
    assert action(Role.BYSTANDER, POINT, VERY_LATE_S) is DisputeAction.ADVANCE


def test_a_challenger_seeks_and_points_or_lets_it_lapse() -> None:
    assert action(Role.CHALLENGER, POINT) is DisputeAction.SEEK
    assert action(Role.CHALLENGER, POINT, fixed=Fixed(has_point=True)) is DisputeAction.POINT
    assert action(Role.CHALLENGER, POINT, fixed=Fixed(found_nothing=True)) is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (Round.PENDING, None),
        (Round.READY, DisputeAction.DRAW_REFEREES),
        (Round.EXPIRED, DisputeAction.DRAW_REFEREES),
    ],
)
def test_parties_draw_referees_and_renew_a_lapsed_round(
    state: Round, expected: DisputeAction | None
) -> None:
    shown = view(DisputePhase.SEATING, round=state, deadline_s=0)
    assert action(Role.DEFENDANT, shown) is expected
    assert action(Role.CHALLENGER, shown) is expected
    assert action(Role.BYSTANDER, shown) is None


def test_a_referee_judges_commits_and_reveals() -> None:
    assert action(Role.BYSTANDER, VOTE) is DisputeAction.JUDGE
    assert action(Role.BYSTANDER, VOTE, fixed=VOTED) is DisputeAction.COMMIT_VOTE
    assert action(Role.BYSTANDER, REVEAL, fixed=VOTED) is DisputeAction.REVEAL_VOTE
    opened = replace(REVEAL, seats=(seat(CLEAR),))
    assert action(Role.BYSTANDER, opened, fixed=VOTED) is None


def test_a_referee_too_late_to_judge_does_not_begin_and_reveals_no_vote_it_has_not() -> None:
    assert action(Role.BYSTANDER, VOTE, DEADLINE_S) is None
    assert action(Role.BYSTANDER, REVEAL) is None


def test_an_owner_without_a_seat_of_the_level_does_not_vote() -> None:
    other = view(DisputePhase.VOTE, level=1, seats=(seat(),))
    assert action(Role.BYSTANDER, other) is None


def test_the_loser_looks_for_itself_and_appeals_only_against_its_own_finding() -> None:
    assert action(Role.DEFENDANT, LOST) is DisputeAction.JUDGE
    assert action(Role.DEFENDANT, LOST, fixed=Fixed(finding=CLEAR)) is DisputeAction.APPEAL
    assert action(Role.DEFENDANT, LOST, fixed=Fixed(finding=GUILTY)) is None
    assert action(Role.CHALLENGER, WON, fixed=Fixed(finding=GUILTY)) is DisputeAction.APPEAL
    assert action(Role.CHALLENGER, WON, fixed=Fixed(finding=CLEAR)) is None
    assert action(Role.DEFENDANT, WON) is None


def test_no_appeal_without_the_bond_nor_from_the_last_level() -> None:
    sure = Fixed(finding=CLEAR)
    needed_wei = appeal_bond_wei(case(), 0)
    assert needed_wei == 2 * facts().bond_wei
    poor = replace(LOST, free_wei=needed_wei - 1)
    assert action(Role.DEFENDANT, poor, fixed=sure) is None
    assert action(Role.DEFENDANT, replace(LOST, free_wei=needed_wei), fixed=sure)
    last = replace(LOST, level=2, deadline_s=0)
    assert action(Role.DEFENDANT, last, fixed=sure) is None
    assert action(Role.CHALLENGER, last) is DisputeAction.ADVANCE


def test_the_winner_ends_the_time_of_appeal() -> None:
    assert action(Role.CHALLENGER, LOST, LATE_S) is DisputeAction.ADVANCE
    assert action(Role.DEFENDANT, LOST, VERY_LATE_S) is None
    assert action(Role.DEFENDANT, WON, LATE_S) is DisputeAction.ADVANCE


@pytest.mark.parametrize("phase", sorted(COLD - {DisputePhase.DROPPED}))
def test_a_referee_closes_its_seats_of_every_level_once(phase: DisputePhase) -> None:
    seats = (seat(CLEAR, paid=True), seat(CLEAR, level=1))
    shown = view(phase, level=1, seats=seats, slash=SlashState.SPLIT)
    found = wanted(case(owner=ME), shown, VERY_LATE_S)
    assert found is not None
    assert (found.action, found.level, found.index) == (DisputeAction.CLOSE_REFEREE, 1, 0)
    paid = replace(shown, seats=seats[:1])
    assert is_over(case(owner=ME), paid)
    assert not is_over(case(owner=ME), shown)


def test_nothing_is_due_to_referees_of_a_dropped_dispute() -> None:
    shown = view(DisputePhase.DROPPED, seats=(seat(CLEAR),))
    assert action(Role.BYSTANDER, shown) is None
    assert is_over(case(owner=ME), shown)


def test_who_was_right_is_paid_when_the_slash_was_split() -> None:
    held = view(
        DisputePhase.GUILTY,
        seats=(seat(GUILTY),),
        slash=SlashState.HELD,
        slash_ready_s=VERY_LATE_S,
    )
    assert action(Role.BYSTANDER, held, VERY_LATE_S - 1) is None
    assert not is_over(case(owner=ME), held)
    assert action(Role.BYSTANDER, held, VERY_LATE_S) is DisputeAction.FINALIZE_SLASH
    split = replace(held, slash=SlashState.SPLIT)
    assert action(Role.BYSTANDER, split, VERY_LATE_S) is DisputeAction.CLOSE_REFEREE


def test_the_share_of_judges_that_nobody_was_goes_to_the_pool() -> None:
    shown = view(DisputePhase.GUILTY, slash=SlashState.SPLIT, has_ownerless_share=True)
    found = wanted(case(Role.CHALLENGER), shown, START_S)
    assert found is not None
    assert (found.action, found.level, found.index) == (DisputeAction.CLOSE_REFEREE, 0, 0)
    assert not is_over(case(Role.CHALLENGER), shown)
    assert is_over(case(Role.CHALLENGER), replace(shown, has_ownerless_share=False))
    assert action(Role.DEFENDANT, shown) is None


def test_a_failed_booking_is_repeated_by_those_it_pays() -> None:
    shown = view(DisputePhase.GUILTY)
    assert action(Role.CHALLENGER, shown) is DisputeAction.BOOK_SLASH
    assert action(Role.DEFENDANT, shown) is None
    assert is_over(case(Role.DEFENDANT), shown)


@pytest.mark.parametrize("phase", sorted(set(DisputePhase) - COLD - {DisputePhase.NONE}))
def test_a_dispute_whose_job_ended_is_closed(phase: DisputePhase) -> None:
    assert action(Role.CHALLENGER, view(phase, has_job_ended=True)) is DisputeAction.ADVANCE


def test_a_returned_bond_is_withdrawn() -> None:
    shown = view(DisputePhase.GUILTY, withdrawable_wei=5, slash=SlashState.SPLIT)
    assert action(Role.CHALLENGER, shown) is DisputeAction.WITHDRAW
    assert not is_over(case(Role.CHALLENGER), shown)


def test_a_held_slash_is_split_after_the_hold() -> None:
    slash = HeldSlash(b"\x01" * 32, b"\x02" * 32, START_S)
    assert wanted_of_slash(slash, START_S - 1) is None
    found = wanted_of_slash(slash, START_S)
    assert found is not None
    assert found.action is DisputeAction.FINALIZE_SLASH
    assert found.key.startswith(slash.slash_id.hex())


def test_only_our_own_running_deadlines_are_costly() -> None:
    assert is_costly(case(Role.DEFENDANT), TRACE, START_S)
    assert not is_costly(case(Role.DEFENDANT), TRACE, LATE_S)
    assert not is_costly(case(Role.CHALLENGER), TRACE, START_S)
    assert is_costly(case(Role.CHALLENGER), POINT, START_S)
    assert is_costly(case(owner=ME), VOTE, START_S)
    assert not is_costly(case(owner=ME), replace(REVEAL, seats=(seat(CLEAR),)), START_S)
    assert not is_costly(case(owner=ME), WON, START_S)


def test_an_unknown_dispute_wants_nothing() -> None:
    gone = view(DisputePhase.NONE)
    assert action(Role.DEFENDANT, gone) is None
    assert is_over(case(Role.DEFENDANT), gone)


def test_keys_tell_disputes_levels_and_votes_apart() -> None:
    def key(**changes: object) -> str:
        fixed = Fixed(votes=((0, CLEAR),))
        about = case(owner=ME, facts=facts(**changes), fixed=fixed)
        found = wanted(about, VOTE, START_S)
        assert found is not None
        return found.key

    assert key() == key()
    assert key() != key(bond_wei=1)
    assert key() != key(dispute_id=8)


def test_only_a_wrong_output_goes_by_trace() -> None:
    assert [kind for kind in DisputeKind if needs_trace(kind)] == [DisputeKind.WRONG_OUTPUT]


VOTES = st.sampled_from([GUILTY, CLEAR])


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(DisputeKind),
    VOTES,
    VOTES,
    st.lists(st.sampled_from([GUILTY, CLEAR, RefereeVote.ABSTAIN]), min_size=9, max_size=9),
    st.sets(st.integers(0, 10)),
    st.sampled_from([0, RICH_WEI]),
    st.integers(0, 2**32),
)
def test_random_disputes_end_and_never_contradict_themselves(
    kind: DisputeKind,
    challenger: RefereeVote,
    defendant: RefereeVote,
    findings: list[RefereeVote],
    idle: set[int],
    free_wei: int,
    seed: int,
) -> None:
    random = Random(seed)
    court = Court(kind, free_wei=free_wei)
    parties = parties_of(challenger, defendant)
    for party, finding in zip(parties[2:], findings, strict=True):
        party.finding = finding
    for at in idle:
        parties[at].is_idle = True
    for _ in range(3_000):
        if is_finished(court, parties):
            break
        court.turn(random.choice(parties))
        court.time_s += random.choice([0, 0, 1, 20, 120])
        if court.phase in COLD and court.slash is SlashState.HELD:
            court.time_s += 10_000
    if not is_finished(court, parties):
        # Nobody is left who profits from the end; the job's backstop refunds and frees all locks.
        assert all(parties[at].is_idle for at in _who_profits(court)), court.history


def _who_profits(court: Court) -> set[int]:
    """Return the parties (0 challenger, 1 defendant) who end the present phase by themselves."""
    if court.phase is DisputePhase.APPEAL:
        return {1} if court.verdict() is CLEAR else {0}
    return {DisputePhase.TRACE: {0}, DisputePhase.POINT: {1}}.get(court.phase, {0, 1})


@settings(deadline=None, max_examples=60)
@given(VOTES, st.integers(0, 2**32))
def test_with_everybody_awake_the_court_decides_as_the_referees_find(
    finding: RefereeVote, seed: int
) -> None:
    random = Random(seed)
    court = Court(DisputeKind.FORGED_ANSWER)
    parties = parties_of(finding, CLEAR)
    for party in parties[2:]:
        party.finding = finding
    for _ in range(3_000):
        for party in random.sample(parties, len(parties)):
            court.turn(party)
        court.time_s += 10_000 if court.phase in COLD else 60
        if is_finished(court, parties):
            break
    expected = DisputePhase.GUILTY if finding is GUILTY else DisputePhase.CLEAR
    assert court.phase is expected
    assert all(s.is_paid for s in court.seats)


def test_margins_are_honoured() -> None:
    strict = Margins(send_s=1_000)
    assert wanted(case(Role.DEFENDANT), TRACE, START_S, strict) is None
    assert {PROVIDER, CHALLENGER} == {case(Role.DEFENDANT).owner, case(Role.CHALLENGER).owner}
