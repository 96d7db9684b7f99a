"""The ranking of candidates for one job, in plain Python: the reference of :mod:`.columns`.

Place: after the facts were gathered, before anybody is asked. Pure; equal input, equal order.
Causes are judged in the order of :class:`.Cause`; the first counts, all are told. Never: a
candidate that is dropped without a cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.matching.candidates import Candidate, Cause, Wanted
from neurovoyance.matching.octaves import coarse_of, steps_of
from neurovoyance.matching.presets import WEIGHTS, Preset

QUEUE_DEPTH = 2
"""Jobs per slot that a provider may promise, as nodes count them."""
_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of candidates with a cause for each that is left out.

    Attributes:
        order: positions of those who fit, best first.
        causes: the cause that counts, by position, for all others.
    """

    candidates: Sequence[Candidate]
    wanted: Wanted
    preset: Preset
    order: tuple[int, ...]
    causes: dict[int, Cause]

    @property
    def ranked(self) -> list[Candidate]:
        """Those who fit, best first."""
        return [self.candidates[position] for position in self.order]

    @property
    def best(self) -> Candidate | None:
        """The first choice, or None if nobody fits."""
        return self.candidates[self.order[0]] if self.order else None

    @property
    def counts(self) -> Counter[Cause]:
        """How many candidates each cause left out."""
        return Counter(self.causes.values())


def causes_of(candidate: Candidate, wanted: Wanted) -> list[Cause]:
    """Return every cause for which a candidate is not for a job, the one that counts first."""
    price_wei = candidate.price_wei(wanted)
    checks = {
        Cause.TRIED: candidate.provider in wanted.avoid,
        Cause.CLASS: wanted.job_class not in candidate.job_classes,
        Cause.DEVICE: bool(wanted.device) and candidate.device != wanted.device,
        Cause.MEMORY: 0 < candidate.memory_bytes < wanted.memory_bytes,
        Cause.TIME: wanted.max_runtime_s > candidate.max_runtime_s,
        Cause.PRICE: price_wei > wanted.max_price_wei,
        Cause.STAKE: candidate.lock_wei(wanted) > candidate.free_stake_wei,
        Cause.BUSY: candidate.occupied >= QUEUE_DEPTH * candidate.slots,
    }
    return [cause for cause in Cause if checks[cause]]


def score_of(candidate: Candidate, wanted: Wanted, preset: Preset) -> int:
    """Return the score of the formula in :mod:`.presets`, in steps; lower is better."""
    weights = WEIGHTS[preset]
    return (
        weights.price * steps_of(candidate.price_wei(wanted))
        + weights.time * coarse_of(candidate.time_ms(wanted))
        + weights.risk * coarse_of(candidate.risk_milli)
    )


def tie_of(candidate: Candidate, seed64: int) -> int:
    """Return the place of a candidate among equals for this seed: another order for every job.

    The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) over both hashes. As in rendezvous
    hashing, each of n equals comes first for one job in n, whoever else is there.
    """
    value = candidate.tie64 ^ seed64
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def rank_plainly(candidates: Sequence[Candidate], wanted: Wanted, preset: Preset) -> Ranking:
    """Return the ranking, candidate by candidate."""
    seed64, is_price_first = wanted.seed64, WEIGHTS[preset].is_price_first
    causes: dict[int, Cause] = {}
    keys: list[tuple[int, int, int, int]] = []
    for position, candidate in enumerate(candidates):
        found = causes_of(candidate, wanted)
        if found:
            causes[position] = found[0]
            continue
        price_wei, score = candidate.price_wei(wanted), score_of(candidate, wanted, preset)
        first, second = (price_wei, score) if is_price_first else (score, price_wei)
        keys.append((first, second, tie_of(candidate, seed64), position))
    order = tuple(key[-1] for key in sorted(keys))
    return Ranking(candidates, wanted, preset, order, causes)
