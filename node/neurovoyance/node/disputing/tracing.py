"""Trace a job: run it once under C1, keep every operator output, make rows of them; and defend.

Place: under ``hearing``. A challenger's own trace and a provider's are made alike. What a provider
posts has to end in what it committed to, within the tolerance; where it does not, nothing is
posted, since the court would refuse it. Never: a trace of another run than the one whose tensors
are served.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neurovoyance.node.defence import Defence
from neurovoyance.node.disputing.casebook import HOPELESS, TRACE, Casebook
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.forms import Reason, TracePlan, Words4
from neurovoyance.node.disputing.material import Material
from neurovoyance.node.intake import Intake
from neurovoyance.node.output_file import answer_of_file, map_tensors, scaled
from neurovoyance.node.runtime.base import Limits, TraceRequest
from neurovoyance.node.runtime.config import C1, EngineConfig
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import DisputeFacts, Outcome, unpack_ints
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import JobId
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.commitment import output_root
from neurovoyance.verification.projection import NoVector, project
from neurovoyance.verification.tolerance import compare, range_fault
from neurovoyance.verification.trace import Trace, TraceManifest, build_trace

ZERO_WORDS: Words4 = (bytes(32),) * 4
TRACE_OUTPUTS = 16
"""A trace may take this many times the disk of the largest output."""
KEEP_S = 14 * 86_400
"""How long the tensors of a trace are served: longer than all appeals."""


class NotEnding(VerificationError):
    """A trace does not end in what was committed to, so it cannot be posted."""

    code = "verification.trace_ends_elsewhere"


@dataclass(frozen=True, slots=True)
class OwnTrace:
    """A trace that was made here; ``paths`` has the canonical tensor of every row."""

    trace: Trace
    paths: tuple[Path, ...]

    def tensor(self, row: int) -> Array:
        """Return the tensor of a row, mapped."""
        return map_tensors(self.paths[row])[0]


@dataclass(frozen=True, slots=True)
class Tracer:
    """Makes traces.

    Attributes:
        config: how models are run; anything but C1 is for tests.
    """

    runtime: OnnxRuntime
    intake: Intake
    config: EngineConfig = C1

    def limits(self, wall_time_s: int) -> Limits:
        """Return the limits of a trace on this machine as it is now.

        Raises:
            ResourceExceeded: memory or disk do not suffice.
        """
        usual = self.intake.run_limits(wall_time_s)
        return replace(usual, file_bytes=TRACE_OUTPUTS * usual.file_bytes)

    async def run(
        self, material: Material, facts: DisputeFacts, folder: Path, wall_time_s: int
    ) -> OwnTrace:
        """Run a job once and return its rows; the folder holds their tensors.

        Raises:
            ExecutionError: see :meth:`neurovoyance.node.runtime.onnx_.OnnxRuntime.trace`.
            VerificationError: the model gives another number of rows than it registered.
        """
        request = TraceRequest(
            model_path=material.held.model.path,
            input_path=material.held.input_path,
            directory=folder,
            config=self.config,
            execution_id=f"trace-{facts.dispute_id}-{folder.name}",
        )
        output = await self.runtime.trace(request, self.limits(wall_time_s))
        if len(output.rows) != facts.rows:
            raise VerificationError(
                f"The trace has {len(output.rows)} rows and the model registered {facts.rows}."
            )
        paths = tuple(row.path for row in output.rows)
        trace = await asyncio.to_thread(_rows_of, paths, facts.dispute_id)
        return OwnTrace(trace, paths)


def pin_name(facts: DisputeFacts) -> str:
    """Return the name of the pins of what is served in a dispute."""
    return f"trace {facts.dispute_id} {facts.facts_hash()[:6].hex()}"


def _rows_of(paths: Sequence[Path], dispute_id: int) -> Trace:
    return build_trace((map_tensors(path)[0] for path in paths), dispute_id)


@dataclass(frozen=True, slots=True)
class Defender:
    """The defendant's part: the trace that is posted, and everything that it lists, served."""

    tracer: Tracer
    content: Content
    defence: Defence
    book: Casebook

    async def prepare(
        self, material: Material, facts: DisputeFacts, folder: Path, wall_time_s: int
    ) -> None:
        """Fix the trace of a dispute, or why there is none.

        Raises:
            ExecutionError, StorageError: it could not be made now.
        """
        await self.content.empty(folder)
        own = await self.tracer.run(material, facts, folder, wall_time_s)
        try:
            z0, z_trace = await self._ends(own, material, facts)
        except NotEnding as error:
            self.book.fix(facts.facts_hash(), HOPELESS, Reason(error.message))
            return
        plan = await self._plan(own, material, facts, z0, z_trace)
        self.book.fix(facts.facts_hash(), TRACE, plan)

    async def _ends(
        self, own: OwnTrace, material: Material, facts: DisputeFacts
    ) -> tuple[Words4, Words4]:
        """Return z0 and zTrace, which the court will accept.

        Raises:
            NotEnding: the court would not.
        """
        rows = _verify_rows(material)
        if material.is_exact:
            hashes = [own.trace.rows[row].tensor_hash for row in rows]
            if output_root(hashes) != facts.out_root:
                raise NotEnding("The bits of the trace's end are not those that we committed to.")
            return ZERO_WORDS, ZERO_WORDS
        async with self.defence.opened(JobId(facts.job_id), "trace-own") as path:
            z0 = await asyncio.to_thread(
                answer_of_file, path, material.compared, seed=facts.seed0, shift=material.shift
            )
        z_trace = await asyncio.to_thread(_projected, own, rows, material, facts)
        if isinstance(z0, NoVector) or isinstance(z_trace, NoVector):
            raise NotEnding("One of the two outputs cannot be projected.")
        _require_within(z0, z_trace, facts, material.shift)
        return _four(z0), _four(z_trace)

    async def _plan(
        self,
        own: OwnTrace,
        material: Material,
        facts: DisputeFacts,
        z0: Words4,
        z_trace: Words4,
    ) -> TracePlan:
        name, until_s = pin_name(facts), int(time.time()) + KEEP_S
        cids = await self.content.serve(own.paths, name, until_s)
        listed = TraceManifest(facts.dispute_id, own.trace, tuple(str(cid) for cid in cids))
        path = own.paths[0].with_name("listing.json")
        await asyncio.to_thread(path.write_bytes, listed.canonical_bytes())
        [cid] = await self.content.serve([path], name, until_s)
        rows = _verify_rows(material)
        return TracePlan(
            root=own.trace.root,
            manifest_cid=cid.to_bytes(),
            verify=tuple(own.trace.rows[row] for row in rows),
            proofs=tuple(tuple(own.trace.proof(row)) for row in rows),
            z0=z0,
            z_trace=z_trace,
        )


def _verify_rows(material: Material) -> list[int]:
    certificate = material.held.manifest.certificate
    if certificate is None:
        raise VerificationError("The model has no certificate, so nothing can be traced.")
    return certificate.verify_rows()


def _projected(
    own: OwnTrace, rows: Sequence[int], material: Material, facts: DisputeFacts
) -> tuple[bytes, ...] | NoVector:
    tensors = scaled([own.tensor(row) for row in rows], material.compared)
    found = project(tensors, seed=facts.seed0, shift=material.shift)
    return found if isinstance(found, NoVector) else found.words


def _require_within(
    z0: Sequence[bytes], z_trace: Sequence[bytes], facts: DisputeFacts, shift: int
) -> None:
    mine, traced = unpack_ints(z0), unpack_ints(z_trace)
    fault = range_fault(mine, shift)
    if fault is not None:
        raise NotEnding(fault.reason)
    found = compare(mine, traced, tau_sq=facts.tau_sq)
    if found.outcome is not Outcome.PASS:
        raise NotEnding(
            f"The trace ends {found.in_tau()} times the tolerance away from what we committed to."
        )


def _four(words: Sequence[bytes]) -> Words4:
    a, b, c, d = words
    return a, b, c, d
