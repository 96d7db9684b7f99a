"""The ranking of many candidates at once: columns in place of loops.

Place: as :mod:`.ranking`, whose order and causes it gives exactly, checked by a property test.
Build the columns once for a set of candidates and rank any number of jobs with them; where few
candidates change, :meth:`Columns.changed` makes only their rows anew. Never: a rule that the plain
twin does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

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
_CLASSES = tuple(JobClass)
_MODEL_ID = np.dtype("V32")


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _coarse(steps: Ints) -> Ints:
    return steps // COARSE_STEPS * COARSE_STEPS


@dataclass(frozen=True, slots=True)
class _Table:
    """The facts of n candidates; the last axis of every array is theirs.

    Attributes:
        base, per_second, per_unit, min_lock, stake: wei, limbs, int64 (4, n).
        multiple, memory, runtime, slots, occupied, latency: int64 (n,), units as in Candidate.
        ties: uint64 (n,).
        risk: coarse steps, int64 (n,).
        takes: bool (job classes, n).
        devices: text (n,).
    """

    base: Ints
    per_second: Ints
    per_unit: Ints
    min_lock: Ints
    stake: Ints
    multiple: Ints
    memory: Ints
    runtime: Ints
    slots: Ints
    occupied: Ints
    latency: Ints
    ties: NDArray[np.uint64]
    risk: Ints
    takes: NDArray[np.bool_]
    devices: NDArray[np.str_]

    @classmethod
    def of(cls, all_: Sequence[Candidate]) -> _Table:
        """Return the facts of candidates: what costs the time of building columns."""
        return cls(
            base=wide_of([one.base_price_wei for one in all_]),
            per_second=wide_of([one.per_second_wei for one in all_]),
            per_unit=wide_of([one.per_unit_wei for one in all_]),
            min_lock=wide_of([one.min_lock_wei for one in all_]),
            stake=wide_of([one.free_stake_wei for one in all_]),
            multiple=_ints([one.lock_multiple for one in all_]),
            memory=_ints([one.memory_bytes for one in all_]),
            runtime=_ints([one.max_runtime_s for one in all_]),
            slots=_ints([one.slots for one in all_]),
            occupied=_ints([one.occupied for one in all_]),
            latency=_ints([one.latency_ms for one in all_]),
            ties=np.array([one.tie64 for one in all_], dtype=np.uint64),
            risk=_coarse(steps_of_ints(_ints([one.risk_milli for one in all_]))),
            takes=np.array(
                [[kind in one.job_classes for one in all_] for kind in JobClass], dtype=np.bool_
            ),
            devices=np.array([one.device for one in all_], dtype=np.str_),
        )

    def joined(self, more: _Table, source: Ints) -> _Table:
        """Return the rows ``source`` of this table followed by another."""
        pairs = ((getattr(self, item.name), getattr(more, item.name)) for item in fields(self))
        return _Table(*(np.concatenate(pair, axis=-1)[..., source] for pair in pairs))


@dataclass(frozen=True, slots=True)
class _Holdings:
    """Which candidate holds which model: position, id (32 bytes) and load time of each holding."""

    by: Ints
    models: NDArray[np.void]
    load_ms: Ints

    @classmethod
    def of(cls, all_: Sequence[Candidate]) -> _Holdings:
        """Return the holdings of candidates."""
        found = [(n, *item) for n, one in enumerate(all_) for item in one.held.items()]
        if any(len(item[1]) != _MODEL_ID.itemsize for item in found):
            raise ValueError("held: model ids must have 32 bytes")
        ids = b"".join(item[1] for item in found)
        return cls(
            _ints([item[0] for item in found]),
            np.frombuffer(ids, dtype=_MODEL_ID),
            _ints([item[2] for item in found]),
        )

    def joined(self, more: _Holdings, source: Ints, count: int) -> _Holdings:
        """Return the holdings of rows ``source`` of ``count`` candidates followed by others."""
        place = np.full(count + len(source), -1, dtype=np.int64)
        place[source] = np.arange(len(source))
        by = place[np.concatenate([self.by, more.by + count])]
        stays = by >= 0
        return _Holdings(
            by[stays],
            np.concatenate([self.models, more.models])[stays],
            np.concatenate([self.load_ms, more.load_ms])[stays],
        )


class Columns:
    """A set of candidates, ready to be ranked for any job; never changed, so any thread may."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        self._of = _Table.of(self.candidates)
        self._held = _Holdings.of(self.candidates)

    def changed(
        self, changes: Mapping[int, Candidate | None], added: Sequence[Candidate] = ()
    ) -> Columns:
        """Return columns with another candidate, or none, at some positions, and more at the end.

        Rows are made for what changed alone; those of all others are copied.
        """
        new = Columns([*(one for one in changes.values() if one is not None), *added])
        count = len(self.candidates)
        source, row = list(range(count)), count
        for position, one in changes.items():
            if one is not None:
                source[position], row = row, row + 1
        gone = {position for position, one in changes.items() if one is None}
        source = [place for n, place in enumerate(source) if n not in gone]
        source.extend(range(row, count + len(new.candidates)))
        rows = _ints(source)
        whole, made = self.candidates + new.candidates, Columns.__new__(Columns)
        made.candidates = tuple(whole[place] for place in source)
        made._of = self._of.joined(new._of, rows)
        made._held = self._held.joined(new._held, rows, count)
        return made

    def rank(self, wanted: Wanted, preset: Preset) -> Ranking:
        """Return the ranking for a job."""
        if not self.candidates:
            return Ranking((), wanted, preset, (), {})
        price = plus(
            self._of.base,
            times(self._of.per_second, wanted.max_runtime_s),
            times(self._of.per_unit, wanted.units),
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
        of = self._of
        lock = largest(times(price, of.multiple), of.min_lock)
        lock = largest(lock, wide_of([wanted.min_lock_wei]))
        nobody = np.zeros(len(self.candidates), dtype=np.bool_)
        tried = nobody
        if wanted.avoid:
            tried = np.array([one.provider in wanted.avoid for one in self.candidates])
        checks = {
            Cause.TRIED: tried,
            Cause.CLASS: ~of.takes[_CLASSES.index(wanted.job_class)],
            Cause.DEVICE: of.devices != wanted.device if wanted.device else nobody,
            Cause.MEMORY: (of.memory > 0) & (of.memory < wanted.memory_bytes),
            Cause.TIME: of.runtime < wanted.max_runtime_s,
            Cause.PRICE: exceeds(price, wide_of([wanted.max_price_wei])),
            Cause.STAKE: exceeds(lock, of.stake),
            Cause.BUSY: of.occupied >= QUEUE_DEPTH * of.slots,
        }
        return np.stack([checks[cause] for cause in _CAUSES])

    def _order(self, wanted: Wanted, preset: Preset, price: Ints, fits: Ints) -> Ints:
        weights, of, held = WEIGHTS[preset], self._of, self._held
        load = np.full(len(self.candidates), wanted.fetch_ms, dtype=np.int64)
        mine = held.models == np.frombuffer(wanted.model_id, dtype=_MODEL_ID)
        load[held.by[mine]] = held.load_ms[mine]
        queue = of.occupied * (wanted.max_runtime_s * 500) // of.slots
        time = steps_of_ints((FELT_MS + of.latency + queue + load)[fits])
        score = weights.time * _coarse(time)
        score += weights.price * steps_of_wide(price) + weights.risk * of.risk[fits]
        prices = list(price)
        tie = _ties(of.ties[fits], wanted.seed64)
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
