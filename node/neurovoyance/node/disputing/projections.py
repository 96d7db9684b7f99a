"""Recompute projections that a provider made public: answers of an audit, z0 and zTrace.

Place: under ``seeking`` and ``judging``. The revealed output is opened from its envelope, compared
with the committed root, and projected under the same seeds; equality is exact. Never: a tolerance,
or a finding from an envelope that could not be had.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.events import AuditAnswered, TracePosted
from neurovoyance.node.disputing.claims import ClaimedTrace
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide, Revealed
from neurovoyance.node.disputing.material import Material
from neurovoyance.node.output_file import answer_of_file, map_tensors, root_of_file, scaled
from neurovoyance.node.result import unseal
from neurovoyance.protocol.audit import DisputeFacts, seed_of_round
from neurovoyance.protocol.errors import (
    ExecutionError,
    NetworkError,
    SpecError,
    StorageDecryptError,
    StorageError,
    VerificationError,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.verification.commitment import tensor_hash
from neurovoyance.verification.pointing import PostedProjection


class NotServed(VerificationError):
    """The revealed envelope is not served now."""

    code = "verification.not_served"
    retryable = True


class BadEnvelope(VerificationError):
    """The envelope does not hold the committed output: decryption, form or root are wrong."""

    code = "verification.bad_envelope"


@dataclass(frozen=True, slots=True)
class Projections:
    """Opens revealed outputs and recomputes what was said about them."""

    court: CourtSide
    content: Content
    envelope_bytes: int

    @asynccontextmanager
    async def opened(
        self, facts: DisputeFacts, sources: Sequence[str], tensors: int, folder: Path
    ) -> AsyncIterator[Path]:
        """Give the file of the revealed output while the context lasts.

        Args:
            tensors: how many a commitment covers.

        Raises:
            NotServed: the envelope could not be had.
            BadEnvelope: it does not hold what was committed to.
        """
        revealed = await self.court.revealed(facts.job_id)
        if revealed is None:
            raise NotServed("The result of the job was not revealed, as far as the chain shows.")
        path = folder / "revealed.nvyt"
        try:
            await self._unseal(facts, revealed, sources, path)
            await asyncio.to_thread(_require_root, path, tensors, facts.out_root)
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _unseal(
        self, facts: DisputeFacts, revealed: Revealed, sources: Sequence[str], path: Path
    ) -> None:
        try:
            async with asyncio.timeout(self.content.timeout_s):
                await unseal(
                    self.content.storage,
                    revealed.envelope_cid,
                    revealed.result_key,
                    JobId(facts.job_id),
                    path,
                    sources=sources,
                    max_bytes=self.envelope_bytes,
                )
        except StorageDecryptError as error:
            raise BadEnvelope(error.message) from error
        except SpecError as error:
            raise BadEnvelope(f"The envelope is named by a bad CID: {error.message}") from error
        except (TimeoutError, StorageError, NetworkError) as error:
            raise NotServed("The envelope of the result is not served.") from error

    async def false_answer(
        self,
        material: Material,
        facts: DisputeFacts,
        answers: Sequence[AuditAnswered],
        path: Path,
    ) -> str:
        """Return why an answer is forged, "" if all are true."""
        for answer in answers:
            try:
                expected = await asyncio.to_thread(
                    answer_of_file,
                    path,
                    material.compared,
                    seed=seed_of_round(facts.seed0, answer.round),
                    shift=material.shift,
                )
            except (SpecError, VerificationError) as error:
                return f"The revealed output has no projection: {error.message}"
            if expected != tuple(answer.z0):
                return (
                    f"The answer in round {answer.round} of slot {answer.slot} is not the "
                    "projection of the revealed output."
                )
        return ""

    async def forged(
        self,
        material: Material,
        facts: DisputeFacts,
        posted: TracePosted,
        claimed: ClaimedTrace,
    ) -> str:
        """Return why z0 or zTrace is forged, "" if both are true or cannot be looked at.

        Raises:
            NotServed: the envelope or a verify tensor could not be had.
            BadEnvelope: the envelope does not hold what was committed to.
        """
        certificate = material.held.manifest.certificate
        if certificate is None:
            raise VerificationError("The model has no certificate.")
        rows = certificate.verify_rows()
        for row in rows:
            if not await claimed.fetch_row(row):
                raise NotServed(f"The tensor of row {row} is not served.", row=row)
        count = len(material.held.manifest.committed())
        async with self.opened(facts, material.sources, count, claimed.folder) as path:
            return await asyncio.to_thread(_forged, material, facts, posted, claimed, rows, path)


def _forged(
    material: Material,
    facts: DisputeFacts,
    posted: TracePosted,
    claimed: ClaimedTrace,
    rows: Sequence[int],
    path: Path,
) -> str:
    traced = [map_tensors(claimed.row_path(row))[0] for row in rows]
    listed = claimed.listed.trace.rows
    if [tensor_hash(array) for array in traced] != [listed[row].tensor_hash for row in rows]:
        return "A verify tensor that is served is not that of its row."
    for name, words, arrays in (
        ("z0", posted.z0, map_tensors(path)),
        ("zTrace", posted.z_trace, traced),
    ):
        try:
            tensors = scaled(arrays, material.compared)
            one = PostedProjection(name, words, tensors, facts.seed0, material.shift)
            is_true = one.is_true()
        except (SpecError, VerificationError) as error:
            return f"{name} is no projection of its tensors: {error.message}"
        if not is_true:
            return f"{name} is not the projection of its tensors."
    return ""


def _require_root(path: Path, tensors: int, out_root: bytes) -> None:
    try:
        found = root_of_file(path, tensors)
    except (SpecError, ExecutionError) as error:
        raise BadEnvelope(f"The envelope holds no valid output: {error.message}") from error
    if found != out_root:
        raise BadEnvelope("The envelope holds another output than the one committed to.")
