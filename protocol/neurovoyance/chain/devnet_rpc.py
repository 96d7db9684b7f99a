"""JSON-RPC of the devnet: names, parameters and answers as other nodes have them.

Place: between ``devnet`` (HTTP) and ``evm_engine`` (chain). Reverts answer with code 3 and their
data, refusals with -32000 and the usual words. Time control bears the names of Hardhat and Anvil.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from eth_utils.crypto import keccak

from neurovoyance.chain.devnet_json import (
    Json,
    RpcFault,
    bad_params,
    block_json,
    hex_data,
    log_json,
    mined_json,
    receipt_json,
    to_address,
    to_data,
    to_int,
    tx_json,
)
from neurovoyance.chain.devnet_pool import PoolRefusal
from neurovoyance.chain.evm_engine import TIP_WEI, EvmEngine
from neurovoyance.chain.evm_types import CallOutcome, CallRequest, MinedLog

MAX_LOG_RANGE_BLOCKS = 10_000
MAX_MINED_AT_ONCE = 10_000


class DevnetRpc:
    """Answers requests about one :class:`EvmEngine`; not thread-safe, as the engine is not."""

    def __init__(self, engine: EvmEngine, accounts: Sequence[str], version: str) -> None:
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
            raise bad_params(f"wrong parameters for {method}") from error

    # --- node ---

    def web3_clientVersion(self) -> Json:
        """Name and version of this node."""
        return self._version

    def web3_sha3(self, data: Json) -> Json:
        """keccak256 of data."""
        return hex_data(keccak(to_data(data)))

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
        return list(self._accounts)

    def eth_syncing(self) -> Json:
        """Never syncing."""
        return False

    # --- blocks and transactions ---

    def _number(self, tag: Json) -> int:
        head = self._engine.head.number
        if isinstance(tag, dict):
            if "blockHash" in tag:
                block = self._engine.block_by_hash(to_data(tag["blockHash"], 32))
                if block is None:
                    raise RpcFault(-32000, "header not found")
                return block.number
            tag = tag.get("blockNumber")
        if tag in ("latest", "pending", "safe", "finalized", None):
            return head
        if tag == "earliest":
            return 0
        number = to_int(tag)
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
        return (
            None
            if block is None
            else block_json(block, self._engine.chain_id, bool(with_transactions))
        )

    def eth_getBlockByHash(self, block_hash: Json, with_transactions: Json = False) -> Json:
        """One block, or null."""
        block = self._engine.block_by_hash(to_data(block_hash, 32))
        return (
            None
            if block is None
            else block_json(block, self._engine.chain_id, bool(with_transactions))
        )

    def eth_getTransactionByHash(self, tx_hash: Json) -> Json:
        """One transaction, mined or pending, or null."""
        wanted = to_data(tx_hash, 32)
        entry = self._engine.mined(wanted)
        block = None if entry is None else self._engine.block(entry.block_number)
        if entry is not None and block is not None:
            return mined_json(entry, block, self._engine.chain_id)
        pending = self._engine.pool.find(wanted)
        return None if pending is None else tx_json(pending, self._engine.chain_id)

    def eth_getTransactionReceipt(self, tx_hash: Json) -> Json:
        """A mined transaction's receipt, or null."""
        entry = self._engine.mined(to_data(tx_hash, 32))
        block = None if entry is None else self._engine.block(entry.block_number)
        if entry is None or block is None:
            return None
        return receipt_json(entry, block)

    def eth_sendRawTransaction(self, raw: Json) -> Json:
        """Take a signed transaction; mined at once while automining."""
        return hex_data(self._engine.submit(to_data(raw)))

    # --- logs ---

    def eth_getLogs(self, wanted: Json) -> Json:
        """Logs of a block range or of one block, by addresses and topics."""
        if not isinstance(wanted, dict):
            raise bad_params("expected a filter object")
        first, last = self._log_range(wanted)
        addresses = wanted.get("address")
        if addresses is not None:
            many = addresses if isinstance(addresses, list) else [addresses]
            addresses = {to_address(item) for item in many}
        topics = [_topic_choice(choice) for choice in wanted.get("topics") or []]
        found: list[Json] = []
        for number in range(first, last + 1):
            block = self._engine.block(number)
            if block is None:
                continue
            for entry in block.transactions:
                found += [
                    log_json(log, block)
                    for log in entry.logs
                    if (addresses is None or log.address in addresses) and _fits(log, topics)
                ]
        return found

    def _log_range(self, wanted: dict[str, Json]) -> tuple[int, int]:
        if wanted.get("blockHash") is not None:
            block = self._engine.block_by_hash(to_data(wanted["blockHash"], 32))
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

    # --- accounts ---

    def eth_getBalance(self, account: Json, tag: Json = "latest") -> Json:
        """Balance in wei."""
        state = self._engine.state_at(self._number(tag))
        return hex(state.get_balance(to_address(account)))

    def eth_getCode(self, account: Json, tag: Json = "latest") -> Json:
        """Code of a contract."""
        return hex_data(self._engine.state_at(self._number(tag)).get_code(to_address(account)))

    def eth_getStorageAt(self, account: Json, slot: Json, tag: Json = "latest") -> Json:
        """One storage word."""
        state = self._engine.state_at(self._number(tag))
        return "0x" + f"{state.get_storage(to_address(account), to_int(slot)):064x}"

    def eth_getTransactionCount(self, account: Json, tag: Json = "latest") -> Json:
        """Nonce; with ``pending`` the pool's transactions count."""
        address = to_address(account)
        nonce = self._engine.state_at(self._number(tag)).get_nonce(address)
        if tag == "pending":
            nonce = self._engine.pool.next_nonce(address, nonce)
        return hex(nonce)

    # --- simulation and fees ---

    def _request(self, fields: Json) -> CallRequest:
        if not isinstance(fields, dict):
            raise bad_params("expected a call object")
        data = fields.get("input", fields.get("data")) or "0x"
        gas = fields.get("gas")
        return CallRequest(
            sender=to_address(fields.get("from") or "0x" + "00" * 20),
            to=to_address(fields["to"]) if fields.get("to") else b"",
            data=to_data(data),
            value_wei=to_int(fields.get("value") or "0x0"),
            gas=None if gas is None else to_int(gas),
        )

    def eth_call(self, fields: Json, tag: Json = "latest") -> Json:
        """What a call would return, at the time of the block."""
        outcome = self._engine.call(self._request(fields), self._number(tag))
        _raise_failed(outcome)
        return hex_data(outcome.output)

    def eth_simulateV1(self, options: Json, tag: Json = "latest") -> Json:
        """What calls would do one after the other, in imagined blocks; of overrides the time alone.

        Answers status and return data of every call; nothing is kept.
        """
        blocks = []
        for block in options.get("blockStateCalls", ()):
            time = (block.get("blockOverrides") or {}).get("time")
            requests = [self._request(fields) for fields in block.get("calls", ())]
            blocks.append((None if time is None else to_int(time), requests))
        outcomes = self._engine.simulate(blocks, self._number(tag))
        return [{"calls": [_simulated(outcome) for outcome in calls]} for calls in outcomes]

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
        first = max(0, last - min(1_024, max(1, to_int(count))) + 1)
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
        self._engine.increase_time(to_int(seconds))
        return self._engine.offset_s

    def evm_setNextBlockTimestamp(self, time_s: Json) -> Json:
        """Fix the next block's second."""
        self._engine.set_next_timestamp(to_int(time_s))

    def evm_mine(self, options: Json = None) -> Json:
        """Mine a block, at a given second if one is given."""
        if isinstance(options, dict):
            timestamp = options.get("timestamp")
            for _ in range(max(0, to_int(options.get("blocks") or 1) - 1)):
                self._engine.mine()
        else:
            timestamp = options
        self._engine.mine(None if timestamp is None else to_int(timestamp))
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
        return self._engine.revert(to_int(snapshot_id))

    def _mine_many(self, count: Json = 1, interval_s: Json = None) -> Json:
        number = to_int(count)
        if number > MAX_MINED_AT_ONCE:
            raise bad_params(f"at most {MAX_MINED_AT_ONCE} blocks at once")
        for index in range(number):
            if index and interval_s is not None:
                self._engine.increase_time(to_int(interval_s))
            self._engine.mine()

    def _drop_transaction(self, tx_hash: Json) -> Json:
        wanted = to_data(tx_hash, 32)
        return hex_data(wanted) if self._engine.pool.drop(wanted) else None

    def _reorg(self, depth: Json, transactions: Json = ()) -> Json:
        if transactions:
            raise bad_params("replacement transactions are not supported")
        self._engine.reorganise(to_int(depth))


def _topic_choice(choice: Json) -> set[bytes] | None:
    if choice is None:
        return None
    many = choice if isinstance(choice, list) else [choice]
    return {to_data(item, 32) for item in many} or None


def _fits(log: MinedLog, wanted: list[set[bytes] | None]) -> bool:
    if len(wanted) > len(log.topics):
        return False
    pairs = zip(wanted, log.topics, strict=False)
    return all(choice is None or topic in choice for choice, topic in pairs)


def _simulated(outcome: CallOutcome) -> dict[str, Json]:
    found: dict[str, Json] = {
        "status": hex(int(outcome.error is None)),
        "returnData": hex_data(outcome.output),
        "gasUsed": hex(outcome.gas_used),
        "logs": [],
    }
    if outcome.error is not None:
        found["error"] = {"code": 3, "message": "execution reverted", "data": found["returnData"]}
    return found


def _raise_failed(outcome: CallOutcome) -> None:
    if outcome.error is None:
        return
    if outcome.is_revert:
        raise RpcFault(3, "execution reverted", hex_data(outcome.output))
    raise RpcFault(-32000, f"execution failed: {type(outcome.error).__name__}")
