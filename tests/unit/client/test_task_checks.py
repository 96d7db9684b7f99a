"""A delivery is believed only as far as it was signed, and a wrong output is shown to others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from eth_account import Account

from neurovoyance.client.errors import BatchMismatch
from neurovoyance.client.task_checks import (
    check_commitment,
    check_outputs,
    check_repeated,
    outputs_of,
)
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.protocol.merkle import is_proven
from neurovoyance.protocol.tasks import (
    BatchCommitment,
    BatchOrder,
    BatchRequest,
    Leaf,
    SignedCommitment,
    Task,
    leaves_of,
    parse,
    raw_cid,
    sign,
    tasks_hash,
    tree_of,
)
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.repeats import roots_of

CHANNELS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
PLACE: dict[str, Any] = {"chain_id": 31337, "channels": CHANNELS}
OPERATOR = Account.from_key("0x" + "44" * 32)
MANIFEST = ModelManifest(
    model_cid="bafkreiaaaa",
    size_bytes="1",
    opset="17",
    inputs=[TensorSpec(name="x", dtype="float32", shape=["n"])],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n"])],
)
SPEC = JobSpec(model_id=MANIFEST.model_id(), input_cid=raw_cid(b"0"))
TASKS = [Task(SPEC.model_copy(update={"input_cid": raw_cid(bytes([n]))}), 5 + n) for n in range(3)]
ARRAYS = [[np.arange(4, dtype=np.float32) + n] for n in range(3)]
OUTPUTS = [encode_tensors(arrays) for arrays in ARRAYS]
ORDER = BatchOrder.model_validate(
    {
        "channel_id": b"\1" * 32,
        "payee": OPERATOR.address,
        "tasks_hash": tasks_hash([task.hash() for task in TASKS]),
        "count": 3,
        "start_wei": 100,
        "total_wei": 18,
        "expiry_s": 9,
        "salt": bytes(32),
    }
)
REQUEST = BatchRequest(order=ORDER, signature=b"1", spec=SPEC, sources=[])
ORDER_HASH = ORDER.hash(**PLACE)


def signed(count: int = 3, **changes: Any) -> SignedCommitment:
    roots = [
        roots_of(MANIFEST, SPEC.job_class, arrays, task.hash())
        for arrays, task in zip(ARRAYS[:count], TASKS, strict=False)
    ]
    leaves = leaves_of([(task.hash(), task.price_wei) for task in TASKS], roots, 100)
    values = {
        "order_hash": ORDER_HASH,
        "root": tree_of(leaves).root,
        "count": count,
        "start_wei": 100,
        "end_wei": leaves[-1].end_wei,
        **changes,
    }
    commitment = BatchCommitment.model_validate(values)
    return SignedCommitment(commitment=commitment, signature=sign(commitment, OPERATOR, **PLACE))


def check(given: SignedCommitment, operator: str = OPERATOR.address) -> None:
    check_commitment(REQUEST, ORDER_HASH, TASKS, given, operator=operator, **PLACE)


@pytest.mark.parametrize("count", [1, 3])
def test_a_sound_delivery_passes(count: int) -> None:
    given = signed(count)
    check(given)
    delivery = check_outputs(REQUEST, TASKS, given, OUTPUTS[:count], MANIFEST)
    assert [leaf.end_wei for leaf in delivery.leaves] == [105, 111, 118][:count]
    np.testing.assert_array_equal(outputs_of(MANIFEST, delivery.committed[0])["y"], ARRAYS[0][0])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (signed(order_hash=bytes(32)), "another order"),
        (signed(end_wei=119), "another price"),
        (signed(start_wei=99), "another price"),
        (signed(2, end_wei=118), "another price"),
        (signed().model_copy(update={"signature": b"12"}), "cannot be read"),
    ],
)
def test_a_commitment_that_does_not_fit_is_refused(given: SignedCommitment, why: str) -> None:
    with pytest.raises(BatchMismatch, match=why):
        check(given)


def test_only_the_operator_signs_for_a_provider() -> None:
    with pytest.raises(BatchMismatch, match="operator"):
        check(signed(), operator=CHANNELS)


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        (OUTPUTS[:2], "2 came"),
        ([OUTPUTS[1], OUTPUTS[0], OUTPUTS[2]], "not the ones"),
        ([*OUTPUTS[:2], OUTPUTS[2][:-1]], "output 2"),
        ([*OUTPUTS[:2], b""], "output 2"),
        ([*OUTPUTS[:2], encode_tensors([np.array([np.nan], np.float32)])], "output 2"),
    ],
)
def test_an_output_that_was_not_signed_for_is_refused(outputs: list[bytes], why: str) -> None:
    with pytest.raises(BatchMismatch, match=why):
        check_outputs(REQUEST, TASKS, signed(), outputs, MANIFEST)


def test_a_wrong_output_leaves_evidence_that_others_can_check() -> None:
    delivery = check_outputs(REQUEST, TASKS, signed(), OUTPUTS, MANIFEST)
    check_repeated(delivery, [2, 0], [ARRAYS[2], ARRAYS[0]], MANIFEST, bytes(32))
    wrong = [np.arange(4, dtype=np.float32) * 2]
    with pytest.raises(BatchMismatch, match="Output 1") as caught:
        check_repeated(delivery, [2, 1], [ARRAYS[2], wrong], MANIFEST, bytes(32))
    found = caught.value.context["evidence"]
    shown = parse(SignedCommitment, json.dumps(found["signed"]))
    check(shown)
    leaf = Leaf(
        TASKS[1].hash(),
        bytes.fromhex(found["leaf"]["out_root"][2:]),
        bytes(32),
        int(found["leaf"]["start_wei"]),
        int(found["leaf"]["end_wei"]),
    )
    proof = [bytes.fromhex(node[2:]) for node in found["proof"]]
    assert is_proven(shown.commitment.root, leaf.hash(), proof)
    assert not is_proven(shown.commitment.root, replace(leaf, end_wei=1).hash(), proof)
