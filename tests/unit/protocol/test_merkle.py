"""The Merkle tree alone; that it is OpenZeppelin's is shown in verification/test_commitment.py."""

import pytest

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.merkle import MerkleTree, hash_pair, is_proven, leaf_hash, require_hash

LEAVES = [leaf_hash(bytes([number])) for number in range(5)]


def test_one_leaf_is_its_own_root_and_needs_no_proof() -> None:
    tree = MerkleTree.of_leaves(LEAVES[:1])
    assert tree.root == LEAVES[0]
    assert tree.proof(LEAVES[0]) == []
    assert is_proven(tree.root, LEAVES[0], [])


def test_a_pair_has_no_order() -> None:
    assert hash_pair(LEAVES[0], LEAVES[1]) == hash_pair(LEAVES[1], LEAVES[0])
    assert MerkleTree.of_leaves(LEAVES[:2]).root == hash_pair(*LEAVES[:2])


def test_a_proof_holds_for_its_leaf_alone() -> None:
    tree = MerkleTree.of_leaves(LEAVES)
    for leaf in LEAVES:
        holding = [other for other in LEAVES if is_proven(tree.root, other, tree.proof(leaf))]
        assert holding == [leaf]


def test_what_is_no_hash_is_named() -> None:
    with pytest.raises(SpecError, match="leaf 1"):
        MerkleTree.of_leaves([LEAVES[0], b"short"])
    with pytest.raises(SpecError, match="the root is not 32 bytes"[4:]):
        require_hash(b"", "root")
