"""The compiled contracts in an in-process EVM, for sequences too long for a JSON-RPC server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from rlp import encode as rlp_encode

from neurovoyance.chain import _generated_events as generated
from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.logs import decode_logs, parse_log
from neurovoyance.protocol.ids import ZERO_ADDRESS

CAP_WEI = 10**27
GAS = 3_000_000


def key(number: int) -> LocalAccount:
    return Account.from_key(keccak(b"differential" + number.to_bytes(4, "big")))


@dataclass(frozen=True)
class Sent:
    """What a transaction did: its events, or nothing if it reverted."""

    is_success: bool
    events: tuple[ChainEvent, ...]


class Evm:
    """Token, beacon, stakes and market on a fresh chain; accounts are keys 0 .. count-1."""

    def __init__(self, count: int, wei_each: int) -> None:
        self.tester = EthereumTester(PyEVMBackend())
        self.accounts = [key(number) for number in range(count)]
        bank = self.tester.get_accounts()[0]
        for account in self.accounts:
            self.tester.add_account(account.key.hex())
            funding = {"from": bank, "to": account.address, "value": 10**20, "gas": 21_000}
            self.tester.send_transaction(funding)
        self.deployer = bank
        holders = [account.address for account in self.accounts]
        rest_wei = CAP_WEI - wei_each * (count - 1)
        self.token = self._deploy("ComputeToken", (holders, [rest_wei] + [wei_each] * (count - 1)))
        self.beacon = self._deploy("BlockHashBeacon", ())
        nonce = self.tester.get_nonce(bank)
        market = self._address_after(nonce + 1)
        self.insurance = self.accounts[-1].address
        without_audits = (ZERO_ADDRESS, ZERO_ADDRESS)
        named = (self.token, market, self.insurance)
        self.stakes = self._deploy("StakeManager", (*named, *without_audits))
        named = (self.token, self.stakes, self.beacon)
        self.market = self._deploy("JobMarket", (*named, *without_audits))
        assert self.market == market

    def _address_after(self, nonce: int) -> str:
        raw = rlp_encode([bytes.fromhex(self.deployer[2:]), nonce])
        return str(to_checksum_address(keccak(raw)[12:]))

    def _deploy(self, name: str, args: tuple[Any, ...]) -> str:
        data = contract_abi(name).encode_deployment(args)
        tx = {"from": self.deployer, "to": "", "data": "0x" + data.hex(), "gas": 12_000_000}
        receipt = self.tester.get_transaction_receipt(self.tester.send_transaction(tx))
        assert receipt["status"] == 1, name
        return str(to_checksum_address(receipt["contract_address"]))

    def _address_of(self, contract: str) -> str:
        names = {"ComputeToken": self.token, "StakeManager": self.stakes}
        return {**names, "JobMarket": self.market, "BlockHashBeacon": self.beacon}[contract]

    def call(self, contract: str, function: str, *args: Any) -> Any:
        """Return the only value of a view."""
        abi = contract_abi(contract)
        data = "0x" + abi.encode_call(function, args).hex()
        tx = {"from": self.deployer, "to": self._address_of(contract), "data": data, "gas": GAS}
        raw = self.tester.call(tx)
        return abi.decode_result(function, bytes.fromhex(raw[2:]))[0]

    def send(self, sender: LocalAccount, contract: str, function: str, *args: Any) -> Sent:
        """Mine one transaction; a revert is a value."""
        data = "0x" + contract_abi(contract).encode_call(function, args).hex()
        tx = {
            "from": sender.address,
            "to": self._address_of(contract),
            "data": data,
            "gas": GAS,
        }
        try:
            receipt = self.tester.get_transaction_receipt(self.tester.send_transaction(tx))
        except TransactionFailed:
            return Sent(False, ())
        logs = tuple(parse_log(_as_rpc(log)) for log in receipt["logs"])
        return Sent(receipt["status"] == 1, decode_logs(logs))

    def time_s(self) -> int:
        """Return the timestamp of the latest block."""
        return int(self.tester.get_block_by_number("latest")["timestamp"])

    def warp(self, seconds: int) -> None:
        """Move the clock forward and mine a block."""
        self.tester.time_travel(self.time_s() + seconds)
        self.tester.mine_block()

    def mine(self, blocks: int) -> None:
        """Mine empty blocks."""
        self.tester.mine_blocks(blocks)


def _as_rpc(log: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": log["address"],
        "topics": list(log["topics"]),
        "data": log["data"],
        "blockNumber": hex(log["block_number"]),
        "blockHash": log["block_hash"],
        "transactionHash": log["transaction_hash"],
        "logIndex": hex(log["log_index"]),
    }


__all__ = ["Evm", "Sent", "generated", "key"]
