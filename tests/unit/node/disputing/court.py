"""A small model of the DisputeCourt with parties, to play the rules against."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from neurovoyance.node.disputing.rules import is_over, wanted
from neurovoyance.node.disputing.values import (
    COLD,
    Case,
    DisputeAction,
    DisputeView,
    Fixed,
    Role,
    Round,
    Seat,
    SlashState,
    Wanted,
)
from neurovoyance.protocol.audit import DisputeFacts, DisputeKind, DisputePhase, RefereeVote

PROVIDER, CHALLENGER, CLIENT = (f"0x{digit * 40}" for digit in "123")
START_S = 10_000
PERIODS_S = {
    DisputePhase.TRACE: 600,
    DisputePhase.POINT: 600,
    DisputePhase.VOTE: 900,
    DisputePhase.VOTE_REVEAL: 300,
    DisputePhase.APPEAL: 1_800,
}


def facts(kind: DisputeKind = DisputeKind.WRONG_OUTPUT, **changes: object) -> DisputeFacts:
    values = DisputeFacts(
        dispute_id=7,
        job_id=b"\x07" * 32,
        model_id=b"\x01" * 32,
        seed0=b"\x02" * 32,
        out_root=b"\x03" * 32,
        provider=PROVIDER,
        client=CLIENT,
        challenger=CHALLENGER,
        price_wei=10**18,
        lock_wei=20 * 10**18,
        bond_wei=20 * 10**18,
        tau_sq=1 << 30,
        pool=b"cpu".ljust(12, b"\0"),
        opened_at_s=START_S,
        window_end_s=START_S + 1_800,
        max_runtime_s=60,
        rows=4,
        verify_rows_hash=b"\x04" * 20,
        job_class=1,
        kind=kind,
        is_drawn=False,
        is_contest=False,
        is_late=False,
    )
    return replace(values, **changes)  # type: ignore[arg-type]


def case(role: Role = Role.BYSTANDER, owner: str = "0x" + "9" * 40, **changes: object) -> Case:
    owners = {Role.DEFENDANT: PROVIDER, Role.CHALLENGER: CHALLENGER}
    return Case(
        facts=changes.pop("facts", facts()),  # type: ignore[arg-type]
        role=role,
        owner=owners.get(role, owner),
        operator="0x" + "8" * 40,
        **changes,  # type: ignore[arg-type]
    )


def referee(index: int) -> str:
    return f"0x{index:040x}"


@dataclass
class Party:
    """One node: its case, what it would find, and what it sent so far by key."""

    case: Case
    finding: RefereeVote = RefereeVote.CLEAR
    is_idle: bool = False
    sent: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def work(self, want: Wanted) -> None:
        """Do local work: fix what comes of it; a second time changes nothing."""
        fixed = self.case.fixed
        if want.action is DisputeAction.TRACE:
            fixed = replace(fixed, has_trace=True)
        elif want.action is DisputeAction.SEEK:
            found = self.finding is RefereeVote.GUILTY
            fixed = replace(fixed, has_point=found, found_nothing=not found)
        elif self.case.role is Role.BYSTANDER:
            fixed = replace(fixed, votes=(*fixed.votes, (want.level, self.finding)))
        else:
            fixed = replace(fixed, finding=self.finding)
        self.case = replace(self.case, fixed=fixed)


class Refused(Exception):
    """The court reverts."""


@dataclass
class Court:
    """The phases, deadlines and votes of one dispute; who may do what, and when."""

    kind: DisputeKind = DisputeKind.WRONG_OUTPUT
    phase: DisputePhase = DisputePhase.TRACE
    level: int = 0
    time_s: int = START_S
    deadline_s: int = START_S + 600
    draws: int = 0
    ready_s: int = 0
    lapses_s: int = 0
    seats: list[Seat] = field(default_factory=list)
    commitments: dict[tuple[int, int, str], RefereeVote] = field(default_factory=dict)
    free_wei: int = 0
    slash: SlashState = SlashState.UNBOOKED
    slash_ready_s: int = 0
    history: list[DisputePhase] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.kind is not DisputeKind.WRONG_OUTPUT:
            self.enter(DisputePhase.SEATING)

    def enter(self, phase: DisputePhase) -> None:
        self.phase = phase
        self.history.append(phase)
        is_last = phase is DisputePhase.APPEAL and self.level == 2
        waits = phase in PERIODS_S and not is_last
        self.deadline_s = self.time_s + PERIODS_S[phase] if waits else 0
        if phase is DisputePhase.SEATING:
            self.ready_s, self.lapses_s = self.time_s + 4, self.time_s + 500

    def view(self) -> DisputeView:
        late = Round.EXPIRED if self.time_s > self.lapses_s else Round.READY
        pending = Round.PENDING if self.time_s < self.ready_s else late
        return DisputeView(
            self.phase,
            self.level,
            self.deadline_s,
            pending if self.phase is DisputePhase.SEATING else Round.NONE,
            self.lapses_s,
            tuple(self.seats),
            self.verdict() if self.phase is DisputePhase.APPEAL else RefereeVote.NONE,
            slash=self.slash,
            slash_ready_s=self.slash_ready_s,
            free_wei=self.free_wei,
        )

    def call(self, party: Party, want: Wanted) -> None:
        """Carry out a send, or refuse it as the contract would."""
        actor = party.case
        match want.action:
            case DisputeAction.POST_TRACE:
                self._need(DisputePhase.TRACE, actor.role is Role.DEFENDANT)
                self.enter(DisputePhase.POINT)
            case DisputeAction.POINT:
                self._need(DisputePhase.POINT, actor.role is Role.CHALLENGER)
                self.enter(DisputePhase.SEATING)
            case DisputeAction.DRAW_REFEREES:
                if self.phase is not DisputePhase.SEATING:
                    raise Refused
                self._draw()
            case DisputeAction.COMMIT_VOTE:
                self._commit(actor)
            case DisputeAction.REVEAL_VOTE:
                self._reveal(actor)
            case DisputeAction.APPEAL:
                self._need(DisputePhase.APPEAL, self.level < 2)
                self.level += 1
                self.draws = 0
                self.enter(DisputePhase.SEATING)
            case DisputeAction.ADVANCE:
                self._advance()
            case DisputeAction.CLOSE_REFEREE:
                at = next(i for i, s in enumerate(self.seats) if self._is(s, want))
                if self.phase not in COLD or self.seats[at].is_paid:
                    raise Refused
                right = self.seats[at].vote is RefereeVote.GUILTY
                if right and self.phase is DisputePhase.GUILTY:
                    assert self.slash is SlashState.SPLIT
                self.seats[at] = replace(self.seats[at], is_paid=True)
            case DisputeAction.BOOK_SLASH:
                if self.slash is not SlashState.UNBOOKED:
                    raise Refused
                self.slash, self.slash_ready_s = SlashState.HELD, self.time_s + 172_800
            case DisputeAction.FINALIZE_SLASH:
                if self.slash is not SlashState.HELD or self.time_s < self.slash_ready_s:
                    raise Refused
                self.slash = SlashState.SPLIT
            case other:
                raise AssertionError(other)

    def _is(self, seat: Seat, want: Wanted) -> bool:
        return (seat.level, seat.index) == (want.level, want.index)

    def _need(self, phase: DisputePhase, is_allowed: bool) -> None:
        if self.phase is not phase or not is_allowed or self.time_s > self.deadline_s:
            raise Refused

    def verdict(self) -> RefereeVote:
        votes = [s.vote for s in self.seats if s.level == self.level]
        guilty, clear = votes.count(RefereeVote.GUILTY), votes.count(RefereeVote.CLEAR)
        if guilty == clear:
            return RefereeVote.NONE
        return RefereeVote.GUILTY if guilty > clear else RefereeVote.CLEAR

    def _draw(self) -> None:
        state = self.view().round
        if state is Round.EXPIRED:
            self.enter(DisputePhase.SEATING)
            return
        if state is not Round.READY:
            raise Refused
        self.draws += 1
        self.seats = [seat for seat in self.seats if seat.level != self.level]
        for index in range(3):
            owner = referee(10 * (self.level + 1) + index)
            self.seats.append(Seat(self.level, index, owner, 2, RefereeVote.NONE, False))
        self.enter(DisputePhase.VOTE)

    def _commit(self, actor: Case) -> None:
        place = (self.level, self.draws, actor.owner)
        drawn = any(s.owner == actor.owner and s.level == self.level for s in self.seats)
        self._need(DisputePhase.VOTE, drawn and place not in self.commitments)
        self.commitments[place] = actor.fixed.vote_at(self.level)

    def _reveal(self, actor: Case) -> None:
        place = (self.level, self.draws, actor.owner)
        known = self.commitments.get(place, RefereeVote.NONE)
        self._need(DisputePhase.VOTE_REVEAL, known is not RefereeVote.NONE)
        assert known is actor.fixed.vote_at(self.level), "a vote is revealed as committed"
        for at, seat in enumerate(self.seats):
            if (seat.level, seat.owner) == (self.level, actor.owner):
                self.seats[at] = replace(seat, vote=known)

    def _advance(self) -> None:
        if self.time_s <= self.deadline_s:
            raise Refused
        match self.phase:
            case DisputePhase.TRACE:
                self.enter(DisputePhase.GUILTY)
            case DisputePhase.POINT:
                self.enter(DisputePhase.DROPPED)
            case DisputePhase.VOTE:
                voted = any(place[:2] == (self.level, self.draws) for place in self.commitments)
                self.enter(DisputePhase.VOTE_REVEAL) if voted else self._tally()
            case DisputePhase.VOTE_REVEAL:
                self._tally()
            case DisputePhase.APPEAL:
                ends = {
                    RefereeVote.GUILTY: DisputePhase.GUILTY,
                    RefereeVote.CLEAR: DisputePhase.CLEAR,
                }
                self.enter(ends.get(self.verdict(), DisputePhase.UNDECIDED))
            case _:
                raise Refused

    def _tally(self) -> None:
        opened = [s for s in self.seats if s.level == self.level and s.vote is not RefereeVote.NONE]
        if len(opened) < 2 and self.draws < 2:
            self.enter(DisputePhase.SEATING)
        elif len(opened) >= 2 and self.verdict() is not RefereeVote.NONE:
            self.enter(DisputePhase.APPEAL)
        elif self.level < 2:
            self.level, self.draws = self.level + 1, 0
            self.enter(DisputePhase.SEATING)
        else:
            self.enter(DisputePhase.APPEAL)

    def turn(self, party: Party) -> bool:
        """Let one party do what the rules want of it; False if it waits."""
        if party.is_idle:
            return False
        want = wanted(party.case, self.view(), self.time_s)
        if want is None:
            return False
        if want.action in (DisputeAction.TRACE, DisputeAction.SEEK, DisputeAction.JUDGE):
            party.work(want)
            return True
        said = (want.action, party.case.fixed.vote_at(want.level), want.level, want.index)
        assert party.sent.setdefault(want.key, said) == said, "one key, one transaction"
        if self._is_repeated(party, want):
            return False
        try:
            self.call(party, want)
        except Refused:
            # A race that was lost, or a vote that came too late to be committed: nothing is sent.
            return False
        return True

    def _is_repeated(self, party: Party, want: Wanted) -> bool:
        # The chain does not show commitments; the sender's journal knows that the key was used.
        place = (self.level, self.draws, party.case.owner)
        return want.action is DisputeAction.COMMIT_VOTE and place in self.commitments


def is_finished(court: Court, parties: list[Party]) -> bool:
    """Tell whether the dispute is closed and no active party has anything left to do."""
    active = [party for party in parties if not party.is_idle]
    return court.phase in COLD and all(is_over(p.case, court.view()) for p in active)


def parties_of(challenger: RefereeVote, defendant: RefereeVote) -> list[Party]:
    """Return a challenger, a defendant and all possible referees, who find CLEAR."""
    found = [
        Party(case(Role.CHALLENGER), challenger),
        Party(case(Role.DEFENDANT, fixed=Fixed()), defendant),
    ]
    for level in range(3):
        found += [Party(case(owner=referee(10 * (level + 1) + i))) for i in range(3)]
    return found
