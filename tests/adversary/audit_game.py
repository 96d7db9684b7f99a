"""What a cheat can expect of one audit, exactly, by walking every way that it can go.

Place: beside the economics tests. One slot is a short game: auditors are drawn one after another,
honest ones find a wrong output with 99 %, colluding ones follow a strategy. The rules are those of
the AuditCourt: one PASS closes a slot unless it is re-audited; after anything else two equal votes
decide, three different ones are INVALID. Every number is a fraction.

Assumptions, all in the cheat's favour unless said: computing honestly would have cost the whole
price; a cheat's outside gain is realised whenever the job settles; stake beyond the lock is lost
only as far as it is free. Against it: an honest auditor that was outvoted challenges, since its own
lock is at stake, and wins unless 22 of the last 43 referees collude; a result that is disputed or
INVALID brings no outside gain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from neurovoyance.protocol.units import BPS
from neurovoyance.tokenomics.audits import Terms, audit_lock_of, pay_of, surcharge_of
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.staking import Stake, slash_timeout

DETECTED = Fraction(99, 100)
RE_AUDITED = Fraction(default_of("reAuditBps"), BPS)
REFEREES_LAST = 43

PASS, FAIL, NON_FINITE = "PFN"
Strategy = Callable[[str], str]
"""What a colluding auditor votes after a history such as ``"FP"``."""


def approve(history: str) -> str:
    """Approve, whatever was voted before."""
    return PASS


def give_up(history: str) -> str:
    """Approve, but join the others once an honest auditor has objected: saves the own lock."""
    return FAIL if FAIL in history else PASS


def split(history: str) -> str:
    """Approve; after an objection drive the slot into INVALID, which slashes nobody."""
    return NON_FINITE if history == FAIL else PASS


def deny(history: str) -> str:
    """Call the output not finite from the first."""
    return NON_FINITE


STRATEGIES: tuple[Strategy, ...] = (approve, give_up, split, deny)


@dataclass(frozen=True)
class Ending:
    """How one slot ended: P, F or N (INVALID); whether an honest auditor had objected; how many
    colluding auditors were outvoted by a conviction."""

    phase: str
    is_objected: bool
    outvoted: int


def _decide(history: str) -> str | None:
    for vote in (PASS, FAIL, NON_FINITE):
        if history.count(vote) > 1:
            return vote
    return NON_FINITE if len(history) > 2 else None


@cache
def slot_endings(strategy: Strategy, colluding: Fraction) -> tuple[tuple[Ending, Fraction], ...]:
    """Return every ending of one slot with its probability; they sum to 1."""
    found: dict[Ending, Fraction] = {}

    def end(phase: str, votes: tuple[tuple[str, bool], ...], chance: Fraction) -> None:
        objected = any(vote == FAIL and not ring for vote, ring in votes)
        outvoted = sum(phase == FAIL and vote != FAIL and ring for vote, ring in votes)
        ending = Ending(phase, objected, outvoted)
        found[ending] = found.get(ending, Fraction(0)) + chance

    def walk(votes: tuple[tuple[str, bool], ...], chance: Fraction) -> None:
        history = "".join(vote for vote, _ in votes)
        phase = _decide(history)
        if phase is not None:
            end(phase, votes, chance)
            return
        honest = 1 - colluding
        nexts = (
            (FAIL, False, honest * DETECTED),
            (PASS, False, honest * (1 - DETECTED)),
            (strategy(history), True, colluding),
        )
        for vote, ring, part in nexts:
            if part == 0:
                continue
            after = (*votes, (vote, ring))
            if not votes and vote == PASS:
                end(PASS, after, chance * part * (1 - RE_AUDITED))
                walk(after, chance * part * RE_AUDITED)
            else:
                walk(after, chance * part)

    walk((), Fraction(1))
    return tuple(found.items())


@cache
def convicted_in_dispute(colluding: Fraction) -> Fraction:
    """Return the chance that the last committee is not led by colluding referees."""
    bad = range(REFEREES_LAST // 2 + 1, REFEREES_LAST + 1)
    n = REFEREES_LAST
    return 1 - sum(
        (comb(n, k) * colluding**k * (1 - colluding) ** (n - k) for k in bad), Fraction(0)
    )


@dataclass(frozen=True)
class Cheat:
    """One attempt to cheat; wei."""

    price_wei: int
    lock_wei: int
    gain_wei: int
    stake: Stake
    slots: int
    colluding: Fraction

    def slash_wei(self) -> int:
        """Lock, and the part of own stake that is free to be taken."""
        return slash_timeout(self.stake, self.lock_wei, full=True)[1]


def expected_wei(cheat: Cheat, terms: Terms, strategy: Strategy) -> Fraction:
    """Return the exact expected profit of provider and colluding auditors together."""
    earned = cheat.price_wei - surcharge_of(cheat.price_wei, terms) + cheat.gain_wei
    drawn = Fraction(terms.p_bps, BPS)
    endings = slot_endings(strategy, cheat.colluding)
    total = (1 - drawn) * earned
    slots = [endings] * cheat.slots
    for combined, chance in _product(slots):
        total += drawn * chance * _value(cheat, combined, earned)
    return total


def _product(
    slots: list[tuple[tuple[Ending, Fraction], ...]],
) -> list[tuple[tuple[Ending, ...], Fraction]]:
    ways: list[tuple[tuple[Ending, ...], Fraction]] = [((), Fraction(1))]
    for endings in slots:
        ways = [((*some, one), p * q) for some, p in ways for one, q in endings]
    return ways


def _value(cheat: Cheat, endings: tuple[Ending, ...], earned: int) -> Fraction:
    phases = {ending.phase for ending in endings}
    auditors_wei = sum(e.outvoted for e in endings) * audit_lock_of(pay_of(cheat.price_wei))
    if FAIL in phases:
        return Fraction(-cheat.slash_wei() - auditors_wei)
    if NON_FINITE in phases:
        return Fraction(0)
    if not any(ending.is_objected for ending in endings):
        return Fraction(earned)
    convicted = convicted_in_dispute(cheat.colluding)
    return -convicted * cheat.slash_wei() + (1 - convicted) * earned
