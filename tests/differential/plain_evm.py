"""Contracts in a bare EVM: calls that keep their effects, without blocks, keys or gas prices.

Place: under the differential tests that make thousands of calls. A call is what a transaction's
execution is, at a second that the caller names; that is all that the contracts can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth.chains.base import MiningChain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.solidity import compiled

from neurovoyance.chain.abi_codec import contract_abi

GAS = 8_000_000
DEPLOY_GAS = 20_000_000
CHAIN_ID = 131_277


def account(number: int) -> str:
    """Return the address of a numbered party; nobody has its key."""
    return str(to_checksum_address(keccak(b"party" + number.to_bytes(4, "big"))[12:]))


@dataclass(frozen=True)
class Answer:
    """What a call did.

    Attributes:
        values: what it returned; empty if it refused.
        refusal: name and values of the error, or None.
        gas_used: of the transaction, refunds not taken off.
    """

    values: tuple[Any, ...]
    refusal: tuple[str, tuple[Any, ...]] | None
    gas_used: int


class Contract:
    """One deployed contract."""

    def __init__(self, evm: PlainEvm, abi: list[dict[str, Any]], address: str) -> None:
        self.evm, self.address = evm, address
        self.functions = {entry["name"]: entry for entry in abi if entry["type"] == "function"}
        self.errors = {_selector(e): e for e in abi if e["type"] == "error"}

    def send(self, sender: str, function: str, *args: Any) -> Answer:
        """Call and keep what it did."""
        entry = self.functions[function]
        data = _selector(entry) + encode(_types(entry["inputs"]), args)
        is_success, raw, gas = self.evm.execute(sender, self.address, data)
        if is_success:
            return Answer(self._decoded(entry, raw), None, gas)
        return Answer((), self._refusal(raw), gas)

    def ask(self, function: str, *args: Any) -> Any:
        """Return the result of a view, the only one or all."""
        answer = self.send(account(0), function, *args)
        assert answer.refusal is None, (function, answer.refusal)
        return answer.values[0] if len(answer.values) == 1 else answer.values

    def _decoded(self, entry: dict[str, Any], raw: bytes) -> tuple[Any, ...]:
        return tuple(decode(_types(entry["outputs"]), raw))

    def _refusal(self, raw: bytes) -> tuple[str, tuple[Any, ...]]:
        entry = self.errors.get(raw[:4])
        assert entry, f"refused with {raw.hex()}"
        values = decode(_types(entry["inputs"]), raw[4:])
        kinds = [item["type"] for item in entry["inputs"]]
        named = zip(values, kinds, strict=True)
        return str(entry["name"]), tuple(
            str(to_checksum_address(value)) if kind == "address" else value for value, kind in named
        )


class PlainEvm:
    """One state, and a clock that the test moves.

    Attributes:
        now_s: the second at which the next call happens.
    """

    def __init__(self, now_s: int) -> None:
        self.now_s = now_s
        vms = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, CancunVM),))
        members = {"chain_id": CHAIN_ID, "vm_configuration": vms}
        chain_class: Any = type("PlainChain", (MiningChain,), members)
        genesis = {
            "coinbase": bytes(20),
            "difficulty": POST_MERGE_DIFFICULTY,
            "mix_hash": POST_MERGE_MIX_HASH,
            "nonce": POST_MERGE_NONCE,
            "gas_limit": 30_000_000,
            "timestamp": 1,
        }
        self._chain = chain_class.from_genesis(AtomicDB(), genesis, {})
        header = self._chain.create_header_from_parent(self._chain.get_canonical_head())
        self._header = header.copy(base_fee_per_gas=0)
        self._kept_s = now_s
        self.reset()

    def deploy(self, source: str, name: str, args: tuple[Any, ...] = ()) -> Contract:
        """Compile a contract of the repository and create it."""
        built = compiled(source, name)
        entries = [entry for entry in built["abi"] if entry["type"] == "constructor"]
        types = _types(entries[0]["inputs"]) if entries else []
        address = self.create(bytes.fromhex(built["code"]) + encode(types, args))
        return Contract(self, built["abi"], address)

    def deploy_token(self, holders: list[str], amounts: list[int]) -> Contract:
        """Create the token with its whole supply."""
        abi = contract_abi("ComputeToken")
        address = self.create(abi.encode_deployment((holders, amounts)))
        return Contract(self, list(abi.functions.values()), address)

    def create(self, code: bytes) -> str:
        """Run init code; return the address of what it created."""
        sender = bytes.fromhex(account(0)[2:])
        self._state.increment_nonce(sender)  # as a transaction does before it is executed
        computation = self._run(sender, b"", code, DEPLOY_GAS)
        assert not computation.is_error, computation.error
        return str(to_checksum_address(computation.msg.storage_address))

    def execute(self, sender: str, to: str, data: bytes) -> tuple[bool, bytes, int]:
        """Run a call; return whether it succeeded, what it returned, and its gas."""
        callers = bytes.fromhex(sender[2:]), bytes.fromhex(to[2:])
        computation = self._run(*callers, data, GAS)
        used = GAS - computation.get_gas_remaining()
        return not computation.is_error, bytes(computation.output), used

    def _run(self, sender: bytes, to: bytes, data: bytes, gas: int) -> Any:
        state = self._state
        state.execution_context._timestamp = self.now_s
        unsigned = self._vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=CHAIN_ID,
            nonce=0,
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=gas,
            to=to,
            value=0,
            data=data,
            access_list=(),
        )
        executor = state.get_transaction_executor()
        spoofed: Any = SpoofTransaction(unsigned, from_=sender)
        message = executor.build_evm_message(spoofed)
        computation = executor.build_computation(message, spoofed)
        state.clear_transient_storage()
        state.lock_changes()
        return computation

    def storage(self, contract: Contract, slot: int) -> int:
        """Return a word of a contract's storage."""
        return int(self._state.get_storage(bytes.fromhex(contract.address[2:]), slot))

    def keep(self) -> None:
        """Remember the present state for :meth:`reset`."""
        self._state.persist()
        self._header = self._header.copy(state_root=self._state.make_state_root())
        self._kept_s = self.now_s

    def reset(self) -> None:
        """Go back to the state that was kept."""
        self._vm = self._chain.get_vm(self._header)
        self._state = self._vm.state
        self.now_s = self._kept_s


def _selector(entry: dict[str, Any]) -> bytes:
    return bytes(function_abi_to_4byte_selector({**entry, "type": "function"}))  # type: ignore[arg-type]


def _types(items: list[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(item) for item in items]
