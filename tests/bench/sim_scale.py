"""Plays one day of a market of many nodes and a million jobs, and prints what one job costs.

Run: ``PYTHONPATH=. python tests/bench/sim_scale.py [--json] [--jobs 1000000] [--plot FILE]``.

Measured, then multiplied: gas of every call, from ``tests/contracts/gas-snapshot.json``; matching,
by ranking a sample of jobs with :class:`neurovoyance.matching.columns.Columns` over all standing
offers of that network (processor time of this machine); bytes of a signed standing offer; index
rows of a job, as counted in the index of a made-up busy market (``ROWS``). Modelled: who hires whom
(clients and models by Zipf's law, four fixed providers a client), how often an offer is renewed,
that every channel used is redeemed and settled once that day in groups of ten, and its rows; no
disputes, no audits, channels opened before that day. Once with the same jobs for every size, once
with jobs that grow with the network. Seeded; only the ranking's time differs between runs.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench_matching import MODELS, NVY, made
from numpy.typing import NDArray
from tests.unit.protocol.made_offers import signed

from neurovoyance.matching.candidates import Wanted
from neurovoyance.matching.columns import Columns
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.job_spec import JobClass

SNAPSHOT = Path(__file__).parents[1] / "contracts" / "gas-snapshot.json"
SEED = 20
CLIENTS_PER_NODE = 10
CLIENTS_EACH = 4
"""Providers that one client stays with over a day: its channels."""
SAMPLE = 40
RENEW_S, DAY_S = 450, 86_400
"""A node renews its standing offer after half of its 900 s."""
ROWS = {"job": 9.1, "channel": 4.0}
"""Rows that one job, and one channel with its redemption and settlement, leave in the index."""


@dataclass(frozen=True, slots=True)
class Gas:
    """Gas of one job by path, from the snapshot."""

    by_job: int
    by_offer: int
    per_voucher: int
    per_channel: int

    @classmethod
    def measured(cls) -> Gas:
        found = json.loads(SNAPSHOT.read_text())
        computed = found["commit"] + found["drawAndReveal"]
        return cls(
            by_job=found["post"] + found["accept"] + computed + found["settle"],
            by_offer=found["open"] + computed + found["settle each of 10"],
            # A voucher is signed off chain; what it costs is its share of one redemption.
            per_voucher=0,
            per_channel=found["channel redeem, more"] + found["channel settle, each of 10 sides"],
        )


def zipf(draw: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """Return ``size`` numbers below ``count``, int64 (size,), the n-th with weight 1/n."""
    weights = np.cumsum(1.0 / np.arange(1, count + 1))
    found: NDArray[np.int64] = np.searchsorted(weights, draw.random(size) * weights[-1])
    return found


def channels_of(nodes: int, jobs: int) -> NDArray[np.int64]:
    """Return the jobs of every channel that was used in a day, int64 (C,), sum ``jobs``."""
    draw = np.random.default_rng(SEED)
    clients = nodes * CLIENTS_PER_NODE
    client = zipf(draw, clients, jobs)
    # A client's few providers are its own, spread over the network by a fixed scramble.
    place = draw.integers(0, CLIENTS_EACH, jobs)
    provider = (client * 2_654_435_761 + place * 40_503) % nodes
    _, counts = np.unique(client * nodes + provider, return_counts=True)
    return counts.astype(np.int64)


def matching_ms(nodes: int) -> tuple[float, float]:
    """Return processor milliseconds of ranking one job, and of building the columns once."""
    candidates = made(nodes)
    begin = time.process_time()
    columns = Columns(candidates)
    built_ms = (time.process_time() - begin) * 1_000
    draw = np.random.default_rng(SEED)
    jobs = [
        Wanted(MODELS[model], JobClass.TENSOR, 60, NVY // 10, memory_bytes=8 << 30, seed=bytes([n]))
        for n, model in enumerate(zipf(draw, len(MODELS), SAMPLE))
    ]
    took = []
    for job in jobs:
        begin = time.process_time()
        columns.rank(job, Preset.CHEAPEST)
        took.append((time.process_time() - begin) * 1_000)
    return float(np.median(took)), built_ms


def day(nodes: int, jobs: int) -> dict[str, float]:
    """Return what one job costs in a network of this size."""
    gas, used = Gas.measured(), channels_of(nodes, jobs)
    rank_ms, build_ms = matching_ms(nodes)
    channels, offer_bytes = len(used), len(signed(1).wire_bytes())
    return {
        "nodes": nodes,
        "jobs": jobs,
        "channels": channels,
        "gas_by_job": gas.by_job,
        "gas_by_offer_bulk": gas.by_offer,
        "gas_by_voucher": round(channels * gas.per_channel / jobs),
        "rank_ms": round(rank_ms, 3),
        "rank_us_per_offer": round(1_000 * rank_ms / nodes, 3),
        "build_ms": round(build_ms, 1),
        "offers_mb": round(nodes * offer_bytes / 1e6, 2),
        "offers_kb_s": round(nodes * offer_bytes / RENEW_S / 1e3, 1),
        "rows_by_job": ROWS["job"],
        "rows_by_voucher": round(channels * ROWS["channel"] / jobs, 3),
    }


def play(sizes: list[int], jobs: int) -> dict[str, list[dict[str, float]]]:
    """Return both tables: jobs per day as they are, and jobs that grow with the network."""
    largest = max(sizes)
    return {
        "same_jobs": [day(nodes, jobs) for nodes in sizes],
        "jobs_grow": [day(nodes, jobs * nodes // largest) for nodes in sizes],
    }


def plot(found: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Draw gas of a job by path, and matching time, over the number of nodes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = {
        "gas_by_job": "listed, job by job",
        "gas_by_offer_bulk": "offer, settled in tens",
        "gas_by_voucher": "vouchers",
    }
    rows = found["jobs_grow"]
    nodes = [row["nodes"] for row in rows]
    for key, label in names.items():
        left.plot(nodes, [row[key] for row in rows], marker="o", label=label)
    left.set(xscale="log", yscale="log", xlabel="nodes", ylabel="gas of one job", ylim=(1, 1e6))
    left.legend(frameon=False)
    right.plot(nodes, [row["rank_ms"] for row in rows], marker="o", color="black")
    right.set(
        xscale="log", xlabel="nodes", ylabel="ranking one job, ms of processor", ylim=(0, None)
    )
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Parse the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--nodes", default="100,1000,10000")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    found = play([int(text) for text in options.nodes.split(",")], options.jobs)
    if options.plot:
        plot(found, options.plot)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, rows in found.items():
        print(name)
        for key in rows[0]:
            print(f"  {key:18}" + "".join(f"{row[key]:>14,}" for row in rows))


if __name__ == "__main__":
    main()
