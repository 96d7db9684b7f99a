"""Revert data to Python errors and back: every Solidity error is exactly one class.

Place: under ``sender``; the classes are imported from here. ``JobMarket__WrongState`` is
:class:`JobMarketWrongState` with ``job_id``, ``found`` and ``needed``. A test walks the ABIs both
ways.
"""

from __future__ import annotations

import re
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from neurovoyance.chain import _generated_errors as generated
from neurovoyance.chain._generated_errors import *  # noqa: F403 - the classes are this module's API
from neurovoyance.chain._generated_errors import KNOWN_REVERTS
from neurovoyance.chain.event_types import ENUMS
from neurovoyance.chain.revert_base import KnownRevert
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import ContractRevert, UnknownRevert

ERROR_STRING_SELECTOR = bytes.fromhex("08c379a0")
PANIC_SELECTOR = bytes.fromhex("4e487b71")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_REVERT_CODE = 3
_ENUMS = {name.removeprefix("enum "): enum for name, enum in ENUMS.items()}
_PANICS = {
    0x01: "an assertion failed",
    0x11: "an addition, subtraction or multiplication left its range",
    0x12: "a division by zero",
    0x21: "a number is no member of its enum",
    0x22: "a storage array is damaged",
    0x31: "an empty array was popped",
    0x32: "an index lies outside its array",
    0x41: "too much memory was asked for",
    0x51: "an empty function pointer was called",
}


class RevertedWithReason(ContractRevert):
    """A contract refused with words, ``require(condition, reason)``."""

    code = "chain.revert.reason"

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"The contract refused: {reason[:500]}", hint=hint, reason=reason[:500])
        self.reason = reason


class SolidityPanic(ContractRevert):
    """A check of the compiler failed inside a contract: a defect of the contract."""

    code = "chain.revert.panic"
    default_hint = "Please report this; the call changed nothing."

    def __init__(self, panic_code: int, *, hint: str | None = None) -> None:
        meaning = _PANICS.get(panic_code, "an unknown check failed")
        super().__init__(
            f"The contract panicked with code {panic_code:#04x}: {meaning}.",
            hint=hint,
            panic_code=panic_code,
        )
        self.panic_code = panic_code


def decode_revert(data: bytes) -> ContractRevert:
    """Return the error that revert data stands for; :class:`UnknownRevert` if nothing fits."""
    selector, body = data[:4], data[4:]
    try:
        if selector == ERROR_STRING_SELECTOR:
            # Foreign words may be broken UTF-8; decoding them as bytes cannot fail on that.
            (raw,) = decode(["bytes"], body)
            return RevertedWithReason(raw.decode("utf-8", errors="replace"))
        if selector == PANIC_SELECTOR:
            return SolidityPanic(decode(["uint256"], body)[0])
        if selector in KNOWN_REVERTS:
            return _known(KNOWN_REVERTS[selector], body)
    except (DecodingError, ValueError, OverflowError):
        pass
    shown = "no data" if not data else f"data that no known error explains (0x{data[:36].hex()}...)"
    return UnknownRevert(
        f"A contract refused with {shown}.",
        hint="The address may hold another contract or another version of it.",
        data=data,
    )


def _known(cls: type[KnownRevert], body: bytes) -> ContractRevert:
    values = decode(list(cls.abi_types), body)
    named: dict[str, Any] = {}
    annotations = cls.__init__.__annotations__
    for name, kind, value in zip(cls.value_names, cls.abi_types, values, strict=True):
        named[name] = to_checksum_address(value) if kind == "address" else value
        if enum := _ENUMS.get(annotations.get(name, "")):
            named[name] = enum(value)
    return cls(**named)


def encode_revert(error: KnownRevert) -> bytes:
    """Return the revert data that decodes to an equal error; for twins and tests."""
    values = [getattr(error, name) for name in error.value_names]
    return error.selector + encode(list(error.abi_types), values)


def revert_data(refused: RpcRefused) -> bytes | None:
    """Return the revert data in a node's refusal, or None when it was no revert at all.

    Nodes put it in ``error.data`` as hex; some wrap that in an object; a revert without data is
    told by code 3 or by its words.
    """
    data: Any = refused.data
    for _ in range(3):
        if not isinstance(data, dict):
            break
        data = data.get("data", data.get("result"))
    if isinstance(data, str) and _HEX.fullmatch(data):
        raw = bytes.fromhex(data[2:])
        if raw or refused.rpc_code == _REVERT_CODE:
            return raw
    is_revert = refused.rpc_code == _REVERT_CODE or "revert" in refused.rpc_message.lower()
    return b"" if is_revert else None


__all__ = [
    *(cls.__name__ for cls in KNOWN_REVERTS.values()),
    "KNOWN_REVERTS",
    "ContractRevert",
    "KnownRevert",
    "RevertedWithReason",
    "SolidityPanic",
    "UnknownRevert",
    "decode_revert",
    "encode_revert",
    "generated",
    "revert_data",
]
