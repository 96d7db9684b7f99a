"""Why a node refused a transaction, read from its words.

Place: under ``sender``. Nodes give these reasons no code of their own, only text, which differs a
little between them; this is the only place that looks at it.
"""

from __future__ import annotations

from neurovoyance.chain.rpc_errors import RpcRefused


def _says(refused: RpcRefused, *phrases: str) -> bool:
    text = refused.rpc_message.lower()
    return any(phrase in text for phrase in phrases)


def is_known_already(refused: RpcRefused) -> bool:
    """Whether the node has this very transaction: as good as accepted."""
    return _says(refused, "already known", "already imported", "known transaction")


def is_nonce_too_low(refused: RpcRefused) -> bool:
    """Whether the chain has used the nonce."""
    return _says(refused, "nonce too low", "invalid nonce", "old nonce")


def is_fee_matter(refused: RpcRefused) -> bool:
    """Whether higher fees would let it in."""
    return _says(
        refused, "underpriced", "max fee per gas less than", "fee cap less than", "fee too low"
    )
