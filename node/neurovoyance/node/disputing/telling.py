"""What happens in a dispute, in plain sentences for the log and ``neurovoyance audit explain``.

Place: words only, used by ``duty``. Never: a key, a salt, or a vote before it is opened.
"""

from __future__ import annotations

from typing import Final

from neurovoyance.node.disputing.values import Case, DisputeAction, DisputeView, Role, Wanted
from neurovoyance.protocol.audit import DisputeFacts, DisputeKind, DisputePhase, RefereeVote

_CLAIMS: Final = {
    DisputeKind.WRONG_OUTPUT: "that the output is not what the model computes",
    DisputeKind.FORGED_ANSWER: "that an answer in the audit is not of the revealed output",
    DisputeKind.BAD_ENVELOPE: "that the envelope does not hold the committed output",
    DisputeKind.UNAVAILABLE: "that the provider does not serve its result",
}
_ROLES: Final = {
    Role.DEFENDANT: "We are the provider.",
    Role.CHALLENGER: "We are the challenger.",
    Role.BYSTANDER: "We are a drawn judge of it, or audited the job.",
}
_PHASES: Final = {
    DisputePhase.NONE: "The chain does not know the dispute any more.",
    DisputePhase.TRACE: "The provider's trace is awaited.",
    DisputePhase.POINT: "The trace is posted; the challenger has to point at an operator.",
    DisputePhase.SEATING: "Referees are being drawn for level {level}.",
    DisputePhase.VOTE: "Referees of level {level} are judging.",
    DisputePhase.VOTE_REVEAL: "Referees of level {level} are opening their votes.",
    DisputePhase.APPEAL: "Level {level} found {verdict}; the loser may appeal.",
    DisputePhase.GUILTY: "The provider was convicted.",
    DisputePhase.CLEAR: "The provider was cleared.",
    DisputePhase.DROPPED: "The dispute was dropped: nobody pointed, or the job ended otherwise.",
    DisputePhase.UNDECIDED: "No verdict could be had; the client is refunded.",
}
_VERDICTS: Final = {
    RefereeVote.GUILTY: "the provider guilty",
    RefereeVote.CLEAR: "nothing wrong",
}
_DONE: Final = {
    DisputeAction.TRACE: "The trace is computed.",
    DisputeAction.SEEK: "The trace is looked through.",
    DisputeAction.JUDGE: "What was claimed is judged.",
    DisputeAction.POST_TRACE: "We posted the trace.",
    DisputeAction.POINT: "We pointed at a row of the trace.",
    DisputeAction.DRAW_REFEREES: "We drew the referees of level {level}.",
    DisputeAction.COMMIT_VOTE: "We committed to our vote at level {level}.",
    DisputeAction.REVEAL_VOTE: "We opened our vote at level {level}: {vote}.",
    DisputeAction.APPEAL: "We appealed from level {level}.",
    DisputeAction.ADVANCE: "We ended a phase whose time was over.",
    DisputeAction.CLOSE_REFEREE: "We closed a seat of level {level}.",
    DisputeAction.BOOK_SLASH: "We repeated the booking of the slash.",
    DisputeAction.FINALIZE_SLASH: "We split the slash after its hold.",
    DisputeAction.WITHDRAW: "We took the bond back.",
}
_FAILED: Final = {
    DisputeAction.TRACE: "The trace could not be computed.",
    DisputeAction.SEEK: "The trace could not be looked through.",
    DisputeAction.JUDGE: "It could not be judged.",
}


def taken_up(facts: DisputeFacts, role: Role) -> str:
    """Return what a dispute is about, and what we are in it."""
    late = " The job was settled before." if facts.is_late else ""
    contest = " The provider contests a failed audit." if facts.is_contest else ""
    return (
        f"Dispute {facts.dispute_id}: {facts.challenger} claims {_CLAIMS[facts.kind]}."
        f"{contest}{late} {_ROLES[role]}"
    )


def phase(view: DisputeView) -> str:
    """Return where a dispute stands."""
    verdict = _VERDICTS.get(view.verdict, "no verdict")
    return _PHASES[view.phase].format(level=view.level, verdict=verdict)


def done(want: Wanted, case: Case, why: str) -> str:
    """Return what was done, with its reason where that may be known by now."""
    vote = case.fixed.vote_at(want.level).name
    said = _DONE[want.action].format(level=want.level, vote=vote)
    return f"{said} {why}".rstrip()


def failed(want: Wanted) -> str:
    """Return what could not be done."""
    return _FAILED.get(want.action, "A step failed.")
