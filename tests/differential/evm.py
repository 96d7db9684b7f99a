"""The compiled contracts in an in-process EVM, for sequences too long for a JSON-RPC server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.evm_engines import Log, Moment, new_engine, past_hash
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
        self.engine = new_engine()
        self._number, self._now_s, self._deployments = 300, EPOCH_S, 0
        self._kept = self._number, self._now_s
        self.accounts = [key(number) for number in range(count)]
        self.deployer = str(key(count).address)
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
        first = self._deployments
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
        self.mine(1)
        data = contract_abi(name).encode_deployment(args)
        created = self.engine.create(self.deployer, data, DEPLOY_GAS, self._moment)
        assert created.is_success, name
        self._deployments += 1
        return str(to_checksum_address(created.output))

    @property
    def _moment(self) -> Moment:
        """The latest block; its randomness follows from its number, the same in every run."""
        mixed = keccak(self._number.to_bytes(8, "big"))
        return Moment(self._now_s, self._number, mixed)

    def call(self, contract: str, function: str, *args: Any) -> Any:
        """Return the first value of a view."""
        return self.call_all(contract, function, *args)[0]

    def call_all(self, contract: str, function: str, *args: Any) -> tuple[Any, ...]:
        """Return all values of a view."""
        abi = contract_abi(contract)
        data = abi.encode_call(function, args)
        asked = self.engine.call(self.deployer, self.addresses[contract], data, GAS, self._moment)
        assert asked.is_success, function
        return abi.decode_result(function, asked.output)

    def look(self, queries: Sequence[Query]) -> list[tuple[Any, ...]]:
        """Return what many views answer at one moment, in one call: see :mod:`.lens`."""
        program = program_of(queries, self.addresses)
        return results_of(queries, self.engine.ask_program(program, DEPLOY_GAS, self._moment))

    def send(self, sender: LocalAccount, contract: str, function: str, *args: Any) -> Sent:
        """Mine one transaction; a revert is a value."""
        self.mine(1)
        data = contract_abi(contract).encode_call(function, args)
        to = self.addresses[contract]
        done = self.engine.call(str(sender.address), to, data, GAS, self._moment)
        logs = (parse_log(self._as_rpc(*item)) for item in enumerate(done.logs))
        return Sent(done.is_success, decode_logs(tuple(logs)))

    def time_s(self) -> int:
        """Return the timestamp of the latest block."""
        return self._now_s

    def warp(self, seconds: int) -> None:
        """Move the clock forward and mine a block."""
        self._now_s += seconds
        self._number += 1

    def mine(self, blocks: int) -> None:
        """Mine empty blocks, one a second."""
        self._number += blocks
        self._now_s += blocks

    def keep(self) -> None:
        """Remember the present state for :meth:`reset`."""
        self.engine.keep()
        self._kept = self._number, self._now_s

    def reset(self) -> None:
        """Go back to the state that was kept."""
        self.engine.reset()
        self._number, self._now_s = self._kept

    def _as_rpc(self, index: int, log: Log) -> dict[str, Any]:
        address, topics, data = log
        block_hash = past_hash(self._number)
        return {
            "address": str(to_checksum_address(address)),
            "topics": ["0x" + topic.hex() for topic in topics],
            "data": "0x" + data.hex(),
            "blockNumber": hex(self._number),
            "blockHash": "0x" + block_hash.hex(),
            "transactionHash": "0x" + keccak(block_hash).hex(),
            "logIndex": hex(index),
        }


__all__ = ["Evm", "Sent", "generated", "key"]
