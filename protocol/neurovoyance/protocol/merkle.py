"""OpenZeppelin's standard Merkle tree, so that ``MerkleProof.verify`` accepts its proofs on chain.

Place: L0, under ``vouchers`` (receipts) and ``verification.commitment`` (chunks, rows of traces).
Never: a rule about what a leaf holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import keccak256

HASH_BYTES = 32


def leaf_hash(encoded: bytes) -> bytes:
    """Return ``keccak256(keccak256(encoded))`` of an ABI-encoded leaf.

    Hashing twice keeps a 64-byte leaf from passing as an inner node.
    """
    return keccak256(keccak256(encoded))


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """OpenZeppelin's standard tree over leaf hashes; build it with :meth:`of_leaves`.

    ``nodes`` is the complete binary tree in array form: node ``i`` has the children ``2i+1`` and
    ``2i+2``, the root is node 0, and the sorted leaves fill the end from the back.
    """

    nodes: tuple[bytes, ...]
    leaves: tuple[bytes, ...]

    @classmethod
    def of_leaves(cls, leaves: Sequence[bytes]) -> MerkleTree:
        """Build the tree; the order of ``leaves`` does not matter.

        Raises:
            SpecError: no leaf, or one that is not 32 bytes.
        """
        if not leaves:
            raise SpecError("A Merkle tree needs at least one leaf; nothing was built.")
        for position, leaf in enumerate(leaves):
            require_hash(leaf, f"leaf {position}")
        ordered = sorted(leaves)
        nodes = [b""] * (len(ordered) - 1) + ordered[::-1]
        for at in range(len(ordered) - 2, -1, -1):
            nodes[at] = hash_pair(nodes[2 * at + 1], nodes[2 * at + 2])
        return cls(tuple(nodes), tuple(ordered))

    @property
    def root(self) -> bytes:
        """Return the root, 32 bytes."""
        return self.nodes[0]

    def proof(self, leaf: bytes) -> list[bytes]:
        """Return the siblings of a leaf hash from the bottom up.

        Raises:
            SpecError: the leaf is not in the tree.
        """
        rank = bisect_left(self.leaves, leaf)
        if rank == len(self.leaves) or self.leaves[rank] != leaf:
            raise SpecError("This leaf is not in the tree; no proof exists.", leaf=leaf)
        at = len(self.nodes) - 1 - rank
        siblings = []
        while at > 0:
            siblings.append(self.nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return siblings


def hash_pair(left: bytes, right: bytes) -> bytes:
    """Return ``keccak256`` of two nodes, the smaller first, so that a proof needs no directions."""
    return keccak256(min(left, right) + max(left, right))


def is_proven(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` leads from a leaf hash to ``root``, as ``MerkleProof.verify`` does."""
    node = leaf
    for sibling in proof:
        if len(sibling) != HASH_BYTES:
            return False
        node = hash_pair(node, sibling)
    return node == root


def require_hash(value: bytes, name: str) -> None:
    """Refuse what is not a hash of 32 bytes.

    Raises:
        SpecError: with ``name`` in the sentence.
    """
    if not isinstance(value, bytes) or len(value) != HASH_BYTES:
        raise SpecError(
            f"The {name} is not {HASH_BYTES} bytes long; nothing was hashed.", length=len(value)
        )
