"""Measures what tasks cost: small jobs by voucher through one node, against the bare runtime.

Run: ``python tests/bench/bench_tasks.py [--json] [--tasks 1000] [--rounds 3] [--rows 4]``.

Both compute the same inputs of the same model in the same confined runtime, in a warm child, one
after the other. The bare side is a loop over ``LocalPool.execute`` in this process, input files
written before the clock starts. The market's side is ``client.tasks.run`` against a node process:
signing, sending, executing, hashing, the commitment, the download, every check, the voucher. Rounds
alternate; ``ratio`` is bare seconds over market seconds, the median of the rounds. Target: 0.9.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from safetensors.numpy import save
from tests.bench.bench_market import inputs_of, write_model

from neurovoyance.chain.channels import AllotmentTerms
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.farm.pool import Order
from neurovoyance.node.runtime.base import Profile
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.resources import limits_for, measure
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.protocol.units import nvy

TARGET_RATIO = 0.9
OUTPUT_BYTES = 256 << 20


class Bare:
    """The runtime without a market around it."""

    def __init__(self, runtime: OnnxRuntime, model_path: Path, folder: Path) -> None:
        self._model_path, self._folder = model_path, folder
        self._pool = LocalPool(runtime, self._limits)
        self._runs = 0

    def _limits(self, wall_time_s: int) -> Any:
        return limits_for(
            measure(self._folder),
            max_runtime_s=wall_time_s,
            memory_bytes=None,
            output_bytes=OUTPUT_BYTES,
            threads=1,
        )

    async def seconds(self, arrays: list[dict[str, Any]]) -> float:
        """Return how long the executions took."""
        paths = []
        for number, given in enumerate(arrays):
            paths.append(self._folder / f"{number}.safetensors")
            paths[-1].write_bytes(save(given))
        started_s = time.perf_counter()
        for path in paths:
            self._runs += 1
            output = self._folder / f"{self._runs}.nvyt"
            await self._pool.execute(
                Order(
                    execution_id=output.stem,
                    model_path=self._model_path,
                    input_path=path,
                    output_path=output,
                    output_names=("y",),
                    profile=Profile.C1,
                    wall_time_s=2,
                    left_s=2.0,
                )
            )
        return time.perf_counter() - started_s


async def market_seconds(
    client: AsyncClient, model: PublishedModel, arrays: list[dict[str, Any]]
) -> tuple[float, int]:
    """Return how long a run took from the first question to the last voucher, and its batches."""
    started_s = time.perf_counter()
    found = await client.tasks.run(model, arrays)
    seconds = time.perf_counter() - started_s
    if not found.is_complete or not found.is_handed_over:
        raise RuntimeError(f"not every task was delivered: {found.why}")
    return seconds, len(found.batches)


async def measured(tasks: int, rounds: int, rows: int) -> dict[str, Any]:
    """Run all rounds on one private network with one node."""
    bare_s, market_s, batches = [], [], 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "stack.onnx"
        write_model(path)
        (folder / "bare").mkdir()
        network = LocalNetwork(
            folder / "home",
            node_count=1,
            audits=AuditSettings.local(),
            has_economy=True,
            collects=False,
        )
        warm = WarmPolicy(folder=folder / "bare")
        async with (
            network,
            await open_from_profile(folder / "home") as client,
            OnnxRuntime(warm=warm) as runtime,
        ):
            payee = network.nodes[0].owner.address
            await client.channels.open([AllotmentTerms(payee, nvy("100"), 20)])
            model = await client.publish(path)
            bare = Bare(runtime, path, folder / "bare")
            for number in range(rounds + 1):
                count = tasks if number else 10  # the first round warms both
                arrays = [{"x": inputs_of(number * tasks + i, rows)} for i in range(count)]
                bare_took_s = await bare.seconds(arrays)
                market_took_s, batches = await market_seconds(client, model, arrays)
                if number:
                    bare_s.append(bare_took_s)
                    market_s.append(market_took_s)
    ratios = [bare / market for bare, market in zip(bare_s, market_s, strict=True)]
    return {
        "tasks": tasks,
        "rows": rows,
        "batches": batches,
        "bare_seconds": [round(value, 2) for value in bare_s],
        "market_seconds": [round(value, 2) for value in market_s],
        "bare_ms_per_task": round(statistics.median(bare_s) / tasks * 1_000, 2),
        "market_ms_per_task": round(statistics.median(market_s) / tasks * 1_000, 2),
        "ratios": [round(value, 3) for value in ratios],
        "ratio": round(statistics.median(ratios), 3),
        "target": TARGET_RATIO,
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=4)
    options = parser.parse_args()
    found = asyncio.run(measured(options.tasks, options.rounds, options.rows))
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['tasks']} tasks of {found['rows']} rows, in {found['batches']} batches")
    print(f"  bare runtime        {found['bare_ms_per_task']:>8.2f} ms a task")
    print(f"  through the market  {found['market_ms_per_task']:>8.2f} ms a task")
    verdict = "met" if found["ratio"] >= found["target"] else "missed"
    print(f"  ratio               {found['ratio']:>8.3f}   {found['target']} {verdict}")


if __name__ == "__main__":
    main()
