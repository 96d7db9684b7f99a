"""Is what came what was ordered and signed? Pure checks of a delivered batch.

Place: under :mod:`.tasks`. Every output is compared with its leaf under the signed root, and some
with a repetition, by the functions that audits use. What fails is told as evidence that others can
check: order, commitment, leaf, proof. Never: I/O, or a payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from neurovoyance.client.errors import BatchMismatch
from neurovoyance.protocol.errors import NeurovoyanceError, SpecError, VerificationError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.tasks import (
    BatchRequest,
    Leaf,
    SignedCommitment,
    Task,
    leaves_of,
    recover,
    tree_of,
)
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.repeats import compare_outputs, roots_of
from neurovoyance.verification.tail import evaluate_tail
from neurovoyance.verification.verdict import Accept

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch whose outputs are those that the provider signed for.

    Attributes:
        request: as it was ordered.
        signed: the provider's commitment.
        leaves: one for each delivered task.
        committed: the committed tensors of each.
    """

    request: BatchRequest
    signed: SignedCommitment
    leaves: tuple[Leaf, ...]
    committed: tuple[tuple[Array, ...], ...]

    def evidence(self, index: int, why: str, **facts: str) -> dict[str, Any]:
        """Return what shows to others that one leaf was signed: JSON values alone."""
        leaf = self.leaves[index]
        return {
            "why": why,
            "index": index,
            "request": self.request.model_copy(update={"voucher": None}).model_dump(mode="json"),
            "signed": self.signed.model_dump(mode="json"),
            "leaf": {
                "task_hash": hex_of(leaf.task_hash),
                "out_root": hex_of(leaf.out_root),
                "numeric_root": hex_of(leaf.numeric_root),
                "start_wei": str(leaf.start_wei),
                "end_wei": str(leaf.end_wei),
            },
            "proof": [hex_of(node) for node in tree_of(self.leaves).proof(leaf.hash())],
            **facts,
        }


def check_commitment(
    request: BatchRequest,
    order_hash: bytes,
    tasks: Sequence[Task],
    signed: SignedCommitment,
    *,
    operator: str,
    chain_id: int,
    channels: str,
) -> None:
    """Check that a commitment is the provider's, and about this order.

    Raises:
        BatchMismatch: it is not; nothing is owed for it.
    """
    commitment, order = signed.commitment, request.order
    try:
        signer = recover(commitment, signed.signature, chain_id=chain_id, channels=channels)
    except NeurovoyanceError as error:
        raise _unsigned("its signature cannot be read") from error
    if signer != operator:
        raise _unsigned("it is not signed by the provider's operator")
    if commitment.order_hash != order_hash or commitment.count > order.count:
        raise _unsigned("it is about another order")
    price_wei = sum(task.price_wei for task in tasks[: commitment.count])
    interval = (order.start_wei, order.start_wei + price_wei)
    if (commitment.start_wei, commitment.end_wei) != interval:
        raise _unsigned("it names another price")


def check_outputs(
    request: BatchRequest,
    tasks: Sequence[Task],
    signed: SignedCommitment,
    outputs: Sequence[bytes],
    manifest: ModelManifest,
) -> Delivery:
    """Compare every output with its leaf under the signed root.

    Args:
        request: as it was ordered.
        tasks: of the order.
        signed: a commitment that :func:`check_commitment` accepted.
        outputs: canonical tensors of each delivered task, in order.
        manifest: of the model.

    Raises:
        BatchMismatch: an output is missing, malformed, or not the one that was signed for.
    """
    commitment, job_class = signed.commitment, request.spec.job_class
    if len(outputs) != commitment.count:
        raise _wrong(f"{commitment.count} outputs were signed for, and {len(outputs)} came")
    hashes = [(task.hash(), task.price_wei) for task in tasks]
    roots, committed = [], []
    for index, data in enumerate(outputs):
        try:
            arrays = decode_tensors(data)
            roots.append(roots_of(manifest, job_class, arrays, hashes[index][0]))
        except (NeurovoyanceError, ValueError) as error:
            raise _wrong(f"output {index} is not what the model returns") from error
        committed.append(tuple(arrays))
    leaves = leaves_of(hashes, roots, commitment.start_wei)
    if tree_of(leaves).root != commitment.root:
        raise _wrong("the outputs are not the ones that were signed for")
    return Delivery(request, signed, tuple(leaves), tuple(committed))


def check_repeated(
    delivery: Delivery,
    indices: Sequence[int],
    repeated: Sequence[Sequence[Array]],
    manifest: ModelManifest,
    seed: bytes,
) -> None:
    """Compare some outputs with repetitions, under a seed drawn after the delivery.

    Raises:
        BatchMismatch: one differs by more than the certificate tolerates; with the evidence.
        VerificationError: it could not be compared.
    """
    for index, again in zip(indices, repeated, strict=True):
        given = delivery.committed[index]
        job_class = delivery.request.spec.job_class
        verdict = compare_outputs(manifest, job_class, given, again, seed)
        if isinstance(verdict, Accept):
            continue
        evidence = delivery.evidence(index, verdict.reason, seed=hex_of(seed))
        raise BatchMismatch(
            f"Output {index} is not what the model computes: {verdict.reason} "
            "No voucher was signed for this batch, and none will be in this channel.",
            evidence=evidence,
        )


def outputs_of(manifest: ModelManifest, committed: Sequence[Array]) -> Arrays:
    """Return the graph outputs: themselves committed to, or computed here from what was.

    Raises:
        BatchMismatch: the committed tensors do not lead to the model's outputs.
    """
    names = [tensor.name for tensor in manifest.committed()]
    verify = dict(zip(names, committed, strict=True))
    if manifest.certificate is None:
        return verify
    wanted = [tensor.name for tensor in manifest.tensors]
    try:
        return evaluate_tail(manifest.certificate.tail, verify, wanted, int(manifest.opset))
    except (SpecError, VerificationError) as error:
        raise _wrong("an output does not lead to the model's outputs") from error


def _unsigned(problem: str) -> BatchMismatch:
    return BatchMismatch(
        f"The provider's commitment does not count: {problem}. Nothing was signed for it."
    )


def _wrong(problem: str) -> BatchMismatch:
    return BatchMismatch(
        f"The batch is not what its provider signed for: {problem}. Nothing was paid for it."
    )
