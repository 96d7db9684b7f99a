"""Encoding and decoding against the exported ABIs; the contracts by name.

Place: below ``contracts``, ``events`` and ``reverts``. The JSON files in ``abi/`` are generated
from the Solidity sources; this module only reads them. Text that others wrote on chain may be
broken UTF-8: it decodes with replacement characters, since a reader that stops there could be
stopped by anyone.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as default_registry
from eth_utils.abi import (
    collapse_if_tuple,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
)
from eth_utils.address import to_checksum_address

from neurovoyance.protocol.errors import ConfigError, InternalError, RpcError, SpecError

CONTRACT_NAMES = (
    "ComputeToken",
    "BlockHashBeacon",
    "StakeManager",
    "JobMarket",
    "ModelRegistry",
    "AuditCourt",
    "DisputeCourt",
    "ProtocolParams",
    "VotingPower",
    "StandardGovernor",
    "ConstitutionalGovernor",
    "ProtocolTimelock",
    "Guardian",
    "Treasury",
    "InsuranceFund",
    "VestingVault",
    "FeeRouter",
    "EmissionController",
    "Canaries",
    "PaymentChannels",
    "Grant",
)


def _tolerant_codec() -> ABICodec:
    registry: Any = default_registry.copy()  # type: ignore[no-untyped-call]
    registry.unregister("string")
    registry.register(
        BaseEquals("string"),  # type: ignore[no-untyped-call]
        TextStringEncoder,
        StringDecoder(handle_string_errors="replace"),  # type: ignore[no-untyped-call]
        label="string",
    )
    return ABICodec(registry)


_CODEC = _tolerant_codec()


def _types(params: list[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(param) for param in params]


def _checksummed(value: Any, param: dict[str, Any]) -> Any:
    """Return a decoded value with every address in it checksummed and lists as tuples."""
    kind = str(param["type"])
    if kind.endswith("]"):
        inner = {**param, "type": kind[: kind.rindex("[")]}
        return tuple(_checksummed(item, inner) for item in value)
    if kind == "tuple":
        parts = zip(value, param["components"], strict=True)
        return tuple(_checksummed(item, part) for item, part in parts)
    return str(to_checksum_address(value)) if kind == "address" else value


def encode_values(params: list[dict[str, Any]], values: tuple[Any, ...], what: str) -> bytes:
    """Return the ABI encoding of values; SpecError when they do not fit the types."""
    types = _types(params)
    try:
        return bytes(_CODEC.encode(types, values))
    except (EncodingError, ValueError, TypeError, OverflowError) as error:
        raise SpecError(
            f"The arguments of {what} do not fit its types ({', '.join(types)}): {error}.",
            hint="Nothing was sent.",
        ) from error


def decode_values(params: list[dict[str, Any]], raw: bytes, what: str) -> tuple[Any, ...]:
    """Return decoded values, addresses checksummed; RpcError when the bytes do not fit."""
    try:
        values = _CODEC.decode(_types(params), raw)
    except (DecodingError, ValueError, TypeError, OverflowError) as error:
        raise RpcError(
            f"The answer to {what} does not have the shape that its contract gives it.",
            hint="The address may hold another contract, or the endpoint is faulty.",
            what=what,
            size_bytes=len(raw),
        ) from error
    return tuple(_checksummed(value, param) for value, param in zip(values, params, strict=True))


@dataclass(frozen=True)
class ContractAbi:
    """One contract's interface and creation code, as exported by the compiler.

    Attributes:
        name: the contract's name.
        functions: by name; overloaded ones by name and types, as in ``release(address)``.
        events: by topic 0, 32 bytes.
        errors: by selector, 4 bytes.
        constructor_inputs: parameters of the constructor.
        bytecode: creation code without arguments.
    """

    name: str
    functions: dict[str, dict[str, Any]] = field(repr=False)
    events: dict[bytes, dict[str, Any]] = field(repr=False)
    errors: dict[bytes, dict[str, Any]] = field(repr=False)
    constructor_inputs: list[dict[str, Any]] = field(repr=False)
    bytecode: bytes = field(repr=False)

    def function(self, name: str) -> dict[str, Any]:
        """Return a function's ABI entry; InternalError for an unknown name."""
        try:
            return self.functions[name]
        except KeyError:
            raise InternalError(f"{self.name} has no function {name}.") from None

    def encode_call(self, name: str, args: tuple[Any, ...]) -> bytes:
        """Return the call data of a function; SpecError when the arguments do not fit."""
        entry = self.function(name)
        selector = bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]
        return selector + encode_values(entry["inputs"], args, f"{self.name}.{name}")

    def decode_result(self, name: str, raw: bytes) -> tuple[Any, ...]:
        """Return a function's decoded results; RpcError when the bytes do not fit."""
        return decode_values(self.function(name)["outputs"], raw, f"{self.name}.{name}")

    def encode_deployment(self, args: tuple[Any, ...]) -> bytes:
        """Return creation code with constructor arguments."""
        what = f"the constructor of {self.name}"
        return self.bytecode + encode_values(self.constructor_inputs, args, what)


def parse_abi(document: dict[str, Any]) -> ContractAbi:
    """Return the interface in ``{name, abi, bytecode}``.

    Raises:
        ConfigError: a document of another shape.
    """
    try:
        name, entries = str(document["name"]), list(document["abi"])
        bytecode = bytes.fromhex(str(document["bytecode"]).removeprefix("0x"))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            "An exported ABI file is damaged.", hint="Build the contracts again."
        ) from error
    listed = [entry for entry in entries if entry["type"] == "function"]
    uses = Counter(entry["name"] for entry in listed)
    functions = {
        entry["name"] if uses[entry["name"]] == 1 else _with_types(entry): entry for entry in listed
    }
    empty: dict[str, Any] = {"inputs": []}
    constructor = next((e for e in entries if e["type"] == "constructor"), empty)
    return ContractAbi(
        name,
        functions,
        {bytes(event_abi_to_log_topic(e)): e for e in entries if e["type"] == "event"},
        {error_selector(e): e for e in entries if e["type"] == "error"},
        list(constructor["inputs"]),
        bytecode,
    )


def _with_types(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def error_selector(entry: dict[str, Any]) -> bytes:
    """Return the 4-byte selector of an ``error`` entry."""
    as_function = {**entry, "type": "function"}
    return bytes(function_abi_to_4byte_selector(as_function))  # type: ignore[arg-type]


@cache
def contract_abi(name: str) -> ContractAbi:
    """Return the interface of one of ``CONTRACT_NAMES``.

    Raises:
        ConfigError: the exported file is missing or damaged.
    """
    source = resources.files("neurovoyance.chain").joinpath("abi", f"{name}.json")
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The exported ABI of {name} is missing or unreadable.",
            hint="Build the contracts, or install the package again.",
        ) from error
    return parse_abi(document)


@dataclass(frozen=True, slots=True)
class Call:
    """One function call of one contract at one address, not sent yet."""

    abi: ContractAbi
    address: str
    function: str
    args: tuple[Any, ...] = ()

    @property
    def data(self) -> bytes:
        """Call data; SpecError when the arguments do not fit."""
        return self.abi.encode_call(self.function, self.args)

    @property
    def label(self) -> str:
        """Contract and function, for messages."""
        return f"{self.abi.name}.{self.function}"
