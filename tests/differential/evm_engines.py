"""Two EVMs under the differential tests: one in Rust, and py-evm where that one has no wheel.

Place: under `plain_evm` and `evm`. An engine executes messages at a moment that the caller names
and keeps what they did; keys, nonces of senders and the price of gas do not exist, and what one
message warmed up stays warm, so that gas is only a limit. `test_evm_engines` holds both together;
`NEUROVOYANCE_TEST_EVM=py-evm` chooses the slow one.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from eth.chains.base import MiningChain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

CHAIN_ID = 131_277
BLOCK_GAS = 100_000_000
Log = tuple[bytes, tuple[bytes, ...], bytes]
REVERT = re.compile(r"^Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}$")
PADDING = 33  # revm stores code with zeros behind it, so that a PUSH never leaves it
NOBODY = "0x" + 20 * "00"
SPEAKER = str(to_checksum_address(keccak(b"speaker")[12:]))
HALT = re.compile(r"^Halt \{ reason: .+, gas_used: \d+ \}$")


@dataclass(frozen=True)
class Outcome:
    """What a message did.

    Attributes:
        is_success: whether its effects were kept.
        output: what it returned, or the bytes of its refusal; of a creation, the address.
        logs: address, topics and data of each event; empty if it failed.
    """

    is_success: bool
    output: bytes
    logs: tuple[Log, ...]


@dataclass(frozen=True)
class Moment:
    """The block in which a message is executed: its timestamp, number and randomness."""

    now_s: int
    number: int = 1
    mixed: bytes = POST_MERGE_MIX_HASH


class Engine(Protocol):
    """One state that messages change."""

    def call(self, sender: str, to: str, data: bytes, gas: int, moment: Moment) -> Outcome: ...

    def create(self, sender: str, code: bytes, gas: int, moment: Moment) -> Outcome:
        """Run init code; the n-th creation of a sender has its nonce n, from 0."""

    def ask_program(self, code: bytes, gas: int, moment: Moment) -> bytes:
        """Return what init code returns, and forget that it ran."""

    def storage(self, address: str, slot: int) -> int: ...

    def keep(self) -> None:
        """Remember the present state for :meth:`reset`."""

    def reset(self) -> None:
        """Go back to the state that was kept."""


class RevmEngine:
    """revm through pyrevm: a call takes microseconds."""

    def __init__(self) -> None:
        import pyrevm

        self._revm = pyrevm
        self._evm = pyrevm.EVM(gas_limit=BLOCK_GAS, spec_id="CANCUN", env=self._env())
        self._kept = self._evm.snapshot()

    def _env(self) -> Any:
        return self._revm.Env(cfg=self._revm.CfgEnv(chain_id=CHAIN_ID))

    def call(self, sender: str, to: str, data: bytes, gas: int, moment: Moment) -> Outcome:
        if self._evm.get_code(sender):
            return self._call_as_contract(sender, to, data, gas, moment)
        self._at(moment)
        try:
            output = self._evm.message_call(
                sender, to, calldata=data, gas=gas + intrinsic_gas(data)
            )
        except RuntimeError as error:
            return _failure(str(error))
        finally:
            self._evm.reset_transient_storage()
        result = self._evm.result
        assert result is not None
        return Outcome(True, bytes(output), tuple(_log(log) for log in result.logs))

    def create(self, sender: str, code: bytes, gas: int, moment: Moment) -> Outcome:
        self._at(moment)
        try:
            address = self._evm.deploy(sender, code, gas=gas)
        except RuntimeError as error:
            return _failure(str(error))
        finally:
            self._evm.reset_transient_storage()
        return Outcome(True, bytes.fromhex(address[2:]), ())

    def ask_program(self, code: bytes, gas: int, moment: Moment) -> bytes:
        before = self._evm.snapshot()
        address = self.create(NOBODY, code, gas, moment).output
        found = self._evm.get_code(to_checksum_address(address))
        self._evm.revert(before)
        return bytes(found or b"")[:-PADDING]

    def storage(self, address: str, slot: int) -> int:
        return int(self._evm.storage(address, slot) or 0)

    def keep(self) -> None:
        self._evm.commit()
        self._kept = self._evm.snapshot()

    def reset(self) -> None:
        self._evm.revert(self._kept)
        self._kept = self._evm.snapshot()

    def _call_as_contract(
        self, sender: str, to: str, data: bytes, gas: int, moment: Moment
    ) -> Outcome:
        """Let a contract speak; revm refuses senders with code (EIP-3607)."""
        code, nonce = self._evm.get_code(sender), self._evm.basic(sender).nonce
        copy = str(to_checksum_address(keccak(bytes.fromhex(sender[2:]))[12:]))
        self._evm.insert_account_info(copy, self._revm.AccountInfo(nonce=1, code=code))
        speaking = self._revm.AccountInfo(nonce=nonce, code=mouthpiece(SPEAKER, copy))
        self._evm.insert_account_info(sender, speaking)
        try:
            return self.call(
                SPEAKER, sender, bytes.fromhex(to[2:]).rjust(32, b"\0") + data, gas, moment
            )
        finally:
            kept = self._revm.AccountInfo(nonce=nonce, code=code)
            self._evm.insert_account_info(sender, kept)

    def _at(self, moment: Moment) -> None:
        block = self._revm.BlockEnv(
            timestamp=moment.now_s,
            number=moment.number,
            prevrandao=moment.mixed,
            gas_limit=BLOCK_GAS,
        )
        self._evm.set_block_env(block)


def _failure(told: str) -> Outcome:
    """Read what pyrevm tells only in words."""
    if found := REVERT.match(told):
        return Outcome(False, bytes.fromhex(found[1]), ())
    if HALT.match(told):
        return Outcome(False, b"", ())
    raise AssertionError(told)


def _log(log: Any) -> Log:
    topics, data = log.data
    return bytes.fromhex(log.address[2:]), tuple(bytes(topic) for topic in topics), bytes(data)


def mouthpiece(speaker: str, copy: str) -> bytes:
    """Return code of a contract that says what ``speaker`` tells it: an address, then the data.

    To everybody else it is what ``copy`` is, in its own storage.
    """
    ask = bytes.fromhex("3373" + speaker[2:] + "1460")  # then: where to, JUMPI
    as_copy = bytes.fromhex("365f5f375f5f365f73" + copy[2:] + "5af460")  # then: where to, JUMP
    as_told = bytes.fromhex("5b602036038060205f375f5f825f5f5f355af1")
    to_told = len(ask) + 2 + len(as_copy) + 2
    to_back = to_told + len(as_told)
    back = bytes.fromhex("5b3d5f5f3e60")  # then: where to, JUMPI, and a refusal
    to_end = to_back + len(back) + 5
    jumps = ask + bytes([to_told, 0x57]) + as_copy + bytes([to_back, 0x56])
    return jumps + as_told + back + bytes([to_end]) + bytes.fromhex("573d5ffd5b3d5ff3")


def intrinsic_gas(data: bytes) -> int:
    """Return what a transaction with this data pays before it is executed."""
    zeros = data.count(0)
    return 21_000 + 4 * zeros + 16 * (len(data) - zeros)


class PyEvmEngine:
    """py-evm: a call takes milliseconds."""

    def __init__(self) -> None:
        vms = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, CancunVM),))
        members = {"chain_id": CHAIN_ID, "vm_configuration": vms}
        chain_class: Any = type("PlainChain", (MiningChain,), members)
        genesis = {
            "coinbase": bytes(20),
            "difficulty": POST_MERGE_DIFFICULTY,
            "mix_hash": POST_MERGE_MIX_HASH,
            "nonce": POST_MERGE_NONCE,
            "gas_limit": BLOCK_GAS,
            "timestamp": 1,
        }
        self._chain = chain_class.from_genesis(AtomicDB(), genesis, {})
        header = self._chain.create_header_from_parent(self._chain.get_canonical_head())
        self._header = header.copy(base_fee_per_gas=0)
        self.reset()

    def call(self, sender: str, to: str, data: bytes, gas: int, moment: Moment) -> Outcome:
        return self._run(sender, bytes.fromhex(to[2:]), data, gas, moment)

    def create(self, sender: str, code: bytes, gas: int, moment: Moment) -> Outcome:
        raw = bytes.fromhex(sender[2:])
        nonce = self._state.get_nonce(raw)
        done = self._run(sender, b"", code, gas, moment)
        self._state.set_nonce(raw, nonce + 1)  # also if it failed, as a transaction does
        return done

    def ask_program(self, code: bytes, gas: int, moment: Moment) -> bytes:
        checkpoint = self._state.snapshot()
        computation = self._computation(NOBODY, b"", code, gas, moment)
        self._state.revert(checkpoint)
        return bytes(computation.output)

    def storage(self, address: str, slot: int) -> int:
        return int(self._state.get_storage(bytes.fromhex(address[2:]), slot))

    def keep(self) -> None:
        self._state.persist()
        self._header = self._header.copy(state_root=self._state.make_state_root())

    def reset(self) -> None:
        self._vm = self._chain.get_vm(self._header)
        self._state = self._vm.state

    def _run(self, sender: str, to: bytes, code: bytes, gas: int, moment: Moment) -> Outcome:
        computation = self._computation(sender, to, code, gas, moment)
        self._state.lock_changes()
        if computation.is_error:
            return Outcome(False, bytes(computation.output), ())
        output = computation.output if to else computation.msg.storage_address
        logs = tuple(
            (bytes(address), tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        )
        return Outcome(True, bytes(output), logs)

    def _computation(self, sender: str, to: bytes, data: bytes, gas: int, moment: Moment) -> Any:
        context = self._state.execution_context
        context._timestamp, context._block_number = moment.now_s, moment.number
        context._mix_hash = moment.mixed
        context._prev_hashes = [past_hash(moment.number - back) for back in range(1, 257)]
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
        executor = self._state.get_transaction_executor()
        spoofed: Any = SpoofTransaction(unsigned, from_=bytes.fromhex(sender[2:]))
        computation = executor.build_computation(executor.build_evm_message(spoofed), spoofed)
        self._state.clear_transient_storage()
        return computation


def past_hash(number: int) -> bytes:
    """Return the hash of a block that nobody mined: what revm's empty database answers."""
    return bytes(keccak(str(number).encode()))


def new_engine() -> Engine:
    """Return the fastest engine at hand."""
    is_rust = find_spec("pyrevm") is not None
    if os.environ.get("NEUROVOYANCE_TEST_EVM") == "py-evm" or not is_rust:
        return PyEvmEngine()
    return RevmEngine()
