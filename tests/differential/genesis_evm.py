"""The whole genesis on an in-process EVM: every contract of a public network, and its parties.

Place: under ``whole_economy``. The plan is that of ``chain.genesis``, so that what is deployed here
is what is deployed anywhere. A contract can be made to speak, as its timelock would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.evm import key
from tests.differential.evm_engines import Log, Moment, new_engine, past_hash

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.deploy import create_address
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.genesis import (
    AUDIT_POOL_WEI,
    CANARIES_WEI,
    INSURANCE_WEI,
    LIQUID_WEI,
    TREASURY_WEI,
    AuditSettings,
    EconomySettings,
    Step,
    genesis_wei,
    steps,
)
from neurovoyance.chain.logs import decode_logs, parse_log
from neurovoyance.chain.reverts import decode_revert
from neurovoyance.protocol.certificate import TAU_MAX, Terms, verify_rows_hash
from neurovoyance.protocol.ids import Address, keccak256
from neurovoyance.tokenomics.emission import EPOCH_S

START_S = 6_700 * EPOCH_S + 5
GAS = 8_000_000
DEPLOY_GAS = 20_000_000
POOL = b"pool-of-test"
SPENDERS = ("market", "stake_manager", "registry")


@dataclass(frozen=True)
class Done:
    """What a call did: its events, or why it was refused."""

    events: tuple[ChainEvent, ...]
    refusal: str = ""


class GenesisEvm:
    """The economy of a public network.

    Attributes:
        at: address of every contract by its name in ``chain.genesis``.
        kinds: their artefacts.
        model_id: the one registered model; it is in the canaries' catalogue.
    """

    def __init__(self, accounts: int) -> None:
        self.engine = new_engine()
        self._number, self.now_s = 300, START_S
        self.accounts: list[LocalAccount] = [key(number) for number in range(accounts)]
        self.deployer = str(self.accounts[0].address)
        each_wei = LIQUID_WEI // accounts
        liquid = {Address(str(a.address)): each_wei for a in self.accounts}
        liquid[Address(self.deployer)] += LIQUID_WEI - each_wei * accounts
        holder = Address(self.deployer)
        self._deploy(EconomySettings(holder, holder, holder, liquid))
        self._hand_on_the_funds()
        for account in self.accounts:
            for spender in SPENDERS:
                self.must(str(account.address), "token", "approve", self.at[spender], 2**255)
        self.model_id = self._list_model()

    def _deploy(self, settings: EconomySettings) -> None:
        deployer = Address(self.deployer)
        order = [
            Step("token", "ComputeToken", lambda _: ()),
            Step("beacon", "BlockHashBeacon", lambda _: ()),
            *steps(deployer, None, AuditSettings.local(), settings, self.now_s),
        ]
        found = {s.name: create_address(deployer, n) for n, s in enumerate(order)}
        held = genesis_wei(settings, deployer, found)
        for step in order:
            args = (list(held), list(held.values())) if step.name == "token" else step.args(found)
            code = contract_abi(step.contract).encode_deployment(args)
            made = self.engine.create(deployer, code, DEPLOY_GAS, self._moment)
            assert made.is_success, (step.name, made.output)
            assert str(to_checksum_address(made.output)) == found[step.name]
        self.at = {name: str(address) for name, address in found.items()}
        self.kinds = {step.name: step.contract for step in order}

    def _hand_on_the_funds(self) -> None:
        """Do what a deployment does at its end."""
        funds = {
            "treasury": TREASURY_WEI - CANARIES_WEI,
            "insurance_fund": INSURANCE_WEI - AUDIT_POOL_WEI,
            "canaries": CANARIES_WEI,
        }
        for name, amount_wei in funds.items():
            self.must(self.deployer, "token", "approve", self.at[name], amount_wei)
            self.must(self.deployer, name, "fund", amount_wei)
        self.must(self.deployer, "token", "approve", self.at["market"], AUDIT_POOL_WEI)
        self.must(self.deployer, "market", "deposit", AUDIT_POOL_WEI)
        self.must(self.deployer, "audit_court", "fundPool", AUDIT_POOL_WEI)

    def _list_model(self) -> bytes:
        terms = Terms(int(TAU_MAX**2 * 2**64), POOL, POOL, 5, verify_rows_hash([1, 3]))
        document = b'{"$terms":"%s","number":"00000000"}' % terms.encode().encode()
        self.must(self.deployer, "registry", "register", document)
        model_id = keccak256(document)
        timelock = self.at["standard_timelock"]
        self.must(timelock, "canaries", "setModel", model_id, POOL, 1, 30, True)
        return model_id

    # --- calls ---

    def send(self, sender: str, name: str, function: str, *args: Any) -> Done:
        """Mine one call; a refusal is a value."""
        self.mine(1)
        data = contract_abi(self.kinds[name]).encode_call(function, args)
        done = self.engine.call(sender, self.at[name], data, GAS, self._moment)
        if not done.is_success:
            refusal = decode_revert(done.output)
            return Done((), getattr(refusal, "solidity_name", "") or type(refusal).__name__)
        logs = (parse_log(self._as_rpc(*item)) for item in enumerate(done.logs))
        return Done(decode_logs(tuple(logs)))

    def must(self, sender: str, name: str, function: str, *args: Any) -> Done:
        """Mine one call that is granted."""
        done = self.send(sender, name, function, *args)
        assert not done.refusal, (name, function, args, done.refusal)
        return done

    def ask(self, name: str, function: str, *args: Any) -> Any:
        """Return the result of a view, the only one or all."""
        abi = contract_abi(self.kinds[name])
        data = abi.encode_call(function, args)
        asked = self.engine.call(self.deployer, self.at[name], data, GAS, self._moment)
        assert asked.is_success, (name, function, args)
        values = abi.decode_result(function, asked.output)
        return values[0] if len(values) == 1 else values

    # --- the chain ---

    @property
    def _moment(self) -> Moment:
        return Moment(self.now_s, self._number, bytes(keccak(self._number.to_bytes(8, "big"))))

    def mine(self, blocks: int) -> None:
        """Mine empty blocks, one a second."""
        self._number += blocks
        self.now_s += blocks

    def warp(self, seconds: int) -> None:
        """Move the clock forward and mine a block."""
        self._number += 1
        self.now_s += seconds

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
