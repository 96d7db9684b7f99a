"""Hashes and the Merkle tree: vectors, OpenZeppelin's published example, proofs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eth_abi.abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import decode_tensor
from neurovoyance.verification.commitment import (
    MerkleTree,
    chunk_leaf,
    chunk_tree,
    hash_pair,
    is_proven,
    leaf_hash,
    output_root,
    split_chunks,
    tensor_hash,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "canonical.json").read_text(encoding="utf-8")
)
hashes = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("vector", VECTORS["tensors"], ids=lambda v: v["name"])
def test_the_hash_of_a_tensor_is_the_vectors(vector: dict[str, Any]) -> None:
    array, _ = decode_tensor(bytes.fromhex(vector["canonical"]))
    assert tensor_hash(array).hex() == vector["blake3"]


@pytest.mark.parametrize("vector", VECTORS["output_roots"], ids=lambda v: str(len(v["hashes"])))
def test_the_output_root_is_the_vectors(vector: dict[str, Any]) -> None:
    assert output_root([bytes.fromhex(h) for h in vector["hashes"]]).hex() == vector["root"]


def test_the_chunk_tree_is_the_vectors() -> None:
    vector = VECTORS["merkle"]
    chunks = [bytes.fromhex(chunk) for chunk in vector["chunks"]]
    assert [chunk_leaf(at, c).hex() for at, c in enumerate(chunks)] == vector["leaves"]
    assert chunk_tree(chunks).root.hex() == vector["root"]


def test_the_tree_agrees_with_the_example_that_openzeppelin_publishes() -> None:
    values = [("0x" + "11" * 20, 5 * 10**18), ("0x" + "22" * 20, 25 * 10**17)]
    leaves = [leaf_hash(abi_encode(["address", "uint256"], value)) for value in values]
    root = "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"
    assert MerkleTree.of_leaves(leaves).root.hex() == root


@given(st.lists(hashes, min_size=1, max_size=20))
def test_every_leaf_is_proven_and_the_order_of_leaves_does_not_matter(leaves: list[bytes]) -> None:
    tree = MerkleTree.of_leaves(leaves)
    assert tree.root == MerkleTree.of_leaves(leaves[::-1]).root
    assert all(is_proven(tree.root, leaf, tree.proof(leaf)) for leaf in leaves)


@given(st.lists(hashes, min_size=2, max_size=12, unique=True), st.data())
def test_a_changed_leaf_or_proof_proves_nothing(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree.of_leaves(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    proof = tree.proof(leaf)
    position = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[position][0] ^ 1]) + proof[position][1:]
    assert not is_proven(tree.root, leaf, [*proof[:position], flipped, *proof[position + 1 :]])
    assert not is_proven(tree.root, bytes([leaf[0] ^ 1]) + leaf[1:], proof)
    assert not is_proven(tree.root, leaf, proof[:-1])


def test_an_inner_node_does_not_pass_for_a_chunk() -> None:
    tree = chunk_tree([b"a", b"b", b"c", b"d"])
    left, right = tree.nodes[3], tree.nodes[4]
    assert hash_pair(left, right) == tree.nodes[1]
    assert leaf_hash(min(left, right) + max(left, right)) != tree.nodes[1]


def test_a_proof_with_a_sibling_of_a_wrong_length_proves_nothing() -> None:
    tree = chunk_tree([b"a", b"b"])
    leaf = chunk_leaf(0, b"a")
    assert not is_proven(tree.root, leaf, [tree.proof(leaf)[0] + b"\0"])


def test_equal_chunks_at_different_positions_have_different_leaves() -> None:
    assert chunk_leaf(0, b"same") != chunk_leaf(1, b"same")


@given(st.binary(max_size=100), st.integers(1, 40))
def test_chunks_join_to_the_data(data: bytes, chunk_bytes: int) -> None:
    chunks = split_chunks(data, chunk_bytes)
    assert b"".join(chunks) == data
    assert all(len(chunk) == chunk_bytes for chunk in chunks[:-1])


def test_a_leaf_that_is_not_in_the_tree_has_no_proof() -> None:
    with pytest.raises(SpecError, match="not in the tree"):
        chunk_tree([b"a", b"b"]).proof(b"\0" * 32)


@pytest.mark.parametrize("bad", [[], [b"\0" * 31], [b"\0" * 32, b""]])
def test_a_root_needs_hashes_of_32_bytes(bad: list[bytes]) -> None:
    with pytest.raises(SpecError):
        output_root(bad)
    with pytest.raises(SpecError):
        MerkleTree.of_leaves(bad)


def test_chunks_of_no_bytes_are_refused() -> None:
    with pytest.raises(SpecError):
        split_chunks(b"abc", 0)


def test_the_order_of_tensors_changes_the_output_root() -> None:
    first, second = (tensor_hash(np.full(3, value, dtype=np.float32)) for value in (1, 2))
    assert output_root([first, second]) != output_root([second, first])
