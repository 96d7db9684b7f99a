"""What a node does in a dispute: (case, chain view, time) -> what is wanted, pure.

Place: the centre of the dispute duties; ``duty`` obeys. The chain is the source of truth: whatever
its phase asks of us and does not show as done is wanted, so restarts and reorganisations need no
special path. What must not change once sent (a trace, a point, a vote) is wanted as local work
first, fixed in the casebook, and only then sent. One thing is wanted at a time. A missed duty of
somebody else is ended by whoever profits from the end; nobody hastens a phase that ends in a loss
of its own. Never: I/O, a clock, or a send that says something else than an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator

from neurovoyance.node.disputing.values import (
    COLD,
    LEVELS,
    Case,
    DisputeAction,
    DisputeView,
    HeldSlash,
    Margins,
    Role,
    Round,
    Seat,
    SlashState,
    Wanted,
)
from neurovoyance.protocol.audit import DisputeKind, DisputePhase, RefereeVote

_NOBODY = Seat(0, 0, "", 0, RefereeVote.NONE, False)
"""Stands for the audit pool where a provider was convicted and nobody judged."""

GUILTY_VOTES = frozenset({RefereeVote.GUILTY, RefereeVote.UNAVAILABLE})


def wanted(
    case: Case, view: DisputeView, time_s: int, margins: Margins | None = None
) -> Wanted | None:
    """Return the one thing to do now, or None to wait.

    Args:
        case: the dispute with what is fixed here.
        view: the chain as last read.
        time_s: chain time, unix seconds.
        margins: see :class:`Margins`.
    """
    return next(_wishes(case, view, time_s, margins or Margins()), None)


def is_over(case: Case, view: DisputeView) -> bool:
    """Tell whether nothing can be wanted of us any more, however late it gets."""
    if view.phase not in COLD:
        return view.phase is DisputePhase.NONE
    has_dues = view.phase is not DisputePhase.DROPPED and any(
        not seat.is_paid for seat in view.seats_of(case.owner)
    )
    is_convicted = view.phase is DisputePhase.GUILTY
    is_split = view.slash is SlashState.SPLIT and not view.has_ownerless_share
    has_slash = is_convicted and not is_split
    is_ours_to_end = case.role is not Role.DEFENDANT
    return not (has_dues or (has_slash and is_ours_to_end) or view.withdrawable_wei)


def wanted_of_slash(slash: HeldSlash, time_s: int) -> Wanted | None:
    """Return the split of a held slash once its hold is over."""
    if time_s < slash.ready_s:
        return None
    key = f"{slash.slash_id.hex()}:{DisputeAction.FINALIZE_SLASH.value}:{slash.ready_s}"
    return Wanted(DisputeAction.FINALIZE_SLASH, key)


def is_costly(case: Case, view: DisputeView, time_s: int) -> bool:
    """Tell whether a deadline of ours runs whose miss costs stake or bond."""
    if time_s > view.deadline_s:
        return False
    match view.phase:
        case DisputePhase.TRACE:
            return case.role is Role.DEFENDANT and not case.fixed.is_trace_hopeless
        case DisputePhase.POINT:
            return case.role is Role.CHALLENGER and not case.fixed.found_nothing
        case DisputePhase.VOTE | DisputePhase.VOTE_REVEAL:
            return any(seat.vote is RefereeVote.NONE for seat in _our_seats(case, view))
        case _:
            return False


def appeal_bond_wei(case: Case, level: int) -> int:
    """Return the bond of an appeal from a level: the challenger's, doubled for every level."""
    return case.facts.bond_wei << (level + 1)


def _wishes(case: Case, view: DisputeView, time_s: int, margins: Margins) -> Iterator[Wanted]:
    if view.has_job_ended and view.phase not in COLD:
        yield _want(case, view, DisputeAction.ADVANCE)
        return
    match view.phase:
        case DisputePhase.TRACE:
            yield from _while_tracing(case, view, time_s, margins)
        case DisputePhase.POINT:
            yield from _while_pointing(case, view, time_s, margins)
        case DisputePhase.SEATING:
            yield from _while_seating(case, view)
        case DisputePhase.VOTE:
            yield from _while_voting(case, view, time_s, margins)
        case DisputePhase.VOTE_REVEAL:
            yield from _while_revealing(case, view, time_s, margins)
        case DisputePhase.APPEAL:
            yield from _while_appealable(case, view, time_s, margins)
        case _ if view.phase in COLD:
            yield from _when_closed(case, view, time_s)


def _while_tracing(
    case: Case, view: DisputeView, time_s: int, margins: Margins
) -> Iterator[Wanted]:
    if case.role is not Role.DEFENDANT:
        yield from _advance(case, view, time_s, margins, is_eager=case.role is Role.CHALLENGER)
    elif time_s > view.deadline_s or case.fixed.is_trace_hopeless:
        return
    elif case.fixed.has_trace:
        yield _want(case, view, DisputeAction.POST_TRACE)
    elif time_s + margins.send_s <= view.deadline_s:
        yield _want(case, view, DisputeAction.TRACE)


def _while_pointing(
    case: Case, view: DisputeView, time_s: int, margins: Margins
) -> Iterator[Wanted]:
    if case.role is not Role.CHALLENGER:
        yield from _advance(case, view, time_s, margins, is_eager=case.role is Role.DEFENDANT)
    elif time_s > view.deadline_s or case.fixed.found_nothing:
        return
    elif case.fixed.has_point:
        yield _want(case, view, DisputeAction.POINT)
    elif time_s + margins.send_s <= view.deadline_s:
        yield _want(case, view, DisputeAction.SEEK)


def _while_seating(case: Case, view: DisputeView) -> Iterator[Wanted]:
    # The round is ready within seconds and is renewed when it lapsed; no deadline is waited for.
    if case.role is not Role.BYSTANDER and view.round in (Round.READY, Round.EXPIRED):
        yield _want(case, view, DisputeAction.DRAW_REFEREES)


def _while_voting(case: Case, view: DisputeView, time_s: int, margins: Margins) -> Iterator[Wanted]:
    seats = _our_seats(case, view)
    if seats and time_s <= view.deadline_s:
        if case.fixed.vote_at(view.level) is not RefereeVote.NONE:
            yield _want(case, view, DisputeAction.COMMIT_VOTE, seats[0])
        elif time_s + margins.send_s <= view.deadline_s:
            yield _want(case, view, DisputeAction.JUDGE, seats[0])
    yield from _advance(case, view, time_s, margins, is_eager=case.role is not Role.BYSTANDER)


def _while_revealing(
    case: Case, view: DisputeView, time_s: int, margins: Margins
) -> Iterator[Wanted]:
    seats = [seat for seat in _our_seats(case, view) if seat.vote is RefereeVote.NONE]
    has_vote = case.fixed.vote_at(view.level) is not RefereeVote.NONE
    if seats and has_vote and time_s <= view.deadline_s:
        yield _want(case, view, DisputeAction.REVEAL_VOTE, seats[0])
    yield from _advance(case, view, time_s, margins, is_eager=case.role is not Role.BYSTANDER)


def _while_appealable(
    case: Case, view: DisputeView, time_s: int, margins: Margins
) -> Iterator[Wanted]:
    lost_by = {
        RefereeVote.GUILTY: Role.DEFENDANT,
        RefereeVote.CLEAR: Role.CHALLENGER,
    }.get(view.verdict)
    if case.role is lost_by and time_s <= view.deadline_s and view.level + 1 < LEVELS:
        finding = case.fixed.finding
        if finding is RefereeVote.NONE and time_s + margins.send_s <= view.deadline_s:
            yield _want(case, view, DisputeAction.JUDGE)
        elif _contradicts(finding, case.role) and view.free_wei >= appeal_bond_wei(
            case, view.level
        ):
            yield _want(case, view, DisputeAction.APPEAL)
    # Whoever lost does not hasten its own loss.
    if case.role is not lost_by:
        yield from _advance(case, view, time_s, margins, is_eager=case.role is not Role.BYSTANDER)


def _when_closed(case: Case, view: DisputeView, time_s: int) -> Iterator[Wanted]:
    if view.phase is DisputePhase.GUILTY and case.role is not Role.DEFENDANT:
        if view.slash is SlashState.UNBOOKED:
            yield _want(case, view, DisputeAction.BOOK_SLASH)
        elif view.slash is SlashState.HELD and time_s >= view.slash_ready_s:
            yield _want(case, view, DisputeAction.FINALIZE_SLASH)
        elif view.has_ownerless_share:
            yield _want(case, view, DisputeAction.CLOSE_REFEREE, _NOBODY)
    for seat in view.seats_of(case.owner):
        if not seat.is_paid and _is_share_there(view, seat):
            yield _want(case, view, DisputeAction.CLOSE_REFEREE, seat)
    if view.withdrawable_wei:
        yield _want(case, view, DisputeAction.WITHDRAW)


def _is_share_there(view: DisputeView, seat: Seat) -> bool:
    """Tell whether a seat can be closed: who was right is paid out of the slash, once split."""
    if view.phase is DisputePhase.DROPPED:
        return False
    is_paid_from_slash = view.phase is DisputePhase.GUILTY and seat.vote in GUILTY_VOTES
    return not is_paid_from_slash or view.slash is SlashState.SPLIT


def _advance(
    case: Case, view: DisputeView, time_s: int, margins: Margins, *, is_eager: bool
) -> Iterator[Wanted]:
    """End a phase after its deadline; those who lose nothing by waiting let others pay first."""
    patience_s = 0 if is_eager else margins.others_s
    if time_s > view.deadline_s + patience_s:
        yield _want(case, view, DisputeAction.ADVANCE)


def _contradicts(finding: RefereeVote, loser: Role) -> bool:
    if loser is Role.DEFENDANT:
        return finding is RefereeVote.CLEAR
    return finding in GUILTY_VOTES


def _our_seats(case: Case, view: DisputeView) -> tuple[Seat, ...]:
    return view.seats_of(case.owner, view.level)


def _want(case: Case, view: DisputeView, action: DisputeAction, seat: Seat | None = None) -> Wanted:
    # The hash of the facts keeps apart two disputes to which a reorganisation gave one id.
    parts = [str(case.facts.dispute_id), case.facts.facts_hash()[:6].hex(), action.value]
    # A level may sit again, and a phase be entered again, under another deadline or round.
    match action:
        case DisputeAction.DRAW_REFEREES:
            parts += [str(view.level), str(view.round_number)]
        case DisputeAction.ADVANCE:
            parts += [str(view.level), view.phase.name, str(view.deadline_s)]
        case DisputeAction.COMMIT_VOTE | DisputeAction.REVEAL_VOTE:
            vote = case.fixed.vote_at(view.level)
            parts += [str(view.level), str(view.deadline_s), vote.name]
        case DisputeAction.APPEAL | DisputeAction.JUDGE:
            parts.append(str(view.level))
        case DisputeAction.FINALIZE_SLASH:
            parts.append(str(view.slash_ready_s))
        case DisputeAction.CLOSE_REFEREE if seat is not None:
            parts += [str(seat.level), str(seat.index)]
        case _:
            pass
    level = view.level if seat is None else seat.level
    return Wanted(action, ":".join(parts), level, 0 if seat is None else seat.index)


def needs_trace(kind: DisputeKind) -> bool:
    """Tell whether a dispute of this kind goes by trace; the others are recomputed exactly."""
    return kind is DisputeKind.WRONG_OUTPUT
