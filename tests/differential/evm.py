"""The compiled contracts in an in-process EVM, for sequences too long for a JSON-RPC server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.lens import Query, program_of, results_of

from neurovoyance.chain import _generated_events as generated
from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.deploy import create_address
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.logs import decode_logs, parse_log
from neurovoyance.protocol.ids import ZERO_ADDRESS

CAP_WEI = 10**27
NO_ECONOMY = (ZERO_ADDRESS,) * 6
EPOCH_S = 4_000_000_000  # far ahead: the chain's clock is its own, and every run is the same
GAS = 8_000_000
DEPLOY_GAS = 16_000_000


def key(number: int) -> LocalAccount:
    account: LocalAccount = Account.from_key(keccak(b"differential" + number.to_bytes(4, "big")))
    return account


class _Backend(PyEVMBackend):  # type: ignore[misc]
    """A chain without chance: the draws of the beacon are those of the same blocks, every run."""

    def mine_blocks(self, num_blocks: int = 1, coinbase: bytes = bytes(20)) -> tuple[bytes, ...]:
        hashes = []
        for _ in range(num_blocks):
            number = self.chain.get_block().number
            mixed = keccak(number.to_bytes(8, "big"))
            block = self.chain.mine_block(coinbase=coinbase, mix_hash=mixed, blob_gas_used=0)
            hashes.append(block.hash)
        return tuple(hashes)


@dataclass(frozen=True)
class Sent:
    """What a transaction did: its events, or nothing if it reverted."""

    is_success: bool
    events: tuple[ChainEvent, ...]


class Evm:
    """Token, beacon, stakes and market on a fresh chain; accounts are keys 0 .. count-1.

    Args:
        count: of accounts; the last one is the insurance, the first one arbiter of models.
        wei_each: tokens of every account but the first, which has the rest.
        policy: what the AuditCourt is deployed with; None for a market without courts.
    """

    def __init__(self, count: int, wei_each: int, policy: tuple[int, ...] | None = None) -> None:
        genesis = _Backend.generate_genesis_params({"timestamp": EPOCH_S})
        self.tester = EthereumTester(_Backend(genesis_parameters=genesis))
        self.accounts = [key(number) for number in range(count)]
        bank = self.tester.get_accounts()[0]
        for account in self.accounts:
            self.tester.add_account(account.key.hex())
            funding = {"from": bank, "to": account.address, "value": 10**20, "gas": 21_000}
            self.tester.send_transaction(funding)
        self.deployer = bank
        self.insurance = str(self.accounts[-1].address)
        holders = [account.address for account in self.accounts]
        rest_wei = CAP_WEI - wei_each * (count - 1)
        wei = [rest_wei] + [wei_each] * (count - 1)
        self.addresses = {"ComputeToken": self._deploy("ComputeToken", (holders, wei))}
        self.addresses["BlockHashBeacon"] = self._deploy("BlockHashBeacon", ())
        self._deploy_linked(policy)

    def _deploy_linked(self, policy: tuple[int, ...] | None) -> None:
        """Deploy what names each other: addresses follow from the deployer's next nonces."""
        token, beacon = self.token, self.beacon
        names = ["StakeManager", "JobMarket", "ModelRegistry", "AuditCourt", "DisputeCourt"]
        first = self.tester.get_nonce(self.deployer)
        found = {name: create_address(self.deployer, first + i) for i, name in enumerate(names)}
        courts = (found["AuditCourt"], found["DisputeCourt"])
        if policy is None:
            courts = (ZERO_ADDRESS, ZERO_ADDRESS)
        market, stakes = found["JobMarket"], found["StakeManager"]
        self._place("StakeManager", (token, market, self.insurance, *courts, NO_ECONOMY), found)
        self._place("JobMarket", (token, stakes, beacon, *courts, NO_ECONOMY), found)
        if policy is None:
            return
        registry = found["ModelRegistry"]
        self._place("ModelRegistry", (token, self.accounts[0].address, 0), found)
        named = (market, stakes, registry)
        self._place("AuditCourt", (*named, courts[1], policy, ZERO_ADDRESS), found)
        self._place("DisputeCourt", (*named, courts[0], beacon), found)

    def _place(self, name: str, args: tuple[Any, ...], expected: dict[str, Any]) -> None:
        self.addresses[name] = self._deploy(name, args)
        assert self.addresses[name] == expected[name], name

    @property
    def token(self) -> str:
        return self.addresses["ComputeToken"]

    @property
    def beacon(self) -> str:
        return self.addresses["BlockHashBeacon"]

    @property
    def stakes(self) -> str:
        return self.addresses["StakeManager"]

    @property
    def market(self) -> str:
        return self.addresses["JobMarket"]

    def _deploy(self, name: str, args: tuple[Any, ...]) -> str:
        data = contract_abi(name).encode_deployment(args)
        tx = {"from": self.deployer, "to": "", "data": "0x" + data.hex(), "gas": DEPLOY_GAS}
        receipt = self.tester.get_transaction_receipt(self.tester.send_transaction(tx))
        assert receipt["status"] == 1, name
        return str(to_checksum_address(receipt["contract_address"]))

    def call(self, contract: str, function: str, *args: Any) -> Any:
        """Return the first value of a view."""
        return self.call_all(contract, function, *args)[0]

    def call_all(self, contract: str, function: str, *args: Any) -> tuple[Any, ...]:
        """Return all values of a view."""
        abi = contract_abi(contract)
        data = "0x" + abi.encode_call(function, args).hex()
        tx = {"from": self.deployer, "to": self.addresses[contract], "data": data, "gas": GAS}
        raw = self.tester.call(tx)
        return abi.decode_result(function, bytes.fromhex(raw[2:]))

    def look(self, queries: Sequence[Query]) -> list[tuple[Any, ...]]:
        """Return what many views answer at one moment, in one call: see :mod:`.lens`."""
        data = "0x" + program_of(queries, self.addresses).hex()
        tx = {"from": self.deployer, "to": "", "data": data, "gas": DEPLOY_GAS}
        return results_of(queries, bytes.fromhex(self.tester.call(tx)[2:]))

    def send(self, sender: LocalAccount, contract: str, function: str, *args: Any) -> Sent:
        """Mine one transaction; a revert is a value."""
        data = "0x" + contract_abi(contract).encode_call(function, args).hex()
        tx = {
            "from": sender.address,
            "to": self.addresses[contract],
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
