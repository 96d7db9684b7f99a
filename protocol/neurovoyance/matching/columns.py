"""The ranking of many candidates at once: columns in place of loops.

Place: as :mod:`.ranking`, whose order and causes it gives exactly, checked by a property test.
Build the columns once for a set of candidates and rank any number of jobs with them. Never: a rule
that the plain twin does not have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurovoyance.matching.candidates import FELT_MS, Candidate, Cause, Wanted
from neurovoyance.matching.octaves import COARSE_STEPS
from neurovoyance.matching.presets import WEIGHTS, Preset
from neurovoyance.matching.ranking import QUEUE_DEPTH, Ranking, rank_plainly
from neurovoyance.matching.wide import (
    Ints,
    exceeds,
    largest,
    plus,
    steps_of_ints,
    steps_of_wide,
    times,
    wide_of,
)
from neurovoyance.protocol.job_spec import JobClass

PLAIN_BELOW = 64
_CAUSES = tuple(Cause)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


class Columns:
    """A set of candidates, ready to be ranked for any job."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        all_ = self.candidates
        self._base = wide_of([one.base_price_wei for one in all_])
        self._per_second = wide_of([one.per_second_wei for one in all_])
        self._per_unit = wide_of([one.per_unit_wei for one in all_])
        self._multiple = _ints([one.lock_multiple for one in all_])
        self._min_lock = wide_of([one.min_lock_wei for one in all_])
        self._stake = wide_of([one.free_stake_wei for one in all_])
        self._memory = _ints([one.memory_bytes for one in all_])
        self._runtime = _ints([one.max_runtime_s for one in all_])
        self._slots = _ints([one.slots for one in all_])
        self._occupied = _ints([one.occupied for one in all_])
        self._latency = _ints([one.latency_ms for one in all_])
        self._ties = np.array([one.tie64 for one in all_], dtype=np.uint64)
        risk = steps_of_ints(_ints([one.risk_milli for one in all_]))
        self._risk = risk // COARSE_STEPS * COARSE_STEPS
        self._takes = {
            kind: np.array([kind in one.job_classes for one in all_], dtype=np.bool_)
            for kind in JobClass
        }
        self._devices = np.array([one.device for one in all_])
        self._held = self._holders()

    def _holders(self) -> dict[bytes, tuple[Ints, Ints]]:
        """Return who holds each model, and the load times."""
        found: dict[bytes, list[tuple[int, int]]] = {}
        for position, one in enumerate(self.candidates):
            for model_id, load_ms in one.held.items():
                found.setdefault(model_id, []).append((position, load_ms))
        return {
            model_id: (_ints([item[0] for item in items]), _ints([item[1] for item in items]))
            for model_id, items in found.items()
        }

    def rank(self, wanted: Wanted, preset: Preset) -> Ranking:
        """Return the ranking for a job."""
        if not self.candidates:
            return Ranking((), wanted, preset, (), {})
        price = plus(
            self._base,
            times(self._per_second, wanted.max_runtime_s),
            times(self._per_unit, wanted.units),
        )
        found = self._causes(wanted, price)
        is_out = found.any(axis=0)
        fits = np.flatnonzero(~is_out)
        out = np.flatnonzero(is_out)
        first = found[:, out].argmax(axis=0)
        causes = {int(n): _CAUSES[c] for n, c in zip(out.tolist(), first.tolist(), strict=True)}
        order = self._order(wanted, preset, price[:, fits], fits)
        return Ranking(self.candidates, wanted, preset, tuple(order.tolist()), causes)

    def _causes(self, wanted: Wanted, price: Ints) -> NDArray[np.bool_]:
        """Return which cause holds for whom, bool (causes, n)."""
        lock = largest(times(price, self._multiple), self._min_lock)
        lock = largest(lock, wide_of([wanted.min_lock_wei]))
        nobody = np.zeros(len(self.candidates), dtype=np.bool_)
        tried = nobody
        if wanted.avoid:
            tried = np.array([one.provider in wanted.avoid for one in self.candidates])
        checks = {
            Cause.TRIED: tried,
            Cause.CLASS: ~self._takes[wanted.job_class],
            Cause.DEVICE: self._devices != wanted.device if wanted.device else nobody,
            Cause.MEMORY: (self._memory > 0) & (self._memory < wanted.memory_bytes),
            Cause.TIME: self._runtime < wanted.max_runtime_s,
            Cause.PRICE: exceeds(price, wide_of([wanted.max_price_wei])),
            Cause.STAKE: exceeds(lock, self._stake),
            Cause.BUSY: self._occupied >= QUEUE_DEPTH * self._slots,
        }
        return np.stack([checks[cause] for cause in _CAUSES])

    def _order(self, wanted: Wanted, preset: Preset, price: Ints, fits: Ints) -> Ints:
        weights = WEIGHTS[preset]
        load = np.full(len(self.candidates), wanted.fetch_ms, dtype=np.int64)
        if wanted.model_id in self._held:
            holders, load_ms = self._held[wanted.model_id]
            load[holders] = load_ms
        queue = self._occupied * (wanted.max_runtime_s * 500) // self._slots
        time = steps_of_ints((FELT_MS + self._latency + queue + load)[fits])
        score = weights.time * (time // COARSE_STEPS * COARSE_STEPS)
        score += weights.price * steps_of_wide(price) + weights.risk * self._risk[fits]
        prices = list(price)
        tie = _ties(self._ties[fits], wanted.seed64)
        # The last key of lexsort counts first; limbs go from low to high.
        keys = [score, *prices] if weights.is_price_first else [*prices, score]
        return fits[np.lexsort([fits, tie, *keys])]


def rank(candidates: Sequence[Candidate], wanted: Wanted, preset: Preset) -> Ranking:
    """Return the ranking of a set of candidates that is used once."""
    if len(candidates) < PLAIN_BELOW:
        return rank_plainly(candidates, wanted, preset)
    return Columns(candidates).rank(wanted, preset)


def _ties(hashes: NDArray[np.uint64], seed64: int) -> NDArray[np.uint64]:
    """Return :func:`.ranking.tie_of` of every hash."""
    value = hashes ^ np.uint64(seed64)
    value = (value ^ value >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ value >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return value ^ value >> np.uint64(31)
