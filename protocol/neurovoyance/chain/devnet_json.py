"""Values of the devnet's JSON-RPC: what comes in, parsed; what goes out, in the usual form.

Place: under ``devnet_rpc``.
"""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_canonical_address, to_checksum_address

from neurovoyance.chain.evm_types import MinedBlock, MinedLog, MinedTransaction

EMPTY_BLOOM = "0x" + "00" * 256
Json = Any


class RpcFault(Exception):
    """An error answer: code, message, data."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def bad_params(message: str) -> RpcFault:
    """Return the fault of a wrong parameter."""
    return RpcFault(-32602, f"invalid params: {message}")


def hex_data(data: bytes) -> str:
    """Return ``0x`` hex."""
    return "0x" + bytes(data).hex()


def to_int(value: Json) -> int:
    """Return a non-negative number given as hex, decimal or JSON number."""
    if isinstance(value, bool):
        raise bad_params("expected a number")
    if isinstance(value, int) and value >= 0:
        return value
    if isinstance(value, str):
        try:
            return int(value, 16) if value.startswith("0x") else int(value)
        except ValueError:
            pass
    raise bad_params("expected a number")


def to_data(value: Json, size: int | None = None) -> bytes:
    """Return bytes given as hex, of one size if given."""
    try:
        raw = bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError:
        raise bad_params("expected hex data") from None
    if size is not None and len(raw) != size:
        raise bad_params(f"expected {size} bytes")
    return raw


def to_address(value: Json) -> bytes:
    """Return a 20-byte address given as hex."""
    return bytes(to_canonical_address(to_data(value, 20)))


def block_json(block: MinedBlock, chain_id: int, with_transactions: bool) -> Json:
    """Return a block as other nodes show it."""
    header = block.header
    if with_transactions:
        listed: list[Json] = [mined_json(entry, block, chain_id) for entry in block.transactions]
    else:
        listed = [hex_data(entry.transaction.hash) for entry in block.transactions]
    return {
        "number": hex(block.number),
        "hash": hex_data(block.hash),
        "parentHash": hex_data(header.parent_hash),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "miner": to_checksum_address(header.coinbase),
        "mixHash": hex_data(header.mix_hash),
        "nonce": hex_data(header.nonce),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": hex_data(header.extra_data),
        "logsBloom": "0x" + f"{header.bloom:0512x}",
        "stateRoot": hex_data(header.state_root),
        "transactionsRoot": hex_data(header.transaction_root),
        "receiptsRoot": hex_data(header.receipt_root),
        "sha3Uncles": hex_data(header.uncles_hash),
        "withdrawalsRoot": hex_data(header.withdrawals_root),
        "withdrawals": [],
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
        "parentBeaconBlockRoot": hex_data(header.parent_beacon_block_root),
        "size": "0x400",
        "uncles": [],
        "transactions": listed,
    }


def mined_json(entry: MinedTransaction, block: MinedBlock, chain_id: int) -> Json:
    """Return a mined transaction."""
    return {
        **tx_json(entry.transaction, chain_id),
        "blockHash": hex_data(block.hash),
        "blockNumber": hex(entry.block_number),
        "transactionIndex": hex(entry.index),
        "gasPrice": hex(entry.gas_price_wei),
    }


def tx_json(tx: Any, chain_id: int) -> Json:
    """Return a transaction that is not mined."""
    return {
        "hash": hex_data(tx.hash),
        "type": hex(getattr(tx, "type_id", None) or 0),
        "chainId": hex(chain_id),
        "nonce": hex(tx.nonce),
        "from": to_checksum_address(tx.sender),
        "to": to_checksum_address(tx.to) if tx.to else None,
        "value": hex(tx.value),
        "gas": hex(tx.gas),
        "gasPrice": hex(tx.max_fee_per_gas),
        "maxFeePerGas": hex(tx.max_fee_per_gas),
        "maxPriorityFeePerGas": hex(tx.max_priority_fee_per_gas),
        "input": hex_data(tx.data),
        "accessList": [],
        "v": hex(tx.y_parity),
        "yParity": hex(tx.y_parity),
        "r": hex(tx.r),
        "s": hex(tx.s),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }


def receipt_json(entry: MinedTransaction, block: MinedBlock) -> Json:
    """Return a receipt."""
    tx, created = entry.transaction, entry.contract_address
    return {
        "transactionHash": hex_data(tx.hash),
        "transactionIndex": hex(entry.index),
        "blockHash": hex_data(block.hash),
        "blockNumber": hex(block.number),
        "from": to_checksum_address(tx.sender),
        "to": to_checksum_address(tx.to) if tx.to else None,
        "status": "0x1" if entry.is_success else "0x0",
        "type": hex(getattr(tx, "type_id", None) or 0),
        "gasUsed": hex(entry.gas_used),
        "cumulativeGasUsed": hex(entry.cumulative_gas),
        "effectiveGasPrice": hex(entry.gas_price_wei),
        "contractAddress": None if created is None else to_checksum_address(created),
        "logs": [log_json(log, block) for log in entry.logs],
        "logsBloom": EMPTY_BLOOM,
    }


def log_json(log: MinedLog, block: MinedBlock) -> Json:
    """Return a log."""
    return {
        "address": to_checksum_address(log.address),
        "topics": [hex_data(topic) for topic in log.topics],
        "data": hex_data(log.data),
        "blockNumber": hex(block.number),
        "blockHash": hex_data(block.hash),
        "transactionHash": hex_data(log.tx_hash),
        "transactionIndex": hex(log.tx_index),
        "logIndex": hex(log.log_index),
        "removed": False,
    }
