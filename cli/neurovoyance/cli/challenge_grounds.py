"""What this machine can find out by itself before a challenge is bonded: fetch, open, compare, run.

Place: under ``audit challenge``. Data flow: public case -> envelope from the provider's gateway ->
its tensors -> the committed root, the answers of the audit, a run of our own under C1 -> grounds.
Everything is recomputed; nothing that a provider says is believed.
Never: a transaction, or grounds for what could not be had or repeated here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from neurovoyance.chain.challenging import PublicCase
from neurovoyance.chain.events import AuditAnswered
from neurovoyance.client.nodes import known_nodes
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.node.intake import HeldJob, Intake, IntakeLimits
from neurovoyance.node.runtime.base import RunRequest
from neurovoyance.node.runtime.config import C1
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import DisputeKind
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    SpecError,
    StorageDecryptError,
    StorageError,
    Unreachable,
    VerificationError,
)
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import MANIFEST_MAX_BYTES, ModelManifest, parse_manifest
from neurovoyance.verification.canonical import Array, decode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.grounds import (
    Answered,
    Grounds,
    answer_grounds,
    envelope_grounds,
    output_grounds,
)
from neurovoyance.verification.projection import ScaledTensor

ENVELOPE_MAX_BYTES = 4 << 30
ASK_TRIES = 3
ASK_PAUSE_S = 2.0
_LIMITS = IntakeLimits(
    memory_bytes=None,
    model_bytes=8 << 30,
    input_bytes=1 << 30,
    output_bytes=256 << 20,
    threads=1,
    fetch_timeout_s=600.0,
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was looked at and what came of it.

    Attributes:
        grounds: the claim that holds; None if nothing wrong was found.
        words: one full sentence for each thing that was looked at.
    """

    grounds: Grounds | None
    words: tuple[str, ...]


async def look_into(session: Session, case: PublicCase, kind: DisputeKind) -> Findings:
    """Recompute what a claim of a kind rests on.

    A stronger claim that shows on the way, such as an envelope that does not open, is found too.

    Args:
        session: an open client.
        case: of the revealed job.
        kind: what is to be claimed.
    """
    sources = _sources(session, case)
    if kind is DisputeKind.UNAVAILABLE:
        return await _availability(session, case, sources)
    try:
        arrays = await _revealed(session.storage, case, sources)
    except (StorageError, Unreachable) as error:
        return Findings(None, (f"The envelope could not be had: {error.message}",))
    found = envelope_grounds(
        None if arrays is None else [tensor_hash(array) for array in arrays],
        case.opening.out_root,
    )
    if found is not None or arrays is None:
        return Findings(found, ("The envelope was fetched and opened.",))
    words = ["The envelope opens and holds the output that was committed to."]
    if kind is DisputeKind.BAD_ENVELOPE:
        return Findings(None, tuple(words))
    try:
        manifest = await _manifest(session.storage, case, sources)
        if kind is DisputeKind.FORGED_ANSWER:
            return _answers(case, manifest, arrays, words)
        return await _repeated(session, case, manifest, arrays, sources, words)
    except NeurovoyanceError as error:
        return Findings(None, (*words, f"More could not be found out here: {error.message}"))


def _sources(session: Session, case: PublicCase) -> list[str]:
    nodes = known_nodes(session.journal)
    own = [node.endpoint for node in nodes if node.provider == case.record.provider]
    return own or [node.endpoint for node in nodes]


async def _availability(session: Session, case: PublicCase, sources: Sequence[str]) -> Findings:
    """Ask the provider anew, into an empty store: what we hold already says nothing about it."""
    cid, why = Cid.from_bytes(case.opening.envelope_cid), "nobody announced where to ask"
    for attempt in range(ASK_TRIES if sources else 0):
        if attempt:
            await asyncio.sleep(ASK_PAUSE_S)
        with TemporaryDirectory(prefix="neurovoyance-ask-") as name:
            async with EmbeddedBackend(
                Path(name), allow_private_addresses=session.settings.allows_private_peers
            ) as empty:
                try:
                    await empty.ensure(cid, sources=sources, max_bytes=ENVELOPE_MAX_BYTES)
                    return Findings(None, ("The provider serves its envelope.",))
                except (StorageError, Unreachable) as error:
                    why = error.message
    reason = f"The provider does not serve its envelope: {why}"
    return Findings(
        Grounds(DisputeKind.UNAVAILABLE, reason),
        (f"The provider was asked {ASK_TRIES if sources else 0} times.",),
    )


async def _revealed(
    storage: EmbeddedBackend, case: PublicCase, sources: Sequence[str]
) -> list[Array] | None:
    """Return the tensors of the envelope; None if it does not open or holds something else."""
    cid = Cid.from_bytes(case.opening.envelope_cid)
    await storage.ensure(cid, sources=sources, max_bytes=ENVELOPE_MAX_BYTES)
    envelope = b"".join([piece async for piece in storage.open(cid)])
    try:
        return decode_tensors(decrypt(envelope, case.opening.result_key, case.job_id))
    except (StorageDecryptError, SpecError):
        return None


async def _manifest(
    storage: EmbeddedBackend, case: PublicCase, sources: Sequence[str]
) -> ModelManifest:
    cid = cid_of_keccak(case.spec.model_id)
    await storage.ensure(cid, sources=sources, max_bytes=MANIFEST_MAX_BYTES)
    return parse_manifest(await storage.get_block(cid), case.spec.model_id)


def _answers(
    case: PublicCase, manifest: ModelManifest, arrays: list[Array], words: list[str]
) -> Findings:
    answers = [
        Answered(event.round, event.z0) for event in case.events if isinstance(event, AuditAnswered)
    ]
    if not answers:
        return Findings(None, (*words, "The job was not audited, so there is no answer to forge."))
    found = answer_grounds(
        None if _is_exact(case) else scaled(manifest, arrays),
        answers,
        seed0=case.opening.seed0,
        out_root=case.opening.out_root,
        shift=case.opening.shift,
    )
    looked = f"{len(answers)} answers of the audit were computed again from the revealed output."
    return Findings(found, (*words, looked))


async def _repeated(
    session: Session,
    case: PublicCase,
    manifest: ModelManifest,
    arrays: list[Array],
    sources: Sequence[str],
    words: list[str],
) -> Findings:
    """Compute the job here as the reference does, and compare as an audit would."""
    with TemporaryDirectory(prefix="neurovoyance-repeat-") as name:
        async with OnnxRuntime(keep_warm=False) as runtime:
            intake = Intake(
                session.storage,
                runtime,
                _LIMITS,
                Path(name),
                allow_private_addresses=session.settings.allows_private_peers,
            )
            held = await intake.hold(case.spec, [*sources, *session.sources])
            if not isinstance(held, HeldJob):
                raise VerificationError(held.message)
            target = Path(name) / "own"
            await runtime.run(
                RunRequest(
                    held.model.path,
                    held.input_path,
                    target,
                    output_names=tuple(tensor.name for tensor in manifest.committed()),
                    config=C1,
                ),
                intake.run_limits(case.spec.max_runtime_s),
            )
            own = decode_tensors(target.read_bytes())
    words = [*words, "The job was computed again here, reproducibly."]
    return Findings(compared(case, manifest, arrays, own), tuple(words))


def compared(
    case: PublicCase, manifest: ModelManifest, arrays: Sequence[Array], own: Sequence[Array]
) -> Grounds | None:
    """Return the claim that an output is wrong, or None; bits in class EXACT, distance otherwise.

    Args:
        arrays: revealed, in certificate order.
        own: what we computed, in the same order.
    """
    if _is_exact(case):
        if output_root([tensor_hash(array) for array in own]) == case.opening.out_root:
            return None
        return Grounds(DisputeKind.WRONG_OUTPUT, "Our own run gives other bits.")
    return output_grounds(
        scaled(manifest, arrays),
        scaled(manifest, own),
        seed0=case.opening.seed0,
        shift=case.opening.shift,
        tau_sq=manifest.read_terms().tau_sq,
    )


def scaled(manifest: ModelManifest, arrays: Sequence[Array]) -> list[ScaledTensor]:
    """Return tensors with the exponents of the certificate.

    Raises:
        VerificationError: there is no certificate, or it names another number of tensors.
    """
    verify = [] if manifest.certificate is None else manifest.certificate.verify
    if len(verify) != len(arrays) or not verify:
        raise VerificationError("The model's certificate does not fit the revealed output.")
    return [
        ScaledTensor(array, tuple(int(value) for value in tensor.exponent))
        for array, tensor in zip(arrays, verify, strict=True)
    ]


def _is_exact(case: PublicCase) -> bool:
    return case.spec.job_class is JobClass.EXACT
