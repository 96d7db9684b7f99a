"""Orders, leaves and commitments: the vectors of docs/spec/tasks.md, and what is refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.protocol.job_spec import parse_spec
from neurovoyance.protocol.merkle import is_proven, leaf_hash
from neurovoyance.protocol.task_frames import TaskFrame, encode_task
from neurovoyance.protocol.tasks import (
    NO_ROOT,
    BatchCommitment,
    BatchOrder,
    BatchRequest,
    Leaf,
    SignedCommitment,
    Task,
    TaskTerms,
    leaves_of,
    numeric_seed,
    parse,
    raw_cid,
    recover,
    tasks_hash,
    tree_of,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors/tasks.json").read_text()
)
PLACE: dict[str, Any] = {"chain_id": VECTORS["chain_id"], "channels": VECTORS["channels"]}
TASKS = [Task(parse_spec(row["spec"]), int(row["price_wei"])) for row in VECTORS["tasks"]]
ORDER = parse(BatchOrder, json.dumps(VECTORS["order"]))
COMMITMENT = parse(BatchCommitment, json.dumps(VECTORS["commitment"]))


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize("number", range(3))
def test_tasks_equal_the_vectors(number: int) -> None:
    row, task = VECTORS["tasks"][number], TASKS[number]
    data = raw(row["input"])
    assert task.hash() == raw(row["hash"])
    assert raw_cid(data) == task.spec.input_cid
    frame = TaskFrame(task.price_wei, task.spec.batch, data, is_inline=True)
    assert encode_task(frame) == raw(row["frame"])


@given(
    st.lists(st.binary(min_size=32, max_size=32), min_size=3, max_size=3),
    *[st.integers(0, 2**96 - 1)] * 2,
)
def test_hashes_are_those_of_the_abi(roots: list[bytes], start: int, end: int) -> None:
    task = TASKS[0]._replace(price_wei=start)
    values = ["NVY/task/1", task.spec.spec_hash(), start]
    assert task.hash() == hash_abi(["string", "bytes32", "uint96"], values)
    types = ["bytes32", "bytes32", "bytes32", "uint256", "uint256"]
    encoded = abi_encode(types, [*roots, start, end])
    assert Leaf(roots[0], roots[1], roots[2], start, end).hash() == leaf_hash(encoded)
    assert tasks_hash(roots) == hash_abi(["bytes32[]"], [roots])


def test_a_price_beyond_its_type_is_not_hashed() -> None:
    with pytest.raises(SpecError, match="uint96"):
        TASKS[0]._replace(price_wei=2**96).hash()


def test_the_order_equals_the_vector() -> None:
    assert tasks_hash([task.hash() for task in TASKS]) == ORDER.tasks_hash
    assert ORDER.hash(**PLACE) == raw(VECTORS["order_hash"])
    signature = raw(VECTORS["order_signature"])
    assert recover(ORDER, signature, **PLACE) == VECTORS["client"]
    assert recover(ORDER, signature, chain_id=1, channels=PLACE["channels"]) != VECTORS["client"]


def test_leaves_and_commitment_equal_the_vectors() -> None:
    rows = VECTORS["leaves"]
    roots = [(raw(row["out_root"]), raw(row["numeric_root"])) for row in rows]
    assert roots[0][1] == NO_ROOT
    leaves = leaves_of([(task.hash(), task.price_wei) for task in TASKS], roots, ORDER.start_wei)
    assert [leaf.hash() for leaf in leaves] == [raw(row["hash"]) for row in rows]
    assert [leaf.start_wei for leaf in leaves] == [int(row["start_wei"]) for row in rows]
    seeds = [numeric_seed(leaf.task_hash, leaf.out_root) for leaf in leaves]
    assert seeds == [raw(row["seed"]) for row in rows]
    assert tree_of(leaves).root == COMMITMENT.root
    assert leaves[-1].end_wei == COMMITMENT.end_wei
    assert COMMITMENT.work(**PLACE) == raw(VECTORS["work"])
    signature = raw(VECTORS["commitment_signature"])
    assert recover(COMMITMENT, signature, **PLACE) == VECTORS["operator"]


@given(prices=st.lists(st.integers(1, 2**60), min_size=1, max_size=40), start=st.integers(0, 2**60))
def test_intervals_follow_each_other_and_every_leaf_is_provable(
    prices: list[int], start: int
) -> None:
    tasks = [(number.to_bytes(32, "big"), price) for number, price in enumerate(prices)]
    leaves = leaves_of(tasks, [(bytes(32), NO_ROOT)] * len(prices), start)
    assert leaves[0].start_wei == start
    assert leaves[-1].end_wei == start + sum(prices)
    assert all(a.end_wei == b.start_wei for a, b in itertools.pairwise(leaves))
    tree = tree_of(leaves)
    for leaf in leaves:
        assert is_proven(tree.root, leaf.hash(), tree.proof(leaf.hash()))


@pytest.mark.parametrize(
    ("kind", "text", "field"),
    [
        (BatchOrder, json.dumps(VECTORS["order"] | {"count": 1_025}), "count"),
        (BatchCommitment, json.dumps(VECTORS["commitment"] | {"root": "0x12"}), "root"),
        (SignedCommitment, "[]", "document"),
    ],
)
def test_what_is_malformed_is_named(kind: type[Any], text: str, field: str) -> None:
    with pytest.raises(SpecError, match=field):
        parse(kind, text)


def test_a_task_of_a_batch_differs_in_its_input_alone() -> None:
    request = BatchRequest(order=ORDER, signature=b"1", spec=TASKS[0].spec, sources=[])
    made = request.task(TASKS[2].spec.input_cid, 3, TASKS[2].price_wei)
    assert made == TASKS[2]
    for cid, rows, price in ((b"1", 1, 1), (TASKS[0].spec.input_cid, 0, 1), (b"1234", 1, 0)):
        with pytest.raises(SpecError):
            request.task(cid, rows, price)


def test_terms_name_the_least_price() -> None:
    terms = TaskTerms(
        base_price_wei=0, price_per_second_wei=0, credit_wei=1, max_runtime_s=1,
        owed_wei=0, promised_wei=0, exposed_wei=0,
    )  # fmt: skip
    assert terms.price_wei(9) == 1
    assert terms.model_copy(update={"price_per_second_wei": 3}).price_wei(9) == 27
