"""The chain as the rest of the project sees it: read, send, wait.

Place: L1; ``contracts`` and ``events`` stand on it. Endpoint choice is ``rpc``'s, nonces, fees and
replacement are ``sender``'s. Never: a value of an endpoint that was not checked by ``wire``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import Call
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.fees import FeePolicy
from neurovoyance.chain.logs import RawLog, decode_logs, parse_log
from neurovoyance.chain.nonces import Intent, JournaledTx, TxJournal
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.chain.sender import SenderSettings, TransactionSender
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import InternalError, RpcError
from neurovoyance.protocol.ids import Address, parse_address

JOURNAL_NAME = "transactions.sqlite"
# Root of a trie with nothing in it: keccak256 of the RLP of an empty string.
_NO_TRANSACTIONS = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_E = TypeVar("_E", bound=ChainEvent)


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as it is used here; hashes are ``0x`` hex.

    Attributes:
        is_empty: the header proves that it holds no transaction, and so no log.
    """

    number: int
    hash: str
    parent_hash: str
    timestamp_s: int
    base_fee_wei: int
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a mined transaction did.

    Attributes:
        tx_hash: its hash; of the replacement if it was replaced.
        contract_address: the contract it created, or None.
        gas_price_wei: what was paid per gas.
        logs: all logs as they are.
        events: those of our contracts, typed, in order.
    """

    tx_hash: str
    block_number: int
    block_hash: str
    is_success: bool
    gas_used: int
    gas_price_wei: int
    contract_address: Address | None
    logs: tuple[RawLog, ...]
    events: tuple[ChainEvent, ...]

    def one(self, kind: type[_E]) -> _E:
        """Return the only event of a class; InternalError when there is none or several."""
        found = [event for event in self.events if isinstance(event, kind)]
        if len(found) != 1:
            raise InternalError(
                f"The transaction has {len(found)} events {kind.__name__} instead of one.",
                tx_hash=self.tx_hash,
            )
        return found[0]


def parse_block(value: Any) -> Block:
    """Return a checked header; RpcError for anything else."""
    entry = wire.mapping(value, "a block")
    return Block(
        wire.quantity(entry.get("number"), "a block number"),
        wire.hash32(entry.get("hash"), "a block hash"),
        wire.hash32(entry.get("parentHash"), "a parent hash"),
        wire.quantity(entry.get("timestamp"), "a timestamp"),
        wire.quantity(entry.get("baseFeePerGas", "0x0"), "a base fee"),
        entry.get("transactions") == [] and entry.get("transactionsRoot") == _NO_TRANSACTIONS,
    )


def parse_receipt(value: Any) -> Receipt:
    """Return a checked receipt; RpcError for anything else."""
    entry = wire.mapping(value, "a receipt")
    logs = tuple(parse_log(item) for item in wire.sequence(entry.get("logs"), "logs"))
    created = entry.get("contractAddress")
    return Receipt(
        wire.hash32(entry.get("transactionHash"), "a transaction hash"),
        wire.quantity(entry.get("blockNumber"), "a block number"),
        wire.hash32(entry.get("blockHash"), "a block hash"),
        wire.quantity(entry.get("status"), "a status") == 1,
        wire.quantity(entry.get("gasUsed"), "gas"),
        wire.quantity(entry.get("effectiveGasPrice", "0x0"), "a gas price"),
        None if created is None else wire.address(created),
        logs,
        decode_logs(logs),
    )


class ChainClient:
    """Reads from and sends to one chain; make it with :meth:`connect`, end it with ``close``."""

    def __init__(self, rpc: RpcPool, journal: TxJournal, sender: TransactionSender) -> None:
        self.rpc = rpc
        self._journal = journal
        self._sender = sender
        self._poll_s = 0.25

    @classmethod
    async def connect(
        cls,
        urls: Sequence[str],
        *,
        state_dir: Path,
        expected_chain_id: int | None = None,
        fees: FeePolicy | None = None,
        confirmations: int = 1,
        receipt_timeout_s: float = 180.0,
        poll_s: float = 0.25,
        rpc_timeout_s: float = 10.0,
    ) -> ChainClient:
        """Open the endpoints, check their chain, and send again what a dead process left pending.

        Args:
            urls: RPC addresses in order of preference.
            state_dir: directory of the transaction journal; shared by processes of one user.
            expected_chain_id: chain that all endpoints must serve.
            fees: fee policy; the default one if None.
            confirmations: blocks, its own included, after which a transaction counts as mined.
            receipt_timeout_s: longest wait of one ``send``.
            poll_s: pause between looks at a receipt.
            rpc_timeout_s: longest wait for one answer of one endpoint.

        Raises:
            ConfigError: an endpoint serves another chain, or the directory is not usable.
            RpcError: no endpoint answers.
        """
        rpc = RpcPool(urls, expected_chain_id=expected_chain_id, timeout_s=rpc_timeout_s)
        journal: TxJournal | None = None
        try:
            await rpc.open()
            path = state_dir / JOURNAL_NAME
            journal = TxJournal(path, chain_id=rpc.chain_id, genesis_hash=rpc.genesis_hash)
            settings = SenderSettings(fees or FeePolicy(), confirmations, receipt_timeout_s, poll_s)
            client = cls(rpc, journal, TransactionSender(rpc, journal, settings, state_dir))
            client._poll_s = poll_s
            await client._sender.recover()
        except BaseException:
            await rpc.close()
            if journal is not None:
                journal.close()
            raise
        return client

    @property
    def chain_id(self) -> int:
        """Chain id that every used endpoint serves."""
        return self.rpc.chain_id

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0; tells a wiped devnet from the one before."""
        return self.rpc.genesis_hash

    async def close(self) -> None:
        """Close connections and journal; pending transactions stay journaled."""
        await self.rpc.close()
        self._journal.close()

    async def __aenter__(self) -> ChainClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def call(
        self, call: Call, *, block: int | str = "latest", sender: str | None = None
    ) -> tuple[Any, ...]:
        """Return the decoded results of a read call.

        Raises:
            ContractRevert: the contract refused; the subclass says why.
            RpcError: no endpoint answered, or the answer does not fit the contract.
        """
        origin = sender or "0x" + "00" * 20
        tag = hex(block) if isinstance(block, int) else block
        raw = await self._sender.simulate(_intent(call, 0), origin, tag)
        return call.abi.decode_result(call.function, raw)

    async def send(
        self,
        call: Call,
        wallet: Wallet,
        *,
        idempotency_key: str | None = None,
        value_wei: int = 0,
        confirmations: int | None = None,
        timeout_s: float | None = None,
    ) -> Receipt:
        """Send a call once and wait until it is mined.

        Args:
            call: what to call.
            wallet: the key that signs and pays for gas.
            idempotency_key: names the intention; the same key never sends twice, not even after a
                restart. Without one, each call is its own intention.
            value_wei: native coin sent along.
            confirmations: overrides the client's setting.
            timeout_s: overrides the client's setting.

        Raises:
            ContractRevert: refused in simulation, so nothing was sent; or mined and reverted, then
                ``context`` holds ``tx_hash``.
            InsufficientFunds: not enough native coin for gas; nothing was sent.
            RpcError: no endpoint answered; nothing was sent.
            TransactionError: not confirmed in time, held back by the fee cap, or refused.
        """
        return await self._send(
            _intent(call, value_wei), wallet, idempotency_key, confirmations, timeout_s
        )

    async def deploy_code(
        self, code: bytes, wallet: Wallet, *, label: str, idempotency_key: str | None = None
    ) -> Receipt:
        """Create a contract from creation code; ``contract_address`` of the receipt is its place.

        Raises:
            ChainError: as :meth:`send`.
        """
        return await self._send(
            Intent(None, code, 0, f"deploy {label}"), wallet, idempotency_key, None, None
        )

    async def transfer_native(
        self, wallet: Wallet, to: str, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Send native coin, for instance gas money for an operator key; errors as :meth:`send`."""
        intent = Intent(parse_address(to), b"", amount_wei, "transfer of native coin")
        return await self._send(intent, wallet, idempotency_key, None, None)

    async def _send(
        self,
        intent: Intent,
        wallet: Wallet,
        key: str | None,
        confirmations: int | None,
        timeout_s: float | None,
    ) -> Receipt:
        raw = await self._sender.send(
            intent,
            wallet,
            idempotency_key=key,
            confirmations=confirmations,
            timeout_s=timeout_s,
        )
        return parse_receipt(raw)

    def pending(self, address: str) -> list[JournaledTx]:
        """Return the journaled transactions of an address that are not known to be mined."""
        return self._journal.pending(address)

    async def recover(self) -> list[JournaledTx]:
        """Send all pending transactions of the journal again; return those still pending."""
        return await self._sender.recover()

    async def block_number(self) -> int:
        """Return the height of the latest block."""
        return wire.quantity(await self.rpc.request("eth_blockNumber"), "a block number")

    async def block(self, which: int | str = "latest") -> Block:
        """Return a header; RpcError when the endpoint does not have the block."""
        tag = hex(which) if isinstance(which, int) else which
        return parse_block(await self.rpc.request("eth_getBlockByNumber", [tag, False]))

    async def time_s(self) -> int:
        """Return chain time: the timestamp of the latest block, unix seconds."""
        return (await self.block()).timestamp_s

    async def balance_wei(self, address: str) -> int:
        """Return an account's native coin, in wei."""
        return wire.quantity(await self.rpc.request("eth_getBalance", [address, "latest"]))

    async def code(self, address: str) -> bytes:
        """Return the code at an address; empty when there is no contract."""
        return wire.data(await self.rpc.request("eth_getCode", [address, "latest"]), "code")

    async def receipt(self, tx_hash: str) -> Receipt | None:
        """Return a mined transaction's receipt, or None while it is not mined."""
        found = await self.rpc.request("eth_getTransactionReceipt", [tx_hash])
        return None if found is None else parse_receipt(found)

    async def wait_for_time(self, time_s: int, *, timeout_s: float) -> Block:
        """Wait until a block has a timestamp above ``time_s``; outages of the RPC are waited out.

        Raises:
            RpcError: no such block within ``timeout_s``.
        """
        return await self._wait_for_block(lambda block: block.timestamp_s > time_s, timeout_s)

    async def wait_for_block(self, number: int, *, timeout_s: float) -> Block:
        """Wait until the chain has a block of this height or more; see :meth:`wait_for_time`."""
        return await self._wait_for_block(lambda block: block.number >= number, timeout_s)

    async def _wait_for_block(self, is_there: Any, timeout_s: float) -> Block:
        deadline = time.monotonic() + timeout_s
        last: RpcError | None = None
        while True:
            try:
                block = await self.block()
                if is_there(block):
                    return block
            except RpcError as error:
                last = error
            if time.monotonic() >= deadline:
                raise RpcError(
                    f"The chain did not get as far as expected within {timeout_s:g} s."
                ) from last
            await asyncio.sleep(self._poll_s)


def _intent(call: Call, value_wei: int) -> Intent:
    return Intent(call.address, call.data, value_wei, call.label)
