"""The rules by which referees decide, in Python, and exact chances of a wrong verdict.

Place: under ``test_courts`` and ``report``; the twin of ``DisputeDraw`` and of the tally in
``DisputeCommittee``, without phases and money. Seats are drawn by the protocol's own hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from neurovoyance.protocol.audit import RefereeVote, referee_index
from neurovoyance.protocol.ids import hash_abi

LEVELS = (7, 21, 43)
ATTEMPTS_PER_SEAT = 4
ATTEMPTS_MIN = 96

CLEAR, GUILTY, ABSTAIN = RefereeVote.CLEAR, RefereeVote.GUILTY, RefereeVote.ABSTAIN


@dataclass(frozen=True)
class Pool:
    """Seats of a pool; seat i is ``owners[i]``'s. The first ``bribed`` owners vote for money."""

    owners: tuple[int, ...]
    bribed: int

    @classmethod
    def of(cls, owners: int, seats_each: int, share: Fraction) -> Pool:
        """Return a pool of equal owners, of whom a share is bribed."""
        listed = tuple(owner for owner in range(owners) for _ in range(seats_each))
        return cls(listed, int(owners * share))

    def is_bribed(self, owner: int) -> bool:
        return owner < self.bribed


def majority_wrong(seats: int, share: Fraction) -> Fraction:
    """Return the exact chance that more than half of the drawn seats are bribed; seats can be
    drawn twice."""
    wrong = range(seats // 2 + 1, seats + 1)
    return sum((comb(seats, k) * share**k * (1 - share) ** (seats - k) for k in wrong), Fraction(0))


def majority_wrong_without_return(seats: int, of: int, bribed: int) -> Fraction:
    """Return the same chance if no seat could be drawn twice: smaller."""
    ways = sum(
        comb(bribed, k) * comb(of - bribed, seats - k) for k in range(seats // 2 + 1, seats + 1)
    )
    return Fraction(ways, comb(of, seats))


def draw(
    pool: Pool, beacon: bytes, dispute_id: int, level: int, parties: Sequence[int]
) -> list[int]:
    """Return the owners of the drawn seats, one entry a vote."""
    wanted, found = LEVELS[level], list[int]()
    for attempt in range(max(ATTEMPTS_MIN, wanted * ATTEMPTS_PER_SEAT)):
        if len(found) == wanted:
            break
        at = referee_index(beacon, dispute_id, level, attempt, len(pool.owners))
        if pool.owners[at] not in parties:
            found.append(pool.owners[at])
    return found


def tally(votes: Sequence[RefereeVote]) -> RefereeVote:
    """Return the verdict of a sitting; NONE goes to the next level."""
    guilty = sum(vote in (GUILTY, RefereeVote.UNAVAILABLE) for vote in votes)
    clear, abstain = votes.count(CLEAR), votes.count(ABSTAIN)
    if guilty == clear or abstain * 2 > len(votes):
        return RefereeVote.NONE
    return GUILTY if guilty > clear else CLEAR


@dataclass(frozen=True)
class Course:
    """How one dispute went: the verdict of every level that sat, the last of them final."""

    verdicts: tuple[RefereeVote, ...]

    @property
    def final(self) -> RefereeVote:
        return self.verdicts[-1]


def dispute(
    pool: Pool, number: int, *, truth: RefereeVote, bribe: RefereeVote, parties: Sequence[int] = ()
) -> Course:
    """Hold one dispute. Honest referees find the truth; bribed ones vote ``bribe``.

    Whoever lost by a verdict against the truth appeals; whoever lost rightly does not, since the
    doubled bond would be lost as well.
    """
    verdicts: list[RefereeVote] = []
    for level in range(len(LEVELS)):
        beacon = hash_abi(["string", "uint256", "uint256"], ["beacon", number, level])
        seats = draw(pool, beacon, number, level, parties)
        verdict = tally([bribe if pool.is_bribed(owner) else truth for owner in seats])
        verdicts.append(verdict)
        if verdict is truth:
            break
    return Course(tuple(verdicts))


def dispute_to_the_end(
    pool: Pool, number: int, *, truth: RefereeVote, bribe: RefereeVote
) -> Course:
    """Hold one dispute whose losing cheat appeals every time: only the last level counts."""
    verdicts: list[RefereeVote] = []
    for level in range(len(LEVELS)):
        beacon = hash_abi(["string", "uint256", "uint256"], ["beacon", number, level])
        seats = draw(pool, beacon, number, level, ())
        verdicts.append(tally([bribe if pool.is_bribed(owner) else truth for owner in seats]))
    return Course(tuple(verdicts))
