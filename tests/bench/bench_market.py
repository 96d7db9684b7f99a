"""Measures what the market costs: a long batch against plain ONNX Runtime, and small jobs by phase.

Run: ``python tests/bench/bench_market.py [--json] [--jobs 8] [--job-seconds 15] [--small 20]``.

(a) A batch of inputs, cut into jobs for one node, hired by offer so that the next job waits while
one computes, against the same inputs in a plain script with the same engine settings (optimisation
off, one thread: profile C1). Both are warm: the node holds the model and has run it, the script has
made its session and run once. The script runs before and after the market in the same process
order; its time is the median. ``ratio`` is plain seconds over market seconds, from the first
question for a price to the last result checked on the client's disk. Target: 0.95.

(b) Small jobs one after the other, split by phase: hire (price, deposit, posting), work (node sees
it, runs it, commits), draw and reveal, check (download, decrypt, compare), settle. p50 and p95.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import NotHired
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.phases import Phase, PhaseUpdate

WIDTH, LAYERS, REPEATS, OUTPUTS = 384, 48, 8, 16
TARGET_RATIO = 0.95
PHASES = ("hire", "work", "draw and reveal", "check", "settle", "total")


def write_model(path: Path) -> None:
    """Write a deep stack of MatMul and Tanh, (batch, 384) -> (batch, 16), with fixed weights.

    Every weight is used eight times, so that, as in real models, an input costs much computing
    and little moving: about 57 million multiplications for 1.5 kB.
    """
    random = np.random.default_rng(7)
    shapes = [(WIDTH, WIDTH)] * LAYERS + [(WIDTH, OUTPUTS)]
    weights = [
        numpy_helper.from_array(random.normal(0, WIDTH**-0.5, shape).astype(np.float32), f"w{n}")
        for n, shape in enumerate(shapes)
    ]
    nodes, last = [], "x"
    for step in range(LAYERS * REPEATS):
        nodes.append(helper.make_node("MatMul", [last, f"w{step % LAYERS}"], [f"m{step}"]))
        nodes.append(helper.make_node("Tanh", [f"m{step}"], [f"t{step}"]))
        last = f"t{step}"
    nodes.append(helper.make_node("MatMul", [last, f"w{LAYERS}"], ["y"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", WIDTH])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", OUTPUTS])
    graph = helper.make_graph(nodes, "stack", [x], [y], weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)


def inputs_of(seed: int, rows: int) -> np.ndarray[Any, Any]:
    """Return one job's input, float32 (rows, 384)."""
    return np.random.default_rng(seed).normal(size=(rows, WIDTH)).astype(np.float32)


def plain(path: Path, rows: int, jobs: int) -> list[float]:
    """Run the inputs in this process with the settings of profile C1; return seconds of each."""
    # The engine's official builds send usage reports; this must be set before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    session.run(None, {"x": inputs_of(0, 64)})
    seconds = []
    for job in range(jobs):
        x = inputs_of(job, rows)
        started_s = time.perf_counter()
        session.run(None, {"x": x})
        seconds.append(time.perf_counter() - started_s)
    return seconds


def plain_in_a_process(path: Path, rows: int, jobs: int) -> list[float]:
    """Run :func:`plain` in a fresh process, as a script would."""
    command = [sys.executable, __file__, "--plain", str(path), str(rows), str(jobs)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(value) for value in json.loads(found.stdout)]


def calibrated_rows(path: Path, job_seconds: float) -> int:
    """Return the number of rows that take about ``job_seconds`` here."""
    probe = 1_000
    return max(1, int(probe * job_seconds / statistics.median(plain_in_a_process(path, probe, 3))))


async def long_batch(
    client: AsyncClient, model: PublishedModel, path: Path, jobs: int, job_seconds: float
) -> dict[str, Any]:
    """Measure part (a)."""
    rows = calibrated_rows(path, job_seconds)
    max_runtime_s = int(job_seconds * 6) + 60
    warm = await client.submit(model, {"x": inputs_of(99, 64)}, max_runtime_s=max_runtime_s)
    await warm.wait()
    before = await asyncio.to_thread(plain_in_a_process, path, rows, 2)
    arrays = [inputs_of(job, rows) for job in range(jobs)]
    started_s = time.perf_counter()
    waiting = []
    for x in arrays:
        while True:
            try:
                job = await client.submit(model, {"x": x}, max_runtime_s=max_runtime_s)
                break
            except NotHired:
                # The node has one job in work and one waiting; ask again when it has room.
                await asyncio.sleep(0.25)
        waiting.append(asyncio.create_task(job.wait()))
    receipts = await asyncio.gather(*waiting)
    market_s = time.perf_counter() - started_s
    after = await asyncio.to_thread(plain_in_a_process, path, rows, 2)
    plain_s = jobs * statistics.median([*before, *after])
    return {
        "jobs": jobs,
        "rows_per_job": rows,
        "plain_seconds": round(plain_s, 2),
        "plain_seconds_of_each": [round(value, 2) for value in [*before, *after]],
        "market_seconds": round(market_s, 2),
        "overhead_seconds": round(market_s - plain_s, 2),
        "load_average": round(os.getloadavg()[0], 1),
        "ratio": round(plain_s / market_s, 3),
        "target": TARGET_RATIO,
        "settled": sum(receipt["state"] == "Settled" for receipt in receipts),
    }


async def small_jobs(client: AsyncClient, model: PublishedModel, count: int) -> dict[str, Any]:
    """Measure part (b)."""
    samples: dict[str, list[float]] = {name: [] for name in PHASES}
    for number in range(count + 1):
        marks: dict[Phase, float] = {}

        def mark(update: PhaseUpdate, marks: dict[Phase, float] = marks) -> None:
            marks.setdefault(update.phase, time.perf_counter())

        started_s = time.perf_counter()
        job = await client.submit(model, {"x": inputs_of(number, 4)})
        hired_s = time.perf_counter()
        await job.wait(mark)
        if number == 0:
            continue  # the first one warms the node
        committed_s = marks.get(Phase.COMMITTED, hired_s)
        ends = [hired_s, committed_s, marks[Phase.REVEALED], marks[Phase.CHECKED]]
        ends.append(marks[Phase.SETTLED])
        last_s = started_s
        for name, end_s in zip(PHASES[:-1], ends, strict=True):
            samples[name].append(end_s - last_s)
            last_s = end_s
        samples["total"].append(last_s - started_s)
    return {
        name: {
            "p50": round(statistics.median(values), 3),
            "p95": round(sorted(values)[max(0, int(len(values) * 0.95 + 0.5) - 1)], 3),
        }
        for name, values in samples.items()
    }


async def measure(jobs: int, job_seconds: float, small: int) -> dict[str, Any]:
    """Run both parts on one private network with one node."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "stack.onnx"
        write_model(path)
        async with LocalNetwork(home, node_count=1), await open_from_profile(home) as client:
            model = await client.publish(path)
            found: dict[str, Any] = {}
            if small:
                found["small_jobs_seconds"] = await small_jobs(client, model, small)
            if jobs:
                found["long_batch"] = await long_batch(client, model, path, jobs, job_seconds)
            return found


def print_readable(found: dict[str, Any]) -> None:
    """Print the figures for people."""
    if small := found.get("small_jobs_seconds"):
        print("Small jobs, seconds by phase      p50      p95")
        for name, values in small.items():
            print(f"  {name:<28}{values['p50']:>8.2f} {values['p95']:>8.2f}")
        print()
    if batch := found.get("long_batch"):
        print(f"Long batch, {batch['jobs']} jobs of {batch['rows_per_job']:,} rows")
        print(f"  plain script                {batch['plain_seconds']:>8.2f} s")
        print(f"  through the market          {batch['market_seconds']:>8.2f} s")
        print(f"  overhead                    {batch['overhead_seconds']:>8.2f} s")
        verdict = "met" if batch["ratio"] >= batch["target"] else "missed"
        print(f"  ratio                       {batch['ratio']:>8.3f}   {batch['target']} {verdict}")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--job-seconds", type=float, default=15.0)
    parser.add_argument("--small", type=int, default=20)
    parser.add_argument("--plain", nargs=3, metavar=("MODEL", "ROWS", "JOBS"), help="internal")
    options = parser.parse_args()
    if options.plain:
        path, rows, jobs = options.plain
        print(json.dumps(plain(Path(path), int(rows), int(jobs))))
        return
    found = asyncio.run(measure(options.jobs, options.job_seconds, options.small))
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print_readable(found)


if __name__ == "__main__":
    main()
