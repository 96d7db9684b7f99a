"""A ranking in words: counts per cause, and for every candidate why it is where it is.

Place: last step before people read; the command line and services print what this returns. Never:
a decision, or a word that the numbers do not say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from neurovoyance.matching.candidates import Candidate, Cause, Wanted
from neurovoyance.matching.independence import Replicas
from neurovoyance.matching.presets import WEIGHTS
from neurovoyance.matching.ranking import QUEUE_DEPTH, Ranking, causes_of, score_of
from neurovoyance.matching.reliability import PPM
from neurovoyance.protocol.units import format_nvy


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate as a line of a table.

    Attributes:
        rank: from 1; 0 for those left out.
        lower_ppm: lower credible bound of reliability.
        reasons: in words; for those left out every cause, the one that counts first.
    """

    rank: int
    provider: str
    endpoint: str
    price_wei: int
    time_ms: int
    lower_ppm: int
    occupied: int
    slots: int
    score: int
    reasons: tuple[str, ...]
    cause: Cause | None = None


def counted(fit: int, counts: Mapping[Cause, int] | Counter[Cause]) -> str:
    """Return how many fit and how many each cause left out, most frequent first.

    >>> counted(0, {Cause.MEMORY: 5, Cause.PRICE: 9})
    '0 of 14: 9 price, 5 memory'
    """
    causes = sorted(counts.items(), key=lambda item: (-item[1], list(Cause).index(item[0])))
    line = f"{fit} of {fit + sum(counts.values())}"
    words = ", ".join(f"{count} {cause.value}" for cause, count in causes)
    return f"{line}: {words}" if words else line


def summary(ranking: Ranking) -> str:
    """Return one line such as ``3 of 14: 9 price, 2 memory``."""
    return counted(len(ranking.order), ranking.counts)


def rows(ranking: Ranking, limit: int = 100) -> list[Row]:
    """Return the ranking as lines, those who fit first, then those left out."""
    out = [n for n in range(len(ranking.candidates)) if n in ranking.causes]
    places = [(rank, n) for rank, n in enumerate(ranking.order, 1)] + [(0, n) for n in out]
    return [_row(ranking, rank, position) for rank, position in places[:limit]]


def _row(ranking: Ranking, rank: int, position: int) -> Row:
    one, wanted = ranking.candidates[position], ranking.wanted
    return Row(
        rank=rank,
        provider=one.provider,
        endpoint=one.endpoint,
        price_wei=one.price_wei(wanted),
        time_ms=one.time_ms(wanted),
        lower_ppm=one.record.lower_ppm,
        occupied=one.occupied,
        slots=one.slots,
        score=score_of(one, wanted, ranking.preset),
        reasons=tuple(why(ranking, position)),
        cause=ranking.causes.get(position),
    )


def why(ranking: Ranking, position: int) -> list[str]:
    """Return why a candidate stands where it stands, a clause each."""
    one, wanted = ranking.candidates[position], ranking.wanted
    if position in ranking.causes:
        return [refusal(cause, one, wanted) for cause in causes_of(one, wanted)]
    place = ranking.order.index(position)
    clauses = [_against_next(ranking, place)] if place == 0 else [_against_best(ranking, position)]
    return [*clauses, _model(one, wanted), _record(one), _load(one)]


def refusal(cause: Cause, one: Candidate, wanted: Wanted) -> str:
    """Return a cause as a clause with its numbers."""
    price, lock = format_nvy(one.price_wei(wanted)), format_nvy(one.lock_wei(wanted))
    words = {
        Cause.TRIED: "failed this job before",
        Cause.CLASS: f"takes no {wanted.job_class.name} jobs",
        Cause.DEVICE: f"computes on {one.device}, not on {wanted.device}",
        Cause.MEMORY: f"has {one.memory_bytes:,} B of memory, {wanted.memory_bytes:,} B are needed",
        Cause.TIME: f"takes jobs of {one.max_runtime_s:,} s, this one may take "
        f"{wanted.max_runtime_s:,} s",
        Cause.PRICE: f"asks {price} NVY, at most {format_nvy(wanted.max_price_wei)} NVY is paid",
        Cause.STAKE: f"needs {lock} NVY of stake behind the job, "
        f"{format_nvy(one.free_stake_wei)} NVY is free",
        Cause.BUSY: f"has {one.occupied} jobs on {one.slots} slots; {QUEUE_DEPTH} a slot is most",
    }
    return words[cause]


def passed_over(ranking: Ranking, replicas: Replicas) -> dict[int, str]:
    """Return in words why ranked candidates are no replica, by position."""
    chosen = [ranking.candidates[position].provider for position in replicas.positions]
    return {
        item.position: f"shares its {item.what} with {chosen[item.replica - 1]}"
        for item in replicas.passed
    }


def _against_next(ranking: Ranking, place: int) -> str:
    if place + 1 == len(ranking.order):
        return "the only one that fits"
    position, other = ranking.order[place], ranking.order[place + 1]
    return f"first for {ranking.preset}: {_decided(ranking, position, other)}"


def _against_best(ranking: Ranking, position: int) -> str:
    return f"behind the first: {_decided(ranking, ranking.order[0], position)}"


def _decided(ranking: Ranking, better: int, worse: int) -> str:
    """Return what put one candidate before another: the price, the score, or the draw."""
    wanted, preset = ranking.wanted, ranking.preset
    a, b = ranking.candidates[better], ranking.candidates[worse]
    prices = (a.price_wei(wanted), b.price_wei(wanted))
    scores = (score_of(a, wanted, preset), score_of(b, wanted, preset))
    if prices[0] == prices[1] and scores[0] == scores[1]:
        return "equal otherwise, drawn by the job"
    cheaper = f"{format_nvy(abs(prices[1] - prices[0]))} NVY cheaper"
    if prices[0] != prices[1] and WEIGHTS[preset].is_price_first:
        return cheaper
    if scores[0] == scores[1]:
        return f"equal in score, {cheaper}"
    return f"score {scores[0]:,} against {scores[1]:,}"


def _model(one: Candidate, wanted: Wanted) -> str:
    load_ms = one.held.get(wanted.model_id)
    if load_ms is None:
        return "has to fetch the model"
    return f"holds the model, loads it in {load_ms:,} ms"


def _record(one: Candidate) -> str:
    record = one.record
    if not record.ok + record.faults:
        return "no record yet"
    clauses = [f"{record.ok} of {record.ok + record.failed} jobs delivered"]
    if record.missed:
        clauses.append(
            f"{record.missed} {'deadline' if record.missed == 1 else 'deadlines'} missed"
        )
    if record.slashed:
        clauses.append(f"slashed {'once' if record.slashed == 1 else f'{record.slashed} times'}")
    sure = record.lower_ppm * 100 // PPM
    return ", ".join([*clauses, f"at least {sure} % with 95 % confidence"])


def _load(one: Candidate) -> str:
    free = max(0, one.slots - one.occupied)
    return f"{free} of {one.slots} slots free"
