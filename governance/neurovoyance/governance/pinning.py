"""Whether the code of a proposal's targets is still what it was when the proposal was made.

Place: the twin of ``ProtocolGovernor._digestOf``: the hashes of the code are chained in order with
keccak256 over their ABI encoding, and 28 bytes are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurovoyance.protocol.ids import keccak256

DIGEST_BYTES = 28


def code_digest(code_hashes: Sequence[str]) -> bytes:
    """Return the digest of code hashes (``0x`` hex, in order), 28 bytes."""
    digest = bytes(32)
    for code_hash in code_hashes:
        digest = keccak256(digest + bytes.fromhex(code_hash.removeprefix("0x")))
    return digest[:DIGEST_BYTES]
