"""Contracts in a bare EVM: calls that keep their effects, without blocks, keys or gas prices.

Place: under the differential tests that make thousands of calls. A call is what a transaction's
execution is, at a second that the caller names; that is all that the contracts can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.evm_engines import CHAIN_ID, Log, Moment, new_engine
from tests.differential.solidity import compiled

from neurovoyance.chain.abi_codec import contract_abi

GAS = 8_000_000
DEPLOY_GAS = 20_000_000


def account(number: int) -> str:
    """Return the address of a numbered party; nobody has its key."""
    return str(to_checksum_address(keccak(b"party" + number.to_bytes(4, "big"))[12:]))


@dataclass(frozen=True)
class Answer:
    """What a call did.

    Attributes:
        values: what it returned; empty if it refused.
        refusal: name and values of the error, or None.
    """

    values: tuple[Any, ...]
    refusal: tuple[str, tuple[Any, ...]] | None


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
        is_success, raw = self.evm.execute(sender, self.address, data)
        if is_success:
            return Answer(self._decoded(entry, raw), None)
        return Answer((), self._refusal(raw))

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
        logs: events of the latest call.
    """

    def __init__(self, now_s: int) -> None:
        self.now_s = self._kept_s = now_s
        self.engine = new_engine()
        self.logs: tuple[Log, ...] = ()

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
        done = self.engine.create(account(0), code, DEPLOY_GAS, Moment(self.now_s))
        assert done.is_success, done.output.hex()
        return str(to_checksum_address(done.output))

    def execute(self, sender: str, to: str, data: bytes) -> tuple[bool, bytes]:
        """Run a call; return whether it succeeded, and what it returned."""
        done = self.engine.call(sender, to, data, GAS, Moment(self.now_s))
        self.logs = done.logs
        return done.is_success, done.output

    def storage(self, contract: Contract, slot: int) -> int:
        """Return a word of a contract's storage."""
        return self.engine.storage(contract.address, slot)

    def keep(self) -> None:
        """Remember the present state for :meth:`reset`."""
        self.engine.keep()
        self._kept_s = self.now_s

    def reset(self) -> None:
        """Go back to the state that was kept."""
        self.engine.reset()
        self.now_s = self._kept_s


def _selector(entry: dict[str, Any]) -> bytes:
    return bytes(function_abi_to_4byte_selector({**entry, "type": "function"}))  # type: ignore[arg-type]


def _types(items: list[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(item) for item in items]


__all__ = ["CHAIN_ID", "Answer", "Contract", "PlainEvm", "account"]
