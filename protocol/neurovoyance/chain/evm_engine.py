"""A chain in this process: py-evm, a pool of transactions, a clock, an index of logs.

Place: under ``devnet``, which serves it as JSON-RPC. Hardfork Cancun, so transient storage works.
One thread at a time. Blocks follow wall-clock time plus an offset; unlike on a real chain two
blocks may bear the same second, so that a burst of transactions does not run the clock ahead.
Nothing is kept on disk. Never: use for money; the keys are public.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field, replace
from typing import Any

from eth.chains.base import MiningChain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from neurovoyance.chain.devnet_pool import PoolRefusal, TransactionPool
from neurovoyance.chain.evm_types import (
    CallOutcome,
    CallRequest,
    MinedBlock,
    MinedLog,
    MinedTransaction,
)
from neurovoyance.protocol.stack_guard import restore_recursion_limit

restore_recursion_limit()

GAS_LIMIT = 30_000_000
BASE_FEE_GENESIS_WEI = 10**9
TIP_WEI = 10**9
FUNDED_WEI = 10_000 * 10**18
_SECP256K1_HALF_N = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Snapshot:
    height: int
    offset_s: int
    pool: TransactionPool = field(repr=False)


class EvmEngine:
    """The devnet's chain; see the module for its rules.

    Args:
        chain_id: chain id that transactions must bear.
        funded: 20-byte addresses that hold 10,000 coins at genesis.
    """

    def __init__(self, *, chain_id: int, funded: list[bytes]) -> None:
        self.chain_id = chain_id
        self.offset_s = 0
        self.is_automining = True
        self._next_timestamp_s: int | None = None
        self._snapshots: list[_Snapshot] = []
        self._mined: dict[bytes, MinedTransaction] = {}
        self._number_of: dict[bytes, int] = {}
        self.pool = TransactionPool()
        self._chain = _new_chain(chain_id, funded)
        genesis = self._chain.get_canonical_block_header_by_number(0)
        self._blocks = [MinedBlock(genesis, ())]
        self._number_of[self.head.hash] = 0

    @property
    def head(self) -> MinedBlock:
        """The latest block."""
        return self._blocks[-1]

    def block(self, number: int) -> MinedBlock | None:
        """Return the block at a height of the present chain, or None."""
        return self._blocks[number] if 0 <= number < len(self._blocks) else None

    def block_by_hash(self, block_hash: bytes) -> MinedBlock | None:
        """Return a block of the present chain, or None; a reverted one is gone."""
        number = self._number_of.get(block_hash)
        return None if number is None else self._blocks[number]

    def mined(self, tx_hash: bytes) -> MinedTransaction | None:
        """Return a mined transaction of the present chain, or None."""
        return self._mined.get(tx_hash)

    def state_at(self, number: int) -> Any:
        """Return py-evm's state after a block; for reading."""
        return self._chain.get_vm(self._blocks[number].header).state

    def now_s(self) -> int:
        """Return the second that a block mined now would bear."""
        if self._next_timestamp_s is not None:
            return self._next_timestamp_s
        return max(int(self.head.header.timestamp), int(time.time()) + self.offset_s)

    def increase_time(self, seconds: int) -> None:
        """Let all later blocks be this much later; the clock never goes back."""
        self.offset_s += max(0, seconds)

    def set_next_timestamp(self, time_s: int) -> None:
        """Fix the second of the next block and go on from there; PoolRefusal if it is past."""
        if time_s < int(self.head.header.timestamp):
            raise PoolRefusal("timestamp is lower than that of the latest block")
        self._next_timestamp_s = time_s
        self.offset_s = time_s - int(time.time())

    def submit(self, raw: bytes) -> bytes:
        """Take a raw transaction into the pool, mine it if automining; return its hash.

        Raises:
            PoolRefusal: malformed, of another chain, unpayable, or its nonce is used.
        """
        vm = self._chain.get_vm(self._next_header())
        tx = _decode_transaction(vm, raw)
        if getattr(tx, "chain_id", self.chain_id) != self.chain_id:
            raise PoolRefusal("invalid chain id for signer")
        if tx.hash in self._mined:
            raise PoolRefusal("already known")
        if tx.gas > GAS_LIMIT:
            raise PoolRefusal("exceeds block gas limit")
        if tx.gas < tx.intrinsic_gas:
            raise PoolRefusal("intrinsic gas too low")
        state = self.state_at(self.head.number)
        if tx.nonce < state.get_nonce(tx.sender):
            raise PoolRefusal("nonce too low")
        if state.get_balance(tx.sender) < tx.gas * tx.max_fee_per_gas + tx.value:
            raise PoolRefusal("insufficient funds for gas * price + value")
        self.pool.add(tx)
        if self.is_automining:
            while self.pool.ready(state.get_nonce, self._base_fee_wei()):
                height = self.head.number
                self.mine()
                state = self.state_at(self.head.number)
                if not self.head.transactions or self.head.number == height:
                    break
        return bytes(tx.hash)

    def _next_header(self) -> Any:
        header = self._chain.create_header_from_parent(self.head.header)
        return header.copy(gas_limit=GAS_LIMIT, timestamp=self.now_s())

    def _base_fee_wei(self) -> int:
        return int(self._next_header().base_fee_per_gas)

    def next_base_fee_wei(self) -> int:
        """Return the base fee of the next block, wei per gas."""
        return self._base_fee_wei()

    def mine(self, timestamp_s: int | None = None) -> MinedBlock:
        """Mine one block from the pool, with a given second or the clock's; return it."""
        if timestamp_s is not None:
            self.set_next_timestamp(timestamp_s)
        header = self._next_header().copy(mix_hash=os.urandom(32))
        self._next_timestamp_s = None
        vm = self._chain.get_vm(header)
        transactions: list[Any] = []
        receipts: list[Any] = []
        created: list[bytes | None] = []
        for tx in self.pool.ready(vm.state.get_nonce, header.base_fee_per_gas):
            if header.gas_used + tx.gas > GAS_LIMIT:
                break
            self.pool.remove(tx)
            try:
                receipt, computation = vm.apply_transaction(header, tx)
            except ValidationError as error:
                _log.warning("devnet_tx_dropped error=%s", error)
                continue
            header = vm.add_receipt_to_header(header, receipt)
            transactions.append(tx)
            receipts.append(receipt)
            is_create = computation.msg.is_create
            created.append(computation.msg.storage_address if is_create else None)
        block = vm.set_block_transactions_and_withdrawals(
            vm.get_block(), header, tuple(transactions), tuple(receipts)
        )
        mined = vm.mine_block(block).block
        self._chain.chaindb.persist_block(mined)
        return self._append(mined.header, transactions, receipts, created)

    def _append(
        self, header: Any, transactions: list[Any], receipts: list[Any], created: list[bytes | None]
    ) -> MinedBlock:
        entries: list[MinedTransaction] = []
        gas_before = log_index = 0
        base_fee_wei = int(header.base_fee_per_gas)
        for index, (tx, receipt) in enumerate(zip(transactions, receipts, strict=True)):
            logs = []
            for address, topics, data in receipt.logs:
                words = tuple(topic.to_bytes(32, "big") for topic in topics)
                logs.append(MinedLog(address, words, data, tx.hash, index, log_index))
                log_index += 1
            entries.append(
                MinedTransaction(
                    transaction=tx,
                    block_number=int(header.block_number),
                    index=index,
                    is_success=receipt.state_root == b"\x01",
                    gas_used=receipt.gas_used - gas_before,
                    cumulative_gas=receipt.gas_used,
                    gas_price_wei=min(
                        tx.max_fee_per_gas, base_fee_wei + tx.max_priority_fee_per_gas
                    ),
                    contract_address=created[index],
                    logs=tuple(logs),
                )
            )
            gas_before = receipt.gas_used
        block = MinedBlock(header, tuple(entries))
        self._blocks.append(block)
        self._number_of[block.hash] = block.number
        for entry in entries:
            self._mined[bytes(entry.transaction.hash)] = entry
        return block

    def snapshot(self) -> int:
        """Remember the present chain; return a number for :meth:`revert`."""
        self._snapshots.append(_Snapshot(self.head.number, self.offset_s, self.pool.copy()))
        return len(self._snapshots)

    def revert(self, snapshot_id: int) -> bool:
        """Return to a snapshot, which is then used up with all later ones; False if unknown."""
        if not 1 <= snapshot_id <= len(self._snapshots):
            return False
        taken = self._snapshots[snapshot_id - 1]
        del self._snapshots[snapshot_id - 1 :]
        for block in self._blocks[taken.height + 1 :]:
            self._number_of.pop(block.hash, None)
            for entry in block.transactions:
                self._mined.pop(bytes(entry.transaction.hash), None)
        del self._blocks[taken.height + 1 :]
        self.offset_s = taken.offset_s
        self._next_timestamp_s = None
        self.pool = taken.pool
        return True

    def reorganise(self, depth: int) -> None:
        """Replace the last ``depth`` blocks by as many empty ones with other hashes.

        Raises:
            PoolRefusal: the chain is not that deep.
        """
        if not 0 < depth <= self.head.number:
            raise PoolRefusal("reorg depth is out of range")
        height = self.head.number - depth
        self._snapshots.append(_Snapshot(height, self.offset_s, self.pool.copy()))
        self.revert(len(self._snapshots))
        for _ in range(depth):
            self.mine()

    def call(self, request: CallRequest, number: int) -> CallOutcome:
        """Simulate a call in the state and at the time of a block; nothing is kept."""
        return self._execute(request, number, request.gas or GAS_LIMIT)

    def simulate(
        self, blocks: list[tuple[int | None, list[CallRequest]]], number: int
    ) -> list[list[CallOutcome]]:
        """Simulate calls one after the other in the state of a block; nothing is kept.

        Args:
            blocks: for each imagined block its second (None: as the one before) and its calls.
            number: the block whose state they start from.
        """
        header = self._blocks[number].header.copy(base_fee_per_gas=0)
        found = []
        vm = self._chain.get_vm(header)
        for time_s, requests in blocks:
            if time_s is not None:
                vm.state.execution_context._timestamp = time_s
            found.append([self._run(vm, request, request.gas or GAS_LIMIT) for request in requests])
        return found

    def _execute(self, request: CallRequest, number: int, gas: int) -> CallOutcome:
        header = self._blocks[number].header.copy(base_fee_per_gas=0)
        return self._run(self._chain.get_vm(header), request, gas)

    def _run(self, vm: Any, request: CallRequest, gas: int) -> CallOutcome:
        state = vm.state
        unsigned = vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain_id,
            nonce=state.get_nonce(request.sender),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=min(gas, GAS_LIMIT),
            to=request.to,
            value=request.value_wei,
            data=request.data,
            access_list=(),
        )
        spoofed: Any = SpoofTransaction(unsigned, from_=request.sender)
        if spoofed.gas < unsigned.intrinsic_gas:
            raise PoolRefusal("intrinsic gas too low")
        if state.get_balance(request.sender) < request.value_wei:
            raise PoolRefusal("insufficient funds for transfer")
        # The executor's parts one by one: its whole would demand a nonce and a payment for gas.
        executor = state.get_transaction_executor()
        message = executor.build_evm_message(spoofed)
        computation = executor.build_computation(message, spoofed)
        state.clear_transient_storage()
        error = computation.error if computation.is_error else None
        used = spoofed.gas - computation.get_gas_remaining()
        is_revert = error is not None and not computation.should_erase_return_data
        return CallOutcome(bytes(computation.output), used, error, is_revert)

    def estimate_gas(self, request: CallRequest, number: int) -> CallOutcome:
        """Return a gas limit that suffices, as ``gas_used``; or why no limit does.

        One run with the whole block's gas tells what is used before refunds; a 63/64 allowance
        per nested call is nearly always enough, else the interval is halved.
        """
        most = self._execute(request, number, GAS_LIMIT)
        if most.error is not None:
            return most
        low, high = most.gas_used - 1, GAS_LIMIT
        guess = most.gas_used + most.gas_used // 63 + 2_300
        while high - low > max(1_000, low // 64):
            if self._execute(request, number, guess).error is None:
                high = guess
                if guess <= most.gas_used + most.gas_used // 63 + 2_300:
                    break
            else:
                low = guess
            guess = (low + high) // 2
        return replace(most, gas_used=high)


class _DevnetVM(CancunVM):
    """Cancun without checking blocks again that this process has just built by the rules.

    That saves a tenth of the time, and allows two blocks in the same second.
    """

    def validate_block(self, block: Any) -> None:
        """Believe the block."""


def _new_chain(chain_id: int, funded: list[bytes]) -> Any:
    vms = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, _DevnetVM),))
    members = {"chain_id": chain_id, "vm_configuration": vms}
    chain_class: Any = type("DevnetChain", (MiningChain,), members)
    genesis = {
        "coinbase": bytes(20),
        "difficulty": POST_MERGE_DIFFICULTY,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "gas_limit": GAS_LIMIT,
        "timestamp": int(time.time()),
        # Two devnets begun in the same second must still differ in their first block.
        "extra_data": keccak(os.urandom(32)),
    }
    account = {"balance": FUNDED_WEI, "nonce": 0, "code": b"", "storage": {}}
    state = {to_canonical_address(address): dict(account) for address in funded}
    return chain_class.from_genesis(AtomicDB(), genesis, state)


def _decode_transaction(vm: Any, raw: bytes) -> Any:
    try:
        tx = vm.get_transaction_builder().decode(raw)
        # Recovering the sender is the costly part and is remembered; EIP-2 forbids a high s.
        if tx.s > _SECP256K1_HALF_N or len(tx.sender) != 20:
            raise ValidationError("signature")
    except Exception as error:
        raise PoolRefusal("malformed transaction") from error
    return tx
