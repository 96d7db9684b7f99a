"""One sender per key: simulate, record, broadcast, replace, wait.

Place: under ``client.ChainClient``. The rules that keep money safe:

* nothing is sent that a simulation refuses;
* what will be sent is journaled, signed bytes included, before it is sent;
* one idempotency key is one transaction: asking again joins it, whatever died in between;
* nonces are given out under a lock that holds among tasks and processes;
* a stuck transaction is replaced with higher fees; above the cap it waits and says so.

Never: an error after the broadcast that could be read as "not sent".
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.fees import FeePolicy, Fees
from neurovoyance.chain.node_words import is_fee_matter, is_nonce_too_low
from neurovoyance.chain.nonces import Intent, JournaledTx, TxJournal, TxState
from neurovoyance.chain.reverts import decode_revert, revert_data
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.chain.sender_lock import SenderLock
from neurovoyance.chain.tending import PendingTransactions
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import (
    ContractRevert,
    InsufficientFunds,
    InternalError,
    RpcError,
    TransactionError,
)

_log = logging.getLogger(__name__)
_FEE_WAIT_S = 2.0
_TEND_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How the sender waits; times in seconds."""

    fees: FeePolicy
    confirmations: int
    receipt_timeout_s: float
    poll_s: float


class _Displaced(Exception):
    """The nonce went to another transaction; the intention needs a new one."""


class TransactionSender:
    """Sends transactions of one chain; see the module's rules."""

    def __init__(
        self, rpc: RpcPool, journal: TxJournal, settings: SenderSettings, lock_dir: Path
    ) -> None:
        self._rpc = rpc
        self._journal = journal
        self._settings = settings
        self._lock_dir = lock_dir
        self._pending = PendingTransactions(rpc, journal, settings.fees, settings.confirmations)
        self._locks: dict[str, SenderLock] = {}
        self._tended_at: dict[str, float] = {}

    async def send(
        self,
        intent: Intent,
        wallet: Wallet,
        *,
        idempotency_key: str | None,
        confirmations: int | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """Send once and wait; return the raw receipt of the mined, successful transaction.

        Raises:
            ContractRevert: refused in simulation (nothing sent) or mined and reverted.
            InsufficientFunds: the account cannot pay for gas; nothing was sent.
            RpcError: no endpoint answered before anything was recorded; nothing was sent.
            TransactionError: not mined in time (the same key joins it later), the fee cap held it
                back, a node refused it, or the key names another transaction.
        """
        key = idempotency_key or uuid.uuid4().hex
        deadline = time.monotonic() + (timeout_s or self._settings.receipt_timeout_s)
        while True:
            row = self._find(wallet.address, key, intent)
            if row is None or row.state in (TxState.REVERTED, TxState.DISPLACED):
                row = await self._start(intent, wallet, key, deadline)
            try:
                return await self._wait(row, wallet, confirmations, deadline)
            except _Displaced:
                _log.warning("tx_displaced key=%s nonce=%d label=%s", key, row.nonce, row.label)

    def _find(self, address: str, key: str, intent: Intent) -> JournaledTx | None:
        row = self._journal.find(address, key)
        if row is not None and row.fingerprint != intent.fingerprint:
            raise TransactionError(
                f"The idempotency key {key!r} belongs to another transaction ({row.label}); "
                f"{intent.label} was not sent.",
                hint="A key names one intention with fixed arguments; choose another key.",
                idempotency_key=key,
            )
        return row

    async def _start(
        self, intent: Intent, wallet: Wallet, key: str, deadline: float
    ) -> JournaledTx:
        await self.simulate(intent, wallet.address)
        gas = self._settings.fees.gas_limit(await self._estimate(intent, wallet.address))
        fees = await self._first_fees(intent, deadline)
        async with self.lock_of(wallet).hold():
            # Another task or process may have recorded the same key while this one simulated.
            row = self._find(wallet.address, key, intent)
            if row is not None and row.state in (TxState.PENDING, TxState.MINED):
                return row
            await self._pending.resend_undone(wallet.address)
            count, balance = await self._rpc.request_all(
                [
                    ("eth_getTransactionCount", [wallet.address, "pending"]),
                    ("eth_getBalance", [wallet.address, "latest"]),
                ]
            )
            self._check_funds(wire.quantity(balance), gas, fees, intent, wallet.address)
            nonce = self._journal.free_nonce(wallet.address, wire.quantity(count))
            signed = self._pending.sign(intent, wallet, nonce, gas, fees)
            row = self._journal.record(
                wallet.address,
                key,
                nonce,
                intent,
                gas,
                signed,
                fees,
                self._pending.chain_time_s,
            )
            await self._broadcast_first(row)
        return row

    async def simulate(self, intent: Intent, sender: str, block: str = "latest") -> bytes:
        """Return what the call would return; a ContractRevert subclass if it would revert."""
        try:
            result = await self._rpc.request("eth_call", [_call_fields(intent, sender), block])
        except RpcRefused as refused:
            raise _translated(refused) from refused
        return wire.data(result, "a call result")

    async def _estimate(self, intent: Intent, sender: str) -> int:
        try:
            # Nodes differ in their default block; the simulation's is "latest".
            fields = [_call_fields(intent, sender), "latest"]
            answer = await self._rpc.request("eth_estimateGas", fields)
        except RpcRefused as refused:
            raise _translated(refused) from refused
        return wire.quantity(answer, "a gas estimate")

    async def _first_fees(self, intent: Intent, deadline: float) -> Fees:
        policy = self._settings.fees
        while True:
            base_wei, tip_wei = await self._pending.fee_inputs()
            fees = policy.first(base_wei, tip_wei)
            if fees is not None:
                return fees
            _log.warning(
                "fee_above_cap label=%s base_fee_wei=%d cap_wei=%d: waiting",
                intent.label,
                base_wei,
                policy.cap_wei_per_gas,
            )
            if time.monotonic() >= deadline:
                raise TransactionError(
                    f"{intent.label} was not sent: the network asks {base_wei} wei per gas, above "
                    f"the cap of {policy.cap_wei_per_gas}.",
                    hint="Wait for lower fees or raise the fee cap; trying again is safe.",
                    base_fee_wei=base_wei,
                    cap_wei_per_gas=policy.cap_wei_per_gas,
                )
            await asyncio.sleep(min(_FEE_WAIT_S, max(0.0, deadline - time.monotonic())))

    def _check_funds(
        self, balance_wei: int, gas: int, fees: Fees, intent: Intent, address: str
    ) -> None:
        needed_wei = gas * fees.max_fee_wei + intent.value_wei
        if balance_wei < needed_wei:
            raise InsufficientFunds(
                f"{address} holds {balance_wei} wei of the native coin, but {intent.label} may "
                f"cost {needed_wei} wei; nothing was sent.",
                hint="Send native coin for gas to this address.",
                address=address,
                balance_wei=balance_wei,
                needed_wei=needed_wei,
            )

    def lock_of(self, wallet: Wallet) -> SenderLock:
        """Return the lock of a key: beside its keystore, or in the state directory."""
        lock = self._locks.get(wallet.address)
        if lock is None:
            name = f"{self._rpc.chain_id}-{wallet.address}.lock"
            path = self._lock_dir / name
            if wallet.path is not None:
                path = wallet.path.with_name(wallet.path.name + ".lock")
            lock = self._locks[wallet.address] = SenderLock(path)
        return lock

    async def _broadcast_first(self, row: JournaledTx) -> None:
        """Broadcast a new row; forget it when every endpoint refuses it for good."""
        try:
            await self._pending.broadcast(row)
        except RpcRefused as refused:
            if is_nonce_too_low(refused):
                self._journal.settle(row.id, TxState.DISPLACED)
                return
            if is_fee_matter(refused):
                # It stays recorded; tending raises the fee.
                return
            self._journal.forget(row.id)
            raise TransactionError(
                f"The node refused {row.label}: {refused.rpc_message}. Nothing was sent.",
                label=row.label,
                rpc_code=refused.rpc_code,
            ) from refused
        except RpcError as error:
            # It may have arrived or not; it is journaled and will be sent again.
            _log.warning("tx_broadcast_unanswered label=%s error=%s", row.label, error)

    async def _wait(
        self, row: JournaledTx, wallet: Wallet, confirmations: int | None, deadline: float
    ) -> dict[str, Any]:
        depth = self._settings.confirmations if confirmations is None else confirmations
        last_error: RpcError | None = None
        while True:
            try:
                receipt = await self._confirmed_receipt(row, depth)
                if receipt is not None:
                    return await self._finish(row, receipt)
                await self._tend(wallet)
            except RpcError as error:
                # Whatever the endpoints say now, the transaction was sent: only time ends the wait.
                last_error = error
                _log.warning("tx_wait_rpc_failed label=%s error=%s", row.label, error)
            fresh = self._journal.find(row.sender, row.key)
            if fresh is None:
                raise InternalError(f"The journal lost {row.label}.", key=row.key)
            row = fresh
            if row.state is TxState.DISPLACED:
                raise _Displaced
            if time.monotonic() >= deadline:
                raise self._not_mined(row) from last_error
            await asyncio.sleep(self._settings.poll_s)

    def _not_mined(self, row: JournaledTx) -> TransactionError:
        return TransactionError(
            f"{row.label} was sent but not confirmed in time; it may still be mined.",
            hint="Ask again with the same idempotency key: it waits for the same transaction and "
            "never sends a second one.",
            tx_hash=row.attempts[-1].tx_hash,
            nonce=row.nonce,
            idempotency_key=row.key,
        )

    async def _confirmed_receipt(self, row: JournaledTx, depth: int) -> dict[str, Any] | None:
        receipt = await self._pending.receipt_of(row)
        if receipt is None:
            if row.state is TxState.MINED:
                # A reorganisation took it back: it is pending again and sent again.
                self._journal.settle(row.id, TxState.PENDING)
                await self._pending.rebroadcast(row)
            return None
        if depth > 1:
            head = wire.quantity(await self._rpc.request("eth_blockNumber"))
            if head - wire.quantity(receipt.get("blockNumber")) + 1 < depth:
                return None
        return receipt

    async def _finish(self, row: JournaledTx, receipt: dict[str, Any]) -> dict[str, Any]:
        tx_hash = wire.hash32(receipt.get("transactionHash"))
        if wire.quantity(receipt.get("status"), "a status") == 1:
            self._journal.settle(row.id, TxState.MINED, tx_hash)
            return receipt
        self._journal.settle(row.id, TxState.REVERTED, tx_hash)
        raise await self._mined_revert(row, receipt, tx_hash)

    async def _mined_revert(
        self, row: JournaledTx, receipt: dict[str, Any], tx_hash: str
    ) -> Exception:
        """Return why a mined transaction reverted, found by calling it again where it stood."""
        intent = Intent(row.to_address, row.data, row.value_wei, row.label)
        number = wire.quantity(receipt.get("blockNumber"), "a block number")
        note = "It was mined and reverted: only its gas was spent."
        for block in (hex(max(0, number - 1)), hex(number)):
            try:
                await self.simulate(intent, row.sender, block)
            except ContractRevert as error:
                error.context.update(tx_hash=tx_hash, block_number=number)
                error.hint = f"{note} {error.hint}".strip()
                return error
            except RpcError:
                break
        ran_out = wire.quantity(receipt.get("gasUsed")) >= row.gas
        return TransactionError(
            f"{row.label} was mined and {'ran out of gas' if ran_out else 'reverted'}; "
            "only its gas was spent.",
            hint="Conditions changed between simulation and block; trying again is safe.",
            tx_hash=tx_hash,
            block_number=number,
        )

    async def recover(self) -> list[JournaledTx]:
        """Send every pending transaction of the journal again; return those still pending.

        Called at start: what a dead process recorded but perhaps never broadcast goes out now.
        """
        return await self._pending.recover()

    async def _tend(self, wallet: Wallet) -> None:
        now = time.monotonic()
        pause_s = min(_TEND_EVERY_S, self._settings.fees.stuck_after_s / 4)
        if now - self._tended_at.get(wallet.address, 0.0) < pause_s:
            return
        self._tended_at[wallet.address] = now
        try:
            async with self.lock_of(wallet).hold():
                await self._pending.tend(wallet)
        except TransactionError as error:
            # Another process holds the key; it tends the same journal or frees the key by its end.
            _log.warning("tx_tending_skipped sender=%s error=%s", wallet.address, error)


def _call_fields(intent: Intent, sender: str) -> dict[str, str]:
    fields = {"from": sender, "data": "0x" + intent.data.hex(), "value": hex(intent.value_wei)}
    if intent.to_address is not None:
        fields["to"] = intent.to_address
    return fields


def _translated(refused: RpcRefused) -> Exception:
    data = revert_data(refused)
    return refused if data is None else decode_revert(data)
