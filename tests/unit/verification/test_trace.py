"""Rows, tree and listing of a trace; vectors; listings that must be refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eth_hash.auto import keccak

from neurovoyance.protocol.audit import TraceRow, trace_seed, unpack_ints
from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import Array, decode_tensor, encode_tensor
from neurovoyance.verification.plain_projection import plain_project, plain_shift
from neurovoyance.verification.trace import (
    Trace,
    TraceManifest,
    build_row,
    build_trace,
    is_row_proven,
    parse_trace_manifest,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "trace.json").read_text(encoding="utf-8")
)


def tensors() -> list[Array]:
    random = np.random.default_rng(5)
    return [
        random.normal(size=(3, 4)).astype(np.float32),
        random.normal(size=700).astype(np.float16),
        np.arange(5),
        np.array([1, np.inf], np.float32),
        np.zeros((0, 2), np.float32),
        np.float32(3e30) * np.ones(9, np.float32),
        np.array([True, False]),
    ]


def test_vectors_are_reproduced() -> None:
    arrays = [decode_tensor(bytes.fromhex(row["tensor"]))[0] for row in VECTORS["rows"]]
    trace = build_trace(iter(arrays), int(VECTORS["disputeId"]))
    assert trace.root.hex() == VECTORS["root"]
    for row, vector in zip(trace.rows, VECTORS["rows"], strict=True):
        assert row.tensor_hash.hex() == vector["hash"] and row.shift == int(vector["shift"])
        assert [word.hex() for word in row.z16] == vector["z16"]
        assert [node.hex() for node in trace.proof(row.index)] == vector["proof"]


def solidity_root(row: dict[str, Any], index: int) -> bytes:
    """Recompute the root of a vector with keccak256 alone, as a contract does."""
    words = index.to_bytes(32, "big") + bytes.fromhex(row["hash"])
    words += int(row["shift"]).to_bytes(32, "big", signed=True)
    words += bytes.fromhex("".join(row["z16"]))
    node = keccak(keccak(words))
    for sibling in map(bytes.fromhex, row["proof"]):
        node = keccak(min(node, sibling) + max(node, sibling))
    return node


def test_vectors_verify_by_plain_hashing() -> None:
    for index, row in enumerate(VECTORS["rows"]):
        assert solidity_root(row, index).hex() == VECTORS["root"]


def test_the_plain_projection_agrees_with_a_row() -> None:
    for index, array in enumerate(tensors()[:2]):
        data, seed = [(encode_tensor(array), [0])], trace_seed(9)
        row = build_row(index, array, seed)
        shift = plain_shift(data)
        assert shift == row.shift
        found = plain_project(data, seed, shift)
        assert found is not None and found[:16] == unpack_ints(row.z16)


@pytest.mark.parametrize("index", range(2, 7))
def test_what_has_no_projection_has_zeros(index: int) -> None:
    row = build_row(index, tensors()[index], trace_seed(9))
    assert (row.shift, row.z16) == (0, (bytes(32), bytes(32)))


def test_every_row_is_proven_and_no_other() -> None:
    trace = build_trace(tensors(), 3)
    for row in trace.rows:
        assert is_row_proven(trace.root, row, trace.proof(row.index))
        for wrong in (
            replace(row, index=row.index + 1),
            replace(row, tensor_hash=bytes(32)),
            replace(row, shift=row.shift - 1),
            replace(row, z16=(bytes(31) + b"\1", row.z16[1])),
        ):
            assert not is_row_proven(trace.root, wrong, trace.proof(row.index))


def test_one_tensor_is_held_at_a_time() -> None:
    alive: list[int] = []

    def lazily() -> Any:
        for array in tensors():
            alive.append(len(alive))
            yield array

    assert len(build_trace(lazily(), 1).rows) == len(alive)


def listing() -> TraceManifest:
    trace = build_trace(tensors(), 3)
    return TraceManifest(3, trace, tuple(f"bafkrei{at:05d}" for at in range(len(trace.rows))))


def parse(raw: bytes, **changes: Any) -> TraceManifest:
    given = {"dispute_id": 3, "rows": 7, "root": listing().trace.root, **changes}
    return parse_trace_manifest(raw, **given)


def test_a_listing_is_read_back() -> None:
    found = parse(listing().canonical_bytes())
    assert found == listing() and found.trace.rows[0].index == 0


@pytest.mark.parametrize(
    "changes", [{"dispute_id": 4}, {"rows": 6}, {"rows": 8}, {"root": bytes(32)}]
)
def test_a_listing_of_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="listing of the trace"):
        parse(listing().canonical_bytes(), **changes)


def tampered(edit: Any) -> bytes:
    data = json.loads(listing().canonical_bytes())
    edit(data)
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[" * 100_000,
        b"{}",
        b'{"rows":[]}',
        listing().canonical_bytes() + b" ",
        tampered(lambda d: d["rows"].reverse()),
        tampered(lambda d: d["rows"][0].update(shift="+1")),
        tampered(lambda d: d["rows"][0].update(shift="99")),
        tampered(lambda d: d["rows"][0].update(hash="0x00")),
        tampered(lambda d: d["rows"][0].update(z=[])),
        tampered(lambda d: d["rows"][0].update(extra=1)),
        tampered(lambda d: d.update(version="2")),
    ],
)
def test_a_hostile_listing_is_refused(raw: bytes) -> None:
    with pytest.raises(SpecError):
        parse(raw)


def test_an_empty_trace_has_no_tree() -> None:
    with pytest.raises(SpecError):
        _ = Trace(()).root
    row = TraceRow(0, bytes(32), 0, (bytes(32), bytes(32)))
    assert len(Trace((row,)).proof(0)) == 0
