"""Real traces of the certified model, honest and rounded, laid out as an examination takes them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.unit.node.content import certified_input, certified_model

from neurovoyance.ipfs.cid import PROBE
from neurovoyance.node.disputing.examiner import MANIFEST_NAME, OWN_MANIFEST_NAME, Trial
from neurovoyance.node.disputing.tracing import _rows_of
from neurovoyance.node.runtime.base import Limits, OperatorRequest, TraceRequest
from neurovoyance.node.runtime.config import C1, Weights
from neurovoyance.node.runtime.engine import read_inputs
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.verification.canonical import encode_tensor
from neurovoyance.verification.trace import Trace, TraceManifest

LIMITS = Limits(memory_bytes=1 << 30, cpu_time_s=120, wall_time_s=120.0)
DISPUTE = 5


@dataclass
class Track:
    """A model, its input, and the tensors of one run on disk."""

    folder: Path
    model: Path
    given: Path
    trace: Trace
    paths: tuple[Path, ...]
    runtime: OnnxRuntime
    is_served: bool = True

    def listing(self) -> bytes:
        """Return the manifest; its tensors are found by row, so the names do not matter."""
        names: Sequence[str] = [str(PROBE)] * len(self.paths)
        return TraceManifest(DISPUTE, self.trace, tuple(names)).canonical_bytes()

    def trial(self, folder: Path, *, is_exact: bool = False, own: Track | None = None) -> Trial:
        """Lay out an examination of this run in a folder."""
        folder.mkdir()
        (folder / MANIFEST_NAME).write_bytes(self.listing())
        if own is not None:
            (folder / OWN_MANIFEST_NAME).write_bytes(own.listing())
        self.folder = folder
        rows, root = len(self.paths), self.trace.root
        return Trial(DISPUTE, self.model, self.given, folder, rows, root, is_exact, LIMITS)

    async def fetch(self, row: int) -> bool:
        if self.is_served:
            shutil.copy(self.paths[row], self.folder / f"{row}.tensor")
        return self.is_served

    async def run(self, row: int, inputs: Sequence[tuple[str, int | None]]) -> str:
        given = []
        for name, at in inputs:
            path = self.folder / (f"{at}.tensor" if at is not None else f"given-{name}.tensor")
            if at is None:
                path.write_bytes(encode_tensor(read_inputs(self.given)[name]))
            given.append((name, path))
        output = self.folder / f"run-{row}.tensors"
        request = OperatorRequest(self.model, row, tuple(given), output)
        await self.runtime.run_operator(request, LIMITS)
        return output.name


async def track(
    folder: Path, runtime: OnnxRuntime, weights: Weights = Weights.FP32, model: bytes | None = None
) -> Track:
    """Trace a model on its input, with rounded weights if wanted."""
    folder.mkdir()
    path, given, rows = folder / "model.onnx", folder / "input.safetensors", folder / "rows"
    path.write_bytes(certified_model() if model is None else model)
    given.write_bytes(certified_input())
    rows.mkdir()
    request = TraceRequest(path, given, rows, C1.with_weights(weights))
    output = await runtime.trace(request, LIMITS)
    paths = tuple(row.path for row in output.rows)
    return Track(folder, path, given, _rows_of(paths, DISPUTE), paths, runtime)
