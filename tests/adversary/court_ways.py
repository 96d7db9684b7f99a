"""Ways into every state of a job that waits for somebody, on the contracts of ``court_world``.

Place: under ``test_no_show``; each way leaves a job in one state, done by its parties alone.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.adversary.court_world import CHALLENGER, OPERATOR, Z_FAR, Case, CourtWorld, Z

from neurovoyance.protocol.audit import DisputeKind, RefereeVote
from neurovoyance.protocol.lifecycle import JobState

GUILTY, CLEAR = RefereeVote.GUILTY, RefereeVote.CLEAR

Way = Callable[[CourtWorld], Case]


# --- ways into every waiting state --------------------------------------------------------------


def listed(world: CourtWorld) -> Case:
    return world.list_job()


def assigned(world: CourtWorld) -> Case:
    return world.open()


def committed(world: CourtWorld) -> Case:
    case = world.open()
    world.commit(case)
    return case


def drawn(world: CourtWorld, pool: str = "cpu") -> Case:
    case = world.open(pool)
    world.commit(case)
    world.draw(case)
    return case


def seating(world: CourtWorld) -> Case:
    """All seats of the pool are the provider's own, so nobody can be drawn."""
    case = drawn(world, "lonely")
    world.open_audit(case)
    return case


def auditing(world: CourtWorld) -> Case:
    case = drawn(world)
    world.open_audit(case)
    return case


def auditor_bound(world: CourtWorld) -> Case:
    case = auditing(world)
    world.audit_commit(case, Z)
    return case


def answered(world: CourtWorld) -> Case:
    case = auditor_bound(world)
    world.answer(case)
    return case


def once_failed(world: CourtWorld) -> Case:
    """One auditor failed the output; another one is drawn."""
    case = auditing(world)
    world.vote_once(case, Z_FAR)
    return case


def failed(world: CourtWorld) -> Case:
    case = once_failed(world)
    world.vote_once(case, Z_FAR)
    return case


def passed(world: CourtWorld) -> Case:
    case = auditing(world)
    while world.state(case) is JobState.AUDITED:  # one in twenty is audited again
        world.vote_once(case, Z)
    return case


def revealed(world: CourtWorld) -> Case:
    case = passed(world)
    world.reveal(case)
    return case


def challenged(world: CourtWorld) -> Case:
    case = revealed(world)
    world.challenge(case, DisputeKind.WRONG_OUTPUT)
    return case


def contested(world: CourtWorld) -> Case:
    case = failed(world)
    world.contest(case)
    return case


def traced(world: CourtWorld, way: Way = challenged) -> Case:
    case = way(world)
    world.post_trace(case)
    return case


def contest_traced(world: CourtWorld) -> Case:
    return traced(world, contested)


def pointed(world: CourtWorld, way: Way = challenged) -> Case:
    case = traced(world, way)
    world.point(case)
    return case


def forgery(world: CourtWorld) -> Case:
    """Referees are drawn at once; no trace is needed."""
    case = revealed(world)
    world.challenge(case, DisputeKind.FORGED_ANSWER)
    world.mine(3)
    return case


def seated(world: CourtWorld, way: Way = pointed) -> Case:
    case = way(world)
    world.draw_referees(case)
    return case


def some_voted(world: CourtWorld) -> Case:
    case = seated(world)
    world.commit_votes(case, CLEAR, 1)
    return case


def all_voted(world: CourtWorld) -> Case:
    case = seated(world)
    world.commit_votes(case, CLEAR)
    return case


def judged(vote: RefereeVote, way: Way = pointed) -> Way:
    def made(world: CourtWorld) -> Case:
        case = seated(world, way)
        world.commit_votes(case, vote)
        world.reveal_votes(case, vote)
        return case

    return made


def appealed(vote: RefereeVote, levels: int) -> Way:
    def made(world: CourtWorld) -> Case:
        case = judged(vote)(world)
        loser = OPERATOR if vote is GUILTY else CHALLENGER
        for level in range(levels):
            world.appeal(case, loser)
            if level + 1 < levels:
                world.draw_referees(case)
                world.commit_votes(case, vote)
                world.reveal_votes(case, vote)
        return case

    return made
