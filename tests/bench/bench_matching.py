"""Measures how long one job is matched against many standing offers, and against the plain twin.

Run: ``python tests/bench/bench_matching.py [--offers 10000] [--repeats 21] [--json]``.

Offers are made up: prices of three digits, so that ties occur, one model in ten held, a third with
a record. Columns are built once for a set of offers, and ranked once a job; both are told apart.
``ratio`` is plain time over column time of one ranking. Target: 50 ms for 10,000 offers.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.columns import Columns
from neurovoyance.matching.explain import rows, summary
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import rank_plainly
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.job_spec import JobClass

TARGET_MS = 50.0
MODELS = [bytes([n]) * 32 for n in range(40)]
NVY = 10**18


def made(count: int) -> list[Candidate]:
    """Return candidates of many kinds; the same each time."""
    draw = random.Random(5)
    return [
        Candidate(
            provider=f"0x{draw.getrandbits(160):040x}",
            base_price_wei=draw.randrange(100, 1_000) * 10**14,
            per_second_wei=draw.randrange(100, 1_000) * 10**12,
            lock_multiple=20,
            free_stake_wei=draw.randrange(2_000) * NVY,
            memory_bytes=draw.choice([8, 16, 64]) << 30,
            slots=draw.choice([1, 2, 8]),
            occupied=draw.randrange(4),
            held={model: draw.randrange(10, 30_000) for model in draw.sample(MODELS, 4)},
            latency_ms=draw.randrange(5, 400),
            record=Record(draw.randrange(60), draw.randrange(3))
            if draw.random() < 0.3
            else Record(),
        )
        for _ in range(count)
    ]


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Return the median duration of a call in milliseconds."""
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1_000)
    return statistics.median(took)


def measure(offers: int, repeats: int) -> dict[str, object]:
    """Return the figures of all presets."""
    candidates = made(offers)
    job = Wanted(MODELS[0], JobClass.TENSOR, 60, NVY // 10, memory_bytes=10 << 30, seed=b"bench")
    columns = Columns(candidates)
    found: dict[str, object] = {
        "offers": offers,
        "build_ms": round(median_ms(lambda: Columns(candidates), 3), 1),
    }
    for preset in Preset:
        fast, plain = columns.rank(job, preset), rank_plainly(candidates, job, preset)
        assert (fast.order, fast.causes) == (plain.order, plain.causes), "the twins differ"
        fast_ms = median_ms(lambda preset=preset: columns.rank(job, preset), repeats)  # type: ignore[misc]
        plain_ms = median_ms(lambda preset=preset: rank_plainly(candidates, job, preset), 3)  # type: ignore[misc]
        found[preset] = {
            "rank_ms": round(fast_ms, 2),
            "plain_ms": round(plain_ms, 1),
            "ratio": round(plain_ms / fast_ms, 1),
            "table_ms": round(median_ms(lambda fast=fast: rows(fast, 20), 3), 2),  # type: ignore[misc]
            "summary": summary(fast),
            "within_target": fast_ms < TARGET_MS,
        }
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.offers, options.repeats)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
