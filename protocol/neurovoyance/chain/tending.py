"""Pending transactions of the journal: settle, send again, replace.

Place: under ``sender``, which decides when. Every method here may run after a crash with nothing
but the journal and the chain; replacing needs the key besides.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.ages import Ages
from neurovoyance.chain.fees import FeePolicy, Fees
from neurovoyance.chain.node_words import is_known_already
from neurovoyance.chain.nonces import Intent, JournaledTx, TxJournal, TxState
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.chain.wallet import SignedTransaction, Wallet
from neurovoyance.protocol.errors import RpcError

_log = logging.getLogger(__name__)
_REBROADCAST_AFTER_S = 5.0


class PendingTransactions:
    """Looks after what is journaled and not known to be mined.

    Attributes:
        chain_time_s: time of the latest block when fees were last asked for, unix seconds.
    """

    def __init__(
        self,
        rpc: RpcPool,
        journal: TxJournal,
        fees: FeePolicy,
        confirmations: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpc = rpc
        self._journal = journal
        self._fees = fees
        self._confirmations = confirmations
        self._ages = Ages(clock)
        self.chain_time_s = 0

    def sign(
        self, intent: Intent, wallet: Wallet, nonce: int, gas: int, fees: Fees
    ) -> SignedTransaction:
        """Return an EIP-1559 transaction of an intention, signed."""
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self._rpc.chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fees.max_fee_wei,
            "maxPriorityFeePerGas": fees.tip_wei,
            "value": intent.value_wei,
            "data": intent.data,
        }
        if intent.to_address is not None:
            fields["to"] = intent.to_address
        signed = wallet.sign_transaction(fields)
        self._ages.begin(signed.tx_hash)
        return signed

    async def fee_inputs(self) -> tuple[int, int]:
        """Return base fee and suggested tip, wei per gas, as one endpoint sees them."""
        block, tip = await self._rpc.request_all(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
        )
        self.chain_time_s = _time_of(block)
        base = wire.mapping(block, "a block").get("baseFeePerGas", "0x0")
        return wire.quantity(base, "a base fee"), wire.quantity(tip, "a tip")

    async def broadcast(self, row: JournaledTx) -> None:
        """Send the newest signed form to every endpoint; RpcRefused when all decline."""
        attempt = row.attempts[-1]
        try:
            await self._rpc.broadcast("eth_sendRawTransaction", ["0x" + attempt.raw.hex()])
        except RpcRefused as refused:
            if not is_known_already(refused):
                raise
        _log.info(
            "tx_broadcast label=%s nonce=%d tx_hash=%s", row.label, row.nonce, attempt.tx_hash
        )

    async def receipt_of(self, row: JournaledTx) -> dict[str, Any] | None:
        """Return the receipt of whichever signed form was mined, newest first."""
        for attempt in reversed(row.attempts):
            found = await self._rpc.request("eth_getTransactionReceipt", [attempt.tx_hash])
            if found is None:
                continue
            receipt = wire.mapping(found, "a receipt")
            if wire.hash32(receipt.get("transactionHash")) != attempt.tx_hash:
                raise RpcError("The RPC endpoint answered with another receipt.")
            if receipt.get("blockNumber") is not None:
                return receipt
        return None

    async def recover(self) -> list[JournaledTx]:
        """Send every pending transaction again; return those still pending."""
        for address in self._journal.senders():
            await self._settle_used(address)
            for row in self._journal.pending(address):
                await self.rebroadcast(row)
        return [r for address in self._journal.senders() for r in self._journal.pending(address)]

    async def tend(self, wallet: Wallet) -> None:
        """Look after a key's oldest pending transaction: send it again, or raise its fees."""
        await self.resend_undone(wallet.address)
        await self._settle_used(wallet.address)
        rows = self._journal.pending(wallet.address)
        if not rows:
            return
        age_s = await self._age_s(rows[0])
        if age_s >= self._fees.stuck_after_s:
            await self._replace(rows[0], wallet)
        elif age_s >= min(_REBROADCAST_AFTER_S, self._fees.stuck_after_s / 2):
            for row in rows:
                await self.rebroadcast(row)

    async def _age_s(self, row: JournaledTx) -> float:
        """Return how long the newest form of a row has waited."""
        newest = row.attempts[-1]
        age_s = self._ages.age_s(newest.tx_hash)
        if age_s is not None:
            return age_s
        block = await self._rpc.request("eth_getBlockByNumber", ["latest", False])
        waited_s = _time_of(block) - newest.made_at_s
        self._ages.begin(newest.tx_hash, waited_s)
        return max(0.0, waited_s)

    async def resend_undone(self, address: str) -> None:
        """Send again what a reorganisation took out of the chain after it had been mined."""
        latest = wire.quantity(
            await self._rpc.request("eth_getTransactionCount", [address, "latest"])
        )
        if not self._journal.reopen(address, latest):
            return
        _log.warning("tx_undone_by_reorganisation sender=%s from_nonce=%d", address, latest)
        for row in self._journal.pending(address):
            await self.rebroadcast(row)

    async def _settle_used(self, address: str) -> None:
        """Settle rows whose nonce the chain has used, by us or by a stranger to this journal."""
        rows = self._journal.pending(address)
        if not rows:
            return
        latest = wire.quantity(
            await self._rpc.request("eth_getTransactionCount", [address, "latest"])
        )
        for row in rows:
            if row.nonce >= latest:
                continue
            receipt = await self.receipt_of(row)
            if receipt is not None:
                is_success = wire.quantity(receipt.get("status")) == 1
                tx_hash = wire.hash32(receipt.get("transactionHash"))
                state = TxState.MINED if is_success else TxState.REVERTED
                self._journal.settle(row.id, state, tx_hash)
            elif await self._is_buried(row):
                _log.warning("tx_displaced label=%s nonce=%d", row.label, row.nonce)
                self._journal.settle(row.id, TxState.DISPLACED)

    async def _is_buried(self, row: JournaledTx) -> bool:
        """Whether the use of the nonce by another transaction is as deep as we ask of our own.

        Until then a reorganisation could let ours be mined after all, besides a second one.
        """
        head = wire.quantity(await self._rpc.request("eth_blockNumber"))
        block = hex(max(0, head - (self._confirmations - 1)))
        count, *found = await self._rpc.request_all(
            [
                ("eth_getTransactionCount", [row.sender, block]),
                *(("eth_getTransactionReceipt", [a.tx_hash]) for a in row.attempts),
            ]
        )
        return wire.quantity(count) > row.nonce and all(item is None for item in found)

    async def rebroadcast(self, row: JournaledTx) -> None:
        """Send the newest signed form again when the node does not know it."""
        known = await self._rpc.request("eth_getTransactionByHash", [row.attempts[-1].tx_hash])
        if known is not None:
            return
        try:
            await self.broadcast(row)
        except RpcRefused as refused:
            # A used nonce is for _settle_used, a fee that is too low for _replace.
            _log.warning("tx_rebroadcast_refused label=%s error=%s", row.label, refused)

    async def _replace(self, row: JournaledTx, wallet: Wallet) -> None:
        base_wei, tip_wei = await self.fee_inputs()
        fees = self._fees.bumped(row.attempts[-1].fees, base_wei, tip_wei)
        if fees is None:
            _log.warning(
                "fee_above_cap label=%s base_fee_wei=%d cap_wei=%d: waiting, not replaced",
                row.label,
                base_wei,
                self._fees.cap_wei_per_gas,
            )
            await self.rebroadcast(row)
            return
        intent = Intent(row.to_address, row.data, row.value_wei, row.label)
        signed = self.sign(intent, wallet, row.nonce, row.gas, fees)
        self._journal.add_attempt(row.id, signed, fees, self.chain_time_s)
        _log.warning(
            "tx_replaced label=%s nonce=%d tx_hash=%s", row.label, row.nonce, signed.tx_hash
        )
        fresh = self._journal.find(row.sender, row.key)
        if fresh is None:
            return
        try:
            await self.broadcast(fresh)
        except RpcRefused as refused:
            _log.warning("tx_replacement_refused label=%s error=%s", row.label, refused)


def _time_of(block: Any) -> int:
    return wire.quantity(wire.mapping(block, "a block").get("timestamp"), "a time")
