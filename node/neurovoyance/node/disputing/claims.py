"""A provider's trace as it is served: its listing, its tensors by row, and our engine on them.

Place: between ``seeking``, ``judging`` and ``content``. The listing is believed only if it gives
the posted root, a tensor only in the examination, by its hash. Never: more of a trace on this disk
than its budget, or a tensor opened here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.chain.events import TracePosted
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.examiner import MANIFEST_NAME, RunOperator
from neurovoyance.node.disputing.material import Material
from neurovoyance.node.intake import Intake
from neurovoyance.node.runtime.base import OperatorRequest
from neurovoyance.node.runtime.engine import read_inputs
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import DisputeFacts
from neurovoyance.protocol.errors import ResourceExceeded, SpecError
from neurovoyance.verification.canonical import encode_tensor
from neurovoyance.verification.trace import (
    MANIFEST_MAX_BYTES,
    TraceManifest,
    parse_trace_manifest,
)

ROW_MAX_BYTES = 1 << 29
BUDGET_BYTES = 4 << 30
"""Most bytes of one trace that are fetched; more than any operator's neighbours need."""
RUN_WALL_S = 120


@dataclass(slots=True)
class ClaimedTrace:
    """A trace whose listing gives the posted root.

    Attributes:
        folder: where tensors are put, named by row.
    """

    listed: TraceManifest
    content: Content
    runtime: OnnxRuntime
    intake: Intake
    sources: Sequence[str]
    folder: Path
    _fetched_bytes: int = 0
    _given: dict[str, Path] = field(default_factory=dict)

    async def fetch_row(self, row: int) -> bool:
        """Put the tensor of a row into the folder; False if it is not served.

        Raises:
            ResourceExceeded: the budget of the trace is used up.
            StorageError: this machine could not store it.
        """
        if self._fetched_bytes > BUDGET_BYTES:
            raise ResourceExceeded("The trace is larger than what is fetched of one.")
        path = self.row_path(row)
        found = await self.content.fetch(self.listed.cids[row], path, self.sources, ROW_MAX_BYTES)
        if found:
            self._fetched_bytes += (await asyncio.to_thread(path.stat)).st_size
        return found

    def row_path(self, row: int) -> Path:
        """Return where the tensor of a row is put."""
        return self.folder / f"{row}.tensor"

    def runner(self, material: Material) -> RunOperator:
        """Return a function that runs one operator of the model on tensors of this trace."""

        async def run(row: int, inputs: Sequence[tuple[str, int | None]]) -> str:
            given = [
                (name, await self._given_path(material, name) if at is None else self.row_path(at))
                for name, at in inputs
            ]
            output = self.folder / f"run-{row}.tensors"
            request = OperatorRequest(
                model_path=material.held.model.path,
                row=row,
                inputs=tuple(given),
                output_path=output,
            )
            await self.runtime.run_operator(request, self.intake.run_limits(RUN_WALL_S))
            return output.name

        return run

    async def _given_path(self, material: Material, name: str) -> Path:
        """Return a file with one input of the job as a canonical tensor."""
        if name not in self._given:
            arrays = await asyncio.to_thread(read_inputs, material.held.input_path)
            if name not in arrays:
                raise SpecError(f"The job has no input named {name[:80]!r}.")
            path = self.folder / f"given-{len(self._given)}.tensor"
            await asyncio.to_thread(path.write_bytes, encode_tensor(arrays[name]))
            self._given[name] = path
        return self._given[name]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Fetches listings of traces."""

    content: Content
    runtime: OnnxRuntime
    intake: Intake

    async def listing(
        self, facts: DisputeFacts, posted: TracePosted, sources: Sequence[str], folder: Path
    ) -> ClaimedTrace | None:
        """Return the trace that was posted, or None if its listing is not served properly."""
        path = folder / MANIFEST_NAME
        served = await self.content.fetch(posted.manifest_cid, path, sources, MANIFEST_MAX_BYTES)
        if not served:
            return None
        try:
            listed = await asyncio.to_thread(_parsed, path, facts, posted.root)
        except SpecError:
            return None
        return ClaimedTrace(listed, self.content, self.runtime, self.intake, sources, folder)


def _parsed(path: Path, facts: DisputeFacts, root: bytes) -> TraceManifest:
    raw = path.read_bytes()
    return parse_trace_manifest(raw, dispute_id=facts.dispute_id, rows=facts.rows, root=root)
