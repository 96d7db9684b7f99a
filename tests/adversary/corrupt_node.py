"""A node corrupt in one way: ``python -m tests.adversary.corrupt_node CHEAT --config FILE``.

Beside ``tests.dishonest_node``, which has the cheats of disputes. Providers: ``fp16`` computes with
rounded weights, ``cached`` answers with the output of another input, ``changed`` computes an input
with one element changed. Auditors: ``lazy`` makes numbers up, ``slander`` computes and denies.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tests.dishonest_node import settings_of

from neurovoyance.node.audit_work import AuditWork, Finding
from neurovoyance.node.process import run_node
from neurovoyance.node.runtime.base import Profile, RunRequest
from neurovoyance.node.runtime.config import C1, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import FLAG_NON_FINITE, pack_ints

Change = Callable[[RunRequest], RunRequest]


class Corrupt(OnnxRuntime):
    """Changes every job before it computes it; what is computed under C1 is left alone."""

    change: Change = staticmethod(lambda request: request)

    async def run(self, request: Any, limits: Any, on_progress: Any = None) -> Any:
        if request.profile is Profile.FAST and request.config is None:
            request = await asyncio.to_thread(self.change, request)
        return await super().run(request, limits, on_progress)


def rounded(request: RunRequest) -> RunRequest:
    """Compute with fp16 weights."""
    return replace(request, config=C1.with_weights(Weights.FP16))


def cached(request: RunRequest) -> RunRequest:
    """Answer with what another input of the same shape gave."""
    random = np.random.default_rng(12)
    given = load_file(request.input_path)
    return _with_input(
        request,
        {n: random.standard_normal(a.shape).astype(a.dtype) for n, a in given.items()},
    )


def changed(request: RunRequest) -> RunRequest:
    """Change one element of the input by a standard deviation."""
    given = {name: np.array(array) for name, array in load_file(request.input_path).items()}
    for array in given.values():
        array.reshape(-1)[0] += array.std()
    return _with_input(request, given)


def _with_input(request: RunRequest, tensors: dict[str, Any]) -> RunRequest:
    path = Path(mkdtemp(prefix="corrupt-")) / "input"
    save_file(tensors, path)
    return replace(request, input_path=path)


async def lazy(self: AuditWork, *_: Any) -> Finding:
    """Vote without computing: four words of numbers."""
    return Finding(pack_ints([secrets.randbelow(2**26) - 2**25 for _ in range(32)]), 0)


async def slander(self: AuditWork, *_: Any) -> Finding:
    """Call a sound output not finite."""
    return Finding((bytes(32),) * 4, FLAG_NON_FINITE)


PROVIDERS: dict[str, Change] = {"fp16": rounded, "cached": cached, "changed": changed}
AUDITORS = {"lazy": lazy, "slander": slander}


async def run(cheat: str, arguments: list[str]) -> None:
    """Run a node that is corrupt."""
    runtime = Corrupt()
    if cheat in AUDITORS:
        AuditWork.repeat = AUDITORS[cheat]  # type: ignore[method-assign, assignment]
    else:
        runtime.change = PROVIDERS[cheat]
    async with runtime:
        await run_node(settings_of(arguments), runtime=runtime)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2:]))
