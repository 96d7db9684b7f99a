"""The devnet's pool of transactions that are not mined yet.

Place: under ``evm_engine``; refuses in the words of other nodes, since senders can only tell
reasons apart by words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

REPLACEMENT_BPS = 1_000
_MAX_TRANSACTIONS = 10_000


class PoolRefusal(Exception):
    """The devnet declines a request; the text is what other nodes say."""


class TransactionPool:
    """Pending transactions by sender and nonce."""

    def __init__(self) -> None:
        self._by_sender: dict[bytes, dict[int, Any]] = {}
        self._order: dict[bytes, int] = {}
        self._counter = 0

    def copy(self) -> TransactionPool:
        """Return an independent pool with the same transactions."""
        other = TransactionPool()
        other._by_sender = {sender: dict(txs) for sender, txs in self._by_sender.items()}
        other._order, other._counter = dict(self._order), self._counter
        return other

    def add(self, tx: Any) -> None:
        """Take a transaction, or replace one of the same nonce if both fees rise by a tenth.

        Raises:
            PoolRefusal: it is here already, or replaces another for too little.
        """
        queue = self._by_sender.setdefault(bytes(tx.sender), {})
        other = queue.get(tx.nonce)
        if other is not None:
            if other.hash == tx.hash:
                raise PoolRefusal("already known")
            for name in ("max_fee_per_gas", "max_priority_fee_per_gas"):
                if getattr(tx, name) * 10_000 < getattr(other, name) * (10_000 + REPLACEMENT_BPS):
                    raise PoolRefusal("replacement transaction underpriced")
        elif len(self._order) >= _MAX_TRANSACTIONS:
            raise PoolRefusal("txpool is full")
        else:
            self._counter += 1
        self._order[tx.hash] = (
            self._order.pop(other.hash, self._counter) if other else self._counter
        )
        queue[tx.nonce] = tx

    def remove(self, tx: Any) -> None:
        """Take a transaction out."""
        queue = self._by_sender.get(bytes(tx.sender), {})
        queue.pop(tx.nonce, None)
        self._order.pop(tx.hash, None)
        if not queue:
            self._by_sender.pop(bytes(tx.sender), None)

    def find(self, tx_hash: bytes) -> Any | None:
        """Return a pending transaction, or None."""
        if tx_hash not in self._order:
            return None
        found = (tx for queue in self._by_sender.values() for tx in queue.values())
        return next((tx for tx in found if tx.hash == tx_hash), None)

    def drop(self, tx_hash: bytes) -> bool:
        """Forget a pending transaction, as a full node's pool may; False if unknown."""
        tx = self.find(tx_hash)
        if tx is None:
            return False
        self.remove(tx)
        return True

    def next_nonce(self, sender: bytes, mined_nonce: int) -> int:
        """Return the nonce after the pending ones that follow on the mined ones."""
        queue = self._by_sender.get(sender, {})
        nonce = mined_nonce
        while nonce in queue:
            nonce += 1
        return nonce

    def ready(self, nonce_of: Callable[[bytes], int], base_fee_wei: int) -> list[Any]:
        """Return what can be mined now, in order of arrival, nonces of a sender in sequence.

        Transactions whose nonce was used meanwhile are removed.
        """
        found: list[Any] = []
        for sender, queue in list(self._by_sender.items()):
            nonce = nonce_of(sender)
            for used in [n for n in queue if n < nonce]:
                self.remove(queue[used])
            while nonce in queue and queue[nonce].max_fee_per_gas >= base_fee_wei:
                found.append(queue[nonce])
                nonce += 1
        # Arrival order overall; the sort is stable and a sender's later nonce never comes first.
        highest: dict[bytes, int] = {}
        keys: list[tuple[int, int, Any]] = []
        for tx in found:
            rank = max(self._order[tx.hash], highest.get(bytes(tx.sender), 0))
            highest[bytes(tx.sender)] = rank
            keys.append((rank, len(keys), tx))
        return [tx for _, _, tx in sorted(keys, key=lambda item: item[:2])]
