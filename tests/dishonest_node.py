"""A provider's node that cheats in one way: ``python -m tests.dishonest_node CHEAT --config FILE``.

Everything else is the node as it is: what a dishonest provider can change is what it computes, what
it says, and whether it acts at all. Weights are rounded by the engine's own means of calibration.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurovoyance.ipfs.encryption import encrypt
from neurovoyance.node import result
from neurovoyance.node.defence import Defence
from neurovoyance.node.disputing.duty import NotYet
from neurovoyance.node.disputing.hearing import DisputeHearing
from neurovoyance.node.logs import set_up_logs
from neurovoyance.node.output_file import Compared, answer_of_file
from neurovoyance.node.process import run_node
from neurovoyance.node.runtime.base import Profile
from neurovoyance.node.runtime.config import C1, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import NodeSettings, load_settings
from neurovoyance.protocol.audit import AuditFacts, seed_of_round
from neurovoyance.protocol.ids import JobId, hex_of

FAR_S = 1 << 40


class Rounding(OnnxRuntime):
    """Computes and traces with int8 weights, unless it is told to be honest for once."""

    is_honest = False

    async def run(self, request: Any, limits: Any, on_progress: Any = None) -> Any:
        if not self.is_honest:
            request = replace(request, config=C1.with_weights(Weights.INT8))
        return await super().run(request, limits, on_progress)

    async def trace(self, request: Any, limits: Any, on_progress: Any = None) -> Any:
        request = replace(request, config=C1.with_weights(Weights.INT8))
        return await super().trace(request, limits, on_progress)


class Turncoat(Rounding):
    """Computes honestly until somebody puts a file where it looks."""

    def __init__(self, sign: Path) -> None:
        super().__init__()
        self._sign = sign

    @property
    def is_honest(self) -> bool:  # type: ignore[override]
        return not self._sign.exists()


@asynccontextmanager
async def fresh(defence: Defence, job: Any, name: str) -> AsyncIterator[Path]:
    """Give a file of the output computed anew."""
    path = defence.bench.outputs / f"{hex_of(job.job_id)}-fresh-{name}.nvyt"
    held = await defence._held(job)
    await defence.bench.compute(job, held, path, finish_by_s=FAR_S, profile=Profile.C1)
    try:
        yield path
    finally:
        path.unlink()


def answer_from_a_fresh_run(runtime: OnnxRuntime) -> None:
    """Answer audits with the true projection, whatever was committed to."""

    async def answer(self: Defence, job: Any, facts: AuditFacts, round_number: int) -> Any:
        held = await self._held(job)
        if isinstance(runtime, Rounding):
            runtime.is_honest = True
        async with fresh(self, job, "answer") as path:
            words = await asyncio.to_thread(
                answer_of_file,
                path,
                Compared.of(held.manifest, job.spec.job_class),
                seed=seed_of_round(facts.seed0, round_number),
                shift=facts.shift,
            )
        return self.journal.fix_answer(
            job.job_id, seed_of_round(facts.seed0, round_number), tuple(words)
        )

    Defence.answer = answer  # type: ignore[method-assign]


def seal_rubbish() -> None:
    """Store an envelope that opens, but holds other bytes than those committed to."""

    async def envelope(path: Path, key: bytes, job_id: JobId) -> AsyncIterator[bytes]:
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        yield encrypt(bytes(raw), key, job_id)

    result._envelope = envelope  # type: ignore[assignment]


def never_trace() -> None:
    """Let every deadline of a trace pass."""

    async def trace(self: DisputeHearing, case: Any, view: Any) -> None:
        raise NotYet("This provider hides.", retry_s=5)

    DisputeHearing.trace = trace  # type: ignore[method-assign]


def settings_of(arguments: list[str]) -> NodeSettings:
    """Return the settings that the node's own command line takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--crash-at")
    options = parser.parse_args(arguments)
    settings = load_settings(options.config, arguments={"crash_at": options.crash_at})
    set_up_logs(settings.log_path)
    return settings


async def run(cheat: str, arguments: list[str]) -> None:
    """Run a node that cheats."""
    runtime: OnnxRuntime = OnnxRuntime()
    if cheat in ("int8", "forged"):
        runtime = Rounding()
    settings = settings_of(arguments)
    if cheat == "turncoat":
        runtime = Turncoat(settings.data_dir / "turned")
    if cheat in ("forged", "envelope"):
        answer_from_a_fresh_run(runtime)
    if cheat == "envelope":
        seal_rubbish()
    if cheat == "mute":
        never_trace()
    async with runtime:
        await run_node(settings, runtime=runtime)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2:]))
