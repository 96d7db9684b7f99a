"""Hashes that bind a provider to an output: per tensor, per output, and per chunk.

Place: L2, between the runtime's canonical tensors and the contracts. ``output_root`` is
``outRoot`` of verification section 3; the tree is that of ``protocol.merkle``. Never: I/O, or a
hash of bytes that are not canonical.
"""

from __future__ import annotations

from collections.abc import Sequence

import blake3
from eth_abi.abi import encode as abi_encode

from neurovoyance.protocol.abi_words import bytes32_array
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import keccak256
from neurovoyance.protocol.merkle import (
    MerkleTree,
    hash_pair,
    is_proven,
    leaf_hash,
    require_hash,
)
from neurovoyance.verification.canonical import Array, encode_chunks


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
        require_hash(value, f"tensor hash {position}")
    return keccak256(bytes32_array(list(hashes)))


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


def chunk_tree(chunks: Sequence[bytes]) -> MerkleTree:
    """Return the tree over :func:`chunk_leaf` of each chunk with its position."""
    return MerkleTree.of_leaves([chunk_leaf(at, chunk) for at, chunk in enumerate(chunks)])


__all__ = [
    "MerkleTree",
    "chunk_leaf",
    "chunk_tree",
    "hash_pair",
    "is_proven",
    "leaf_hash",
    "output_root",
    "split_chunks",
    "tensor_hash",
]
