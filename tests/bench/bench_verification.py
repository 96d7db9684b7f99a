"""Measures what verification adds to a job, next to paying two providers for everything.

Run: ``python tests/bench/bench_verification.py [--json] [--seconds 4] [--repeats 7]``.

One model (a deep stack, see ``bench_market``), one input that computes for ``--seconds``, the
node's real confined runtime, medians of interleaved repetitions in one process, all ways warm:

plain      the graph output alone is computed, and hashed as any market has to
unaudited  what the node does for a job that is not drawn: verify tensors, shift, root, envelope
audited    the same, and an answer z0 to one auditor
auditor    the auditor's side: the job again, and z1
two        plain, twice: BOINC's quorum of two and plain replication

``average`` is the cost of a job of a proven provider at the default stake: unaudited, and with the
audit probability of the contract's own formula the rest of the executor and one auditor.
Also: a referee's check of one operator, over every operator of the test models, p95.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tests.bench.bench_market import inputs_of, write_model
from tests.models import MODELS, magika
from tests.models.made import Made

from neurovoyance.ipfs.encryption import encrypt_stream, new_key
from neurovoyance.node.output_file import Compared, answer_of_file, root_of_file, shift_of_file
from neurovoyance.node.runtime.base import Limits, RunRequest, TraceRequest
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.certificate import Certificate, VerifyTensor
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.tokenomics.audits import DEFAULT_POLICY, terms_of
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.operators.judge import check

VERIFY = ("t383", "y")
LIMITS = Limits(memory_bytes=2 << 30, cpu_time_s=600, wall_time_s=600)
SEED = bytes(range(32))
TARGETS = {"unaudited": 1.02, "audited": 1.10, "average": 1.10}
LOCK_MULTIPLE = 20
NVY = 10**18
_TRIAL_ROWS = 512


def compared() -> Compared:
    """How the two verify tensors are compared; exponents keep their norms under 2**25."""
    tensors = [
        VerifyTensor(name=name, dtype="float32", shape=["b", width], exponent=[s], row=row)
        for name, width, s, row in zip(
            VERIFY, ("384", "16"), ("10", "10"), ("767", "768"), strict=True
        )
    ]
    return Compared(JobClass.TENSOR, Certificate(verify=tensors, tau="1e-6", reference="bench"))


class Bench:
    """One model, one input, one runtime."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder, self.runtime, self.compared = folder, OnnxRuntime(), compared()
        self.model, self.input = folder / "stack.onnx", folder / "input.safetensors"
        write_model(self.model)
        save_file({"x": inputs_of(1, rows)}, self.input)

    async def _run(self, names: tuple[str, ...], name: str) -> Path:
        path = self.folder / name
        request = RunRequest(self.model, self.input, path, output_names=names)
        await self.runtime.run(request, LIMITS)
        return path

    async def plain(self) -> None:
        root_of_file(await self._run(VERIFY[1:], "plain"), 1)

    async def two(self) -> None:
        await self.plain()
        await self.plain()

    async def unaudited(self) -> tuple[Path, int]:
        path = await self._run(VERIFY, "unaudited")
        root_of_file(path, len(VERIFY))
        shift = shift_of_file(path, self.compared)
        for _ in encrypt_stream([path.read_bytes()], new_key(), bytes(32)):
            pass
        return path, shift

    async def audited(self) -> None:
        path, shift = await self.unaudited()
        answer_of_file(path, self.compared, seed=SEED, shift=shift)

    async def auditor(self) -> None:
        path = await self._run(VERIFY, "auditor")
        answer_of_file(path, self.compared, seed=SEED, shift=0)


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def measure(folder: Path, seconds: float, repeats: int) -> dict[str, float]:
    """Return median seconds of each way, interleaved; every way has run once before."""
    # Enough rows that starting the child does not count.
    bench = Bench(folder, rows=_TRIAL_ROWS)
    await bench.plain()
    once = await timed(bench.plain)
    bench = Bench(folder, rows=max(_TRIAL_ROWS, round(_TRIAL_ROWS * seconds / once)))
    ways = {
        name: getattr(bench, name) for name in ("plain", "unaudited", "audited", "auditor", "two")
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            took = await timed(way)
            if repeat:
                found[name].append(took)
    await bench.runtime.close()
    return {name: statistics.median(values) for name, values in found.items()}


def average_of(medians: dict[str, float]) -> tuple[float, int]:
    """Return the mean cost of a job in units of plain, and the audit probability in bps."""
    terms = terms_of(
        price_wei=NVY,
        lock_wei=LOCK_MULTIPLE * NVY,
        declared_gain_wei=0,
        slots=1,
        passes=1_000,
        policy=DEFAULT_POLICY,
    )
    chance = terms.p_bps / 10_000
    extra = medians["audited"] - medians["unaudited"] + medians["auditor"]
    return (medians["unaudited"] + chance * extra) / medians["plain"], terms.p_bps


async def referee_seconds(folder: Path) -> list[float]:
    """Return the seconds of checking every operator of the test models on its claimed inputs."""
    runtime, seconds = OnnxRuntime(), []
    for made in (*(build() for build in MODELS.values()), magika()):
        seconds += await _checks(runtime, made, folder / made.name)
    await runtime.close()
    return seconds


async def _checks(runtime: OnnxRuntime, made: Made, folder: Path) -> list[float]:
    (folder / "trace").mkdir(parents=True)
    [feed] = made.save_inputs(folder, 1)
    traced = await runtime.trace(TraceRequest(made.save(folder), feed, folder / "trace"), LIMITS)
    graph, found = read_graph(made.onnx), []
    paths = {row.row: row.path for row in traced.rows}
    values: dict[str, Any] = dict(made.make_inputs(0))
    for operator in graph.operators:
        rows = [graph.row_of(name) for name in operator.outputs if name]
        claimed = [decode_tensors(paths[row].read_bytes())[0] for row in rows]
        inputs = [
            None if not name else values[name] if name in values else graph.weights[name].load()
            for name in operator.inputs
        ]
        began = time.perf_counter()
        check(operator, inputs, claimed, graph.opset)
        found.append(time.perf_counter() - began)
        values |= dict(zip((name for name in operator.outputs if name), claimed, strict=True))
    return found


async def run(seconds: float, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="neurovoyance-bench-") as name:
        medians = await measure(Path(name), seconds, repeats)
        checks = await referee_seconds(Path(name))
    average, p_bps = average_of(medians)
    ratios = {way: medians[way] / medians["plain"] for way in ("unaudited", "audited", "two")}
    return {
        "seconds": {way: round(value, 3) for way, value in medians.items()},
        "ratios": {**ratios, "average": average},
        "audit_bps": p_bps,
        "referee_checks": len(checks),
        "referee_p95_s": float(np.quantile(checks, 0.95)),
        "referee_max_s": max(checks),
    }


def show(found: dict[str, Any]) -> None:
    print(f"plain run: {found['seconds']['plain']:.2f} s; all ratios against it\n")
    for name, ratio in found["ratios"].items():
        target = TARGETS.get(name)
        verdict = "" if target is None else "met" if ratio <= target else "MISSED"
        print(f"  {name:10} {ratio:6.3f}  {'' if target is None else f'target {target}'} {verdict}")
    print(f"\n  audit probability of a proven provider: {found['audit_bps'] / 100:.2f} %")
    verdict = "met" if found["referee_p95_s"] < 1 else "MISSED"
    print(
        f"  referee's operator check: p95 {found['referee_p95_s'] * 1_000:.1f} ms over "
        f"{found['referee_checks']} operators, longest {found['referee_max_s'] * 1_000:.0f} ms, "
        f"target under 1 s {verdict}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    found = asyncio.run(run(options.seconds, options.repeats))
    print(json.dumps(found)) if options.json else show(found)


if __name__ == "__main__":
    main()
