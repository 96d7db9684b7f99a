"""JSON-RPC of the devnet: names, parameters and answers as other nodes have them.

Place: between ``devnet`` (HTTP) and ``evm_engine`` (chain). Reverts answer with code 3 and their
data, refusals with -32000 and the usual words. Time control bears the names of Hardhat and Anvil.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from neurovoyance.chain.devnet_pool import PoolRefusal
from neurovoyance.chain.evm_engine import (
    TIP_WEI,
    CallOutcome,
    CallRequest,
    EvmEngine,
    MinedBlock,
    MinedLog,
    MinedTransaction,
)

MAX_LOG_RANGE_BLOCKS = 10_000
MAX_MINED_AT_ONCE = 10_000
_BLOOM = "0x" + "00" * 256
Json = Any


class RpcFault(Exception):  # noqa: N818 - the JSON-RPC error object of an answer
    """An error answer: code, message, data."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def _bad(message: str) -> RpcFault:
    return RpcFault(-32602, f"invalid params: {message}")


def _hex(data: bytes) -> str:
    return "0x" + bytes(data).hex()


def _int(value: Json) -> int:
    if isinstance(value, bool):
        raise _bad("expected a number")
    if isinstance(value, int) and value >= 0:
        return value
    if isinstance(value, str):
        try:
            return int(value, 16) if value.startswith("0x") else int(value)
        except ValueError:
            pass
    raise _bad("expected a number")


def _bytes(value: Json, size: int | None = None) -> bytes:
    try:
        raw = bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError:
        raise _bad("expected hex data") from None
    if size is not None and len(raw) != size:
        raise _bad(f"expected {size} bytes")
    return raw


def _address(value: Json) -> bytes:
    return bytes(to_canonical_address(_bytes(value, 20)))


class DevnetRpc:
    """Answers requests about one :class:`EvmEngine`; not thread-safe, as the engine is not."""

    def __init__(self, engine: EvmEngine, accounts: list[str], version: str) -> None:
        self._engine = engine
        self._accounts = accounts
        self._version = version
        names = [name for name in dir(self) if name.startswith(("eth_", "evm_", "net_", "web3_"))]
        self._methods: dict[str, Callable[..., Json]] = {n: getattr(self, n) for n in names}
        self._methods["anvil_mine"] = self._methods["hardhat_mine"] = self._mine_many
        self._methods["anvil_dropTransaction"] = self._drop_transaction
        self._methods["hardhat_dropTransaction"] = self._drop_transaction
        self._methods["anvil_reorg"] = self._reorg

    def answer(self, method: str, params: list[Json]) -> Json:
        """Return a method's result.

        Raises:
            RpcFault: unknown method, wrong parameters, a revert or a refusal.
        """
        handler = self._methods.get(method)
        if handler is None:
            raise RpcFault(-32601, f"the method {method} does not exist")
        try:
            return handler(*params)
        except PoolRefusal as refusal:
            raise RpcFault(-32000, str(refusal)) from refusal
        except TypeError as error:
            raise _bad(f"wrong parameters for {method}") from error

    # --- node ---

    def web3_clientVersion(self) -> Json:
        """Name and version of this node."""
        return self._version

    def web3_sha3(self, data: Json) -> Json:
        """keccak256 of data."""
        return _hex(keccak(_bytes(data)))

    def net_version(self) -> Json:
        """Chain id as a decimal string."""
        return str(self._engine.chain_id)

    def net_listening(self) -> Json:
        """Whether peers could connect; there are none."""
        return True

    def eth_chainId(self) -> Json:
        """Chain id."""
        return hex(self._engine.chain_id)

    def eth_accounts(self) -> Json:
        """The funded accounts; their keys are public."""
        return self._accounts

    def eth_syncing(self) -> Json:
        """Never syncing."""
        return False

    # --- blocks and transactions ---

    def _number(self, tag: Json) -> int:
        head = self._engine.head.number
        if isinstance(tag, dict):
            if "blockHash" in tag:
                block = self._engine.block_by_hash(_bytes(tag["blockHash"], 32))
                if block is None:
                    raise RpcFault(-32000, "header not found")
                return block.number
            tag = tag.get("blockNumber")
        if tag in ("latest", "pending", "safe", "finalized", None):
            return head
        if tag == "earliest":
            return 0
        number = _int(tag)
        if number > head:
            raise RpcFault(-32000, "header not found")
        return number

    def eth_blockNumber(self) -> Json:
        """Height."""
        return hex(self._engine.head.number)

    def eth_getBlockByNumber(self, tag: Json, with_transactions: Json = False) -> Json:
        """One block, or null."""
        try:
            block = self._engine.block(self._number(tag))
        except RpcFault:
            return None
        return None if block is None else self._block_json(block, bool(with_transactions))

    def eth_getBlockByHash(self, block_hash: Json, with_transactions: Json = False) -> Json:
        """One block, or null."""
        block = self._engine.block_by_hash(_bytes(block_hash, 32))
        return None if block is None else self._block_json(block, bool(with_transactions))

    def _block_json(self, block: MinedBlock, with_transactions: bool) -> Json:
        header = block.header
        if with_transactions:
            listed: list[Json] = [self._mined_json(entry) for entry in block.transactions]
        else:
            listed = [_hex(entry.transaction.hash) for entry in block.transactions]
        return {
            "number": hex(block.number),
            "hash": _hex(block.hash),
            "parentHash": _hex(header.parent_hash),
            "timestamp": hex(header.timestamp),
            "baseFeePerGas": hex(header.base_fee_per_gas),
            "gasLimit": hex(header.gas_limit),
            "gasUsed": hex(header.gas_used),
            "miner": to_checksum_address(header.coinbase),
            "mixHash": _hex(header.mix_hash),
            "nonce": _hex(header.nonce),
            "difficulty": "0x0",
            "totalDifficulty": "0x0",
            "extraData": _hex(header.extra_data),
            "logsBloom": "0x" + f"{header.bloom:0512x}",
            "stateRoot": _hex(header.state_root),
            "transactionsRoot": _hex(header.transaction_root),
            "receiptsRoot": _hex(header.receipt_root),
            "sha3Uncles": _hex(header.uncles_hash),
            "withdrawalsRoot": _hex(header.withdrawals_root),
            "withdrawals": [],
            "blobGasUsed": "0x0",
            "excessBlobGas": "0x0",
            "parentBeaconBlockRoot": _hex(header.parent_beacon_block_root),
            "size": "0x400",
            "uncles": [],
            "transactions": listed,
        }

    def eth_getTransactionByHash(self, tx_hash: Json) -> Json:
        """One transaction, mined or pending, or null."""
        wanted = _bytes(tx_hash, 32)
        entry = self._engine.mined(wanted)
        if entry is not None:
            return self._mined_json(entry)
        pending = self._engine.pool.find(wanted)
        return None if pending is None else self._tx_json(pending)

    def _mined_json(self, entry: MinedTransaction) -> Json:
        block = self._engine.block(entry.block_number)
        return {
            **self._tx_json(entry.transaction),
            "blockHash": None if block is None else _hex(block.hash),
            "blockNumber": hex(entry.block_number),
            "transactionIndex": hex(entry.index),
            "gasPrice": hex(entry.gas_price_wei),
        }

    def _tx_json(self, tx: Any) -> Json:
        return {
            "hash": _hex(tx.hash),
            "type": hex(getattr(tx, "type_id", None) or 0),
            "chainId": hex(self._engine.chain_id),
            "nonce": hex(tx.nonce),
            "from": to_checksum_address(tx.sender),
            "to": to_checksum_address(tx.to) if tx.to else None,
            "value": hex(tx.value),
            "gas": hex(tx.gas),
            "gasPrice": hex(tx.max_fee_per_gas),
            "maxFeePerGas": hex(tx.max_fee_per_gas),
            "maxPriorityFeePerGas": hex(tx.max_priority_fee_per_gas),
            "input": _hex(tx.data),
            "accessList": [],
            "v": hex(tx.y_parity),
            "yParity": hex(tx.y_parity),
            "r": hex(tx.r),
            "s": hex(tx.s),
            "blockHash": None,
            "blockNumber": None,
            "transactionIndex": None,
        }

    def eth_getTransactionReceipt(self, tx_hash: Json) -> Json:
        """A mined transaction's receipt, or null."""
        entry = self._engine.mined(_bytes(tx_hash, 32))
        block = None if entry is None else self._engine.block(entry.block_number)
        if entry is None or block is None:
            return None
        tx, created = entry.transaction, entry.contract_address
        return {
            "transactionHash": _hex(tx.hash),
            "transactionIndex": hex(entry.index),
            "blockHash": _hex(block.hash),
            "blockNumber": hex(block.number),
            "from": to_checksum_address(tx.sender),
            "to": to_checksum_address(tx.to) if tx.to else None,
            "status": "0x1" if entry.is_success else "0x0",
            "type": hex(getattr(tx, "type_id", None) or 0),
            "gasUsed": hex(entry.gas_used),
            "cumulativeGasUsed": hex(entry.cumulative_gas),
            "effectiveGasPrice": hex(entry.gas_price_wei),
            "contractAddress": None if created is None else to_checksum_address(created),
            "logs": [self._log_json(log, block) for log in entry.logs],
            "logsBloom": _BLOOM,
        }

    def eth_sendRawTransaction(self, raw: Json) -> Json:
        """Take a signed transaction; mined at once while automining."""
        return _hex(self._engine.submit(_bytes(raw)))

    # --- logs ---

    def eth_getLogs(self, wanted: Json) -> Json:
        """Logs of a block range or of one block, by addresses and topics."""
        if not isinstance(wanted, dict):
            raise _bad("expected a filter object")
        first, last = self._log_range(wanted)
        addresses = wanted.get("address")
        if addresses is not None:
            many = addresses if isinstance(addresses, list) else [addresses]
            addresses = {_address(item) for item in many}
        topics = [_topic_choice(choice) for choice in wanted.get("topics") or []]
        found = []
        for number in range(first, last + 1):
            block = self._engine.block(number)
            for entry in block.transactions if block else ():
                for log in entry.logs:
                    if (addresses is None or log.address in addresses) and _fits(log, topics):
                        found.append(self._log_json(log, block))
        return found

    def _log_range(self, wanted: dict[str, Json]) -> tuple[int, int]:
        if wanted.get("blockHash") is not None:
            block = self._engine.block_by_hash(_bytes(wanted["blockHash"], 32))
            if block is None:
                raise RpcFault(-32000, "unknown block")
            return block.number, block.number
        first = self._number(wanted.get("fromBlock", "latest"))
        last_tag = wanted.get("toBlock", "latest")
        try:
            last = self._number(last_tag)
        except RpcFault:
            last = self._engine.head.number
        if last - first >= MAX_LOG_RANGE_BLOCKS:
            raise RpcFault(-32005, f"query exceeds max block range {MAX_LOG_RANGE_BLOCKS}")
        return first, last

    def _log_json(self, log: MinedLog, block: MinedBlock | None) -> Json:
        return {
            "address": to_checksum_address(log.address),
            "topics": [_hex(topic) for topic in log.topics],
            "data": _hex(log.data),
            "blockNumber": None if block is None else hex(block.number),
            "blockHash": None if block is None else _hex(block.hash),
            "transactionHash": _hex(log.tx_hash),
            "transactionIndex": hex(log.tx_index),
            "logIndex": hex(log.log_index),
            "removed": False,
        }

    # --- accounts ---

    def eth_getBalance(self, account: Json, tag: Json = "latest") -> Json:
        """Balance in wei."""
        state = self._engine.state_at(self._number(tag))
        return hex(state.get_balance(_address(account)))

    def eth_getCode(self, account: Json, tag: Json = "latest") -> Json:
        """Code of a contract."""
        return _hex(self._engine.state_at(self._number(tag)).get_code(_address(account)))

    def eth_getStorageAt(self, account: Json, slot: Json, tag: Json = "latest") -> Json:
        """One storage word."""
        state = self._engine.state_at(self._number(tag))
        return "0x" + f"{state.get_storage(_address(account), _int(slot)):064x}"

    def eth_getTransactionCount(self, account: Json, tag: Json = "latest") -> Json:
        """Nonce; with ``pending`` the pool's transactions count."""
        address = _address(account)
        nonce = self._engine.state_at(self._number(tag)).get_nonce(address)
        if tag == "pending":
            nonce = self._engine.pool.next_nonce(address, nonce)
        return hex(nonce)

    # --- simulation and fees ---

    def _request(self, fields: Json) -> CallRequest:
        if not isinstance(fields, dict):
            raise _bad("expected a call object")
        data = fields.get("input", fields.get("data")) or "0x"
        gas = fields.get("gas")
        return CallRequest(
            sender=_address(fields.get("from") or "0x" + "00" * 20),
            to=_address(fields["to"]) if fields.get("to") else b"",
            data=_bytes(data),
            value_wei=_int(fields.get("value") or "0x0"),
            gas=None if gas is None else _int(gas),
        )

    def eth_call(self, fields: Json, tag: Json = "latest") -> Json:
        """What a call would return, at the time of the block."""
        outcome = self._engine.call(self._request(fields), self._number(tag))
        _raise_failed(outcome)
        return _hex(outcome.output)

    def eth_estimateGas(self, fields: Json, tag: Json = "latest") -> Json:
        """A gas limit that suffices."""
        outcome = self._engine.estimate_gas(self._request(fields), self._number(tag))
        _raise_failed(outcome)
        return hex(outcome.gas_used)

    def eth_gasPrice(self) -> Json:
        """Next base fee and a tip."""
        return hex(self._engine.next_base_fee_wei() + TIP_WEI)

    def eth_maxPriorityFeePerGas(self) -> Json:
        """A tip that is always enough here."""
        return hex(TIP_WEI)

    def eth_feeHistory(self, count: Json, newest: Json, percentiles: Json = None) -> Json:
        """Base fees and fullness of recent blocks, the next base fee last."""
        last = self._number(newest)
        first = max(0, last - min(1_024, max(1, _int(count))) + 1)
        headers = [b.header for n in range(first, last + 1) if (b := self._engine.block(n))]
        following = self._engine.block(last + 1)
        next_wei = self._engine.next_base_fee_wei()
        if following is not None:
            next_wei = following.header.base_fee_per_gas
        ratios = [math.floor(1e4 * h.gas_used / h.gas_limit) / 1e4 for h in headers]
        answer: dict[str, Json] = {
            "oldestBlock": hex(first),
            "baseFeePerGas": [hex(h.base_fee_per_gas) for h in headers] + [hex(next_wei)],
            "gasUsedRatio": ratios,
        }
        if percentiles:
            answer["reward"] = [[hex(TIP_WEI)] * len(percentiles) for _ in headers]
        return answer

    # --- control ---

    def evm_increaseTime(self, seconds: Json) -> Json:
        """Let later blocks be later; returns the whole offset in seconds."""
        self._engine.increase_time(_int(seconds))
        return self._engine.offset_s

    def evm_setNextBlockTimestamp(self, time_s: Json) -> Json:
        """Fix the next block's second."""
        self._engine.set_next_timestamp(_int(time_s))

    def evm_mine(self, options: Json = None) -> Json:
        """Mine a block, at a given second if one is given."""
        if isinstance(options, dict):
            timestamp = options.get("timestamp")
            for _ in range(max(0, _int(options.get("blocks") or 1) - 1)):
                self._engine.mine()
        else:
            timestamp = options
        self._engine.mine(None if timestamp is None else _int(timestamp))
        return "0x0"

    def evm_setAutomine(self, is_on: Json) -> Json:
        """Mine on every transaction, or only when told or by the interval."""
        self._engine.is_automining = bool(is_on)
        return True

    def evm_snapshot(self) -> Json:
        """Remember the chain."""
        return hex(self._engine.snapshot())

    def evm_revert(self, snapshot_id: Json) -> Json:
        """Return to a snapshot; false if it is unknown or used up."""
        return self._engine.revert(_int(snapshot_id))

    def _mine_many(self, count: Json = 1, interval_s: Json = None) -> Json:
        number = _int(count)
        if number > MAX_MINED_AT_ONCE:
            raise _bad(f"at most {MAX_MINED_AT_ONCE} blocks at once")
        for index in range(number):
            if index and interval_s is not None:
                self._engine.increase_time(_int(interval_s))
            self._engine.mine()

    def _drop_transaction(self, tx_hash: Json) -> Json:
        wanted = _bytes(tx_hash, 32)
        return _hex(wanted) if self._engine.pool.drop(wanted) else None

    def _reorg(self, depth: Json, transactions: Json = ()) -> Json:
        if transactions:
            raise _bad("replacement transactions are not supported")
        self._engine.reorganise(_int(depth))


def _topic_choice(choice: Json) -> set[bytes] | None:
    if choice is None:
        return None
    many = choice if isinstance(choice, list) else [choice]
    return {_bytes(item, 32) for item in many} or None


def _fits(log: MinedLog, wanted: list[set[bytes] | None]) -> bool:
    if len(wanted) > len(log.topics):
        return False
    pairs = zip(wanted, log.topics, strict=False)
    return all(choice is None or topic in choice for choice, topic in pairs)


def _raise_failed(outcome: CallOutcome) -> None:
    if outcome.error is None:
        return
    if outcome.is_revert:
        raise RpcFault(3, "execution reverted", _hex(outcome.output))
    raise RpcFault(-32000, f"execution failed: {type(outcome.error).__name__}")
