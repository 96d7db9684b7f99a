"""Hashes that bind a provider to an output: per tensor, per output, and per chunk.

Place: L2, between the runtime's canonical tensors and the contracts. ``output_root`` is
``outRoot`` of verification section 3; the tree is OpenZeppelin's standard Merkle tree, so that
``MerkleProof.verify`` accepts its proofs on chain. Never: I/O, or a hash of bytes that are not
canonical.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import blake3
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import Array, encode_chunks

HASH_BYTES = 32


def tensor_hash(array: Array) -> bytes:
    """Return ``blake3`` (32 bytes) of the canonical bytes of a tensor.

    Raises:
        SpecError: the dtype has no canonical form.
    """
    hasher = blake3.blake3()
    for piece in encode_chunks(array):
        hasher.update(piece)
    digest: bytes = hasher.digest()
    return digest


def output_root(hashes: Sequence[bytes]) -> bytes:
    """Return ``keccak256(abi.encode(bytes32[]))`` of tensor hashes in certificate order.

    Raises:
        SpecError: no hash, or one that is not 32 bytes.
    """
    if not hashes:
        raise SpecError("An output of no tensors has no root; nothing was hashed.")
    for position, value in enumerate(hashes):
        _require_hash(value, f"tensor hash {position}")
    return bytes(keccak(abi_encode(["bytes32[]"], [list(hashes)])))


def leaf_hash(encoded: bytes) -> bytes:
    """Return ``keccak256(keccak256(encoded))`` of an ABI-encoded leaf.

    Hashing twice keeps a 64-byte leaf from passing as an inner node.
    """
    return bytes(keccak(keccak(encoded)))


def chunk_leaf(index: int, chunk: bytes) -> bytes:
    """Return the leaf hash of one chunk: ``abi.encode(uint256 index, bytes32 blake3(chunk))``."""
    return leaf_hash(abi_encode(["uint256", "bytes32"], [index, blake3.blake3(chunk).digest()]))


def split_chunks(data: bytes, chunk_bytes: int) -> list[bytes]:
    """Return the chunks of ``data``, the last one shorter; empty data is one empty chunk.

    Raises:
        SpecError: ``chunk_bytes`` is not positive.
    """
    if chunk_bytes <= 0:
        raise SpecError("A chunk must hold at least one byte.", chunk_bytes=chunk_bytes)
    return [data[at : at + chunk_bytes] for at in range(0, len(data), chunk_bytes)] or [b""]


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
            _require_hash(leaf, f"leaf {position}")
        ordered = sorted(leaves)
        nodes = [b""] * (len(ordered) - 1) + ordered[::-1]
        for at in range(len(ordered) - 2, -1, -1):
            nodes[at] = hash_pair(nodes[2 * at + 1], nodes[2 * at + 2])
        return cls(tuple(nodes), tuple(ordered))

    @classmethod
    def of_chunks(cls, chunks: Sequence[bytes]) -> MerkleTree:
        """Build the tree over :func:`chunk_leaf` of each chunk with its position."""
        return cls.of_leaves([chunk_leaf(at, chunk) for at, chunk in enumerate(chunks)])

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
    return bytes(keccak(min(left, right) + max(left, right)))


def is_proven(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` leads from a leaf hash to ``root``, as ``MerkleProof.verify`` does."""
    node = leaf
    for sibling in proof:
        if len(sibling) != HASH_BYTES:
            return False
        node = hash_pair(node, sibling)
    return node == root


def _require_hash(value: bytes, name: str) -> None:
    if not isinstance(value, bytes) or len(value) != HASH_BYTES:
        raise SpecError(
            f"The {name} is not {HASH_BYTES} bytes long; nothing was hashed.", length=len(value)
        )
