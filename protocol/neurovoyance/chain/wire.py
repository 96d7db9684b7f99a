"""Values of JSON-RPC answers, checked one by one before anything believes them.

Place: below ``rpc`` and ``client``. An endpoint is not trusted to answer with the right types;
whatever is not exactly what the call promises becomes :class:`RpcError`.
"""

from __future__ import annotations

import re
from typing import Any

from eth_utils.address import to_checksum_address

from neurovoyance.protocol.errors import RpcError
from neurovoyance.protocol.ids import Address

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def _wrong(what: str, value: Any) -> RpcError:
    return RpcError(
        f"The RPC endpoint answered with {what} that is not one: {str(value)[:80]!r}.",
        hint="The endpoint is faulty or not an Ethereum node; use another one.",
        what=what,
    )


def quantity(value: Any, what: str = "a quantity") -> int:
    """Return the integer of a hex quantity; RpcError for anything else."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise _wrong(what, value)
    return int(value, 16)


def data(value: Any, what: str = "data") -> bytes:
    """Return the bytes of hex data; RpcError for anything else."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise _wrong(what, value)
    return bytes.fromhex(value[2:])


def hash32(value: Any, what: str = "a hash") -> str:
    """Return a 32-byte hash as lower-case hex; RpcError for anything else."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise _wrong(what, value)
    return value.lower()


def address(value: Any, what: str = "an address") -> Address:
    """Return a checksummed address; RpcError for anything else."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise _wrong(what, value)
    return Address(to_checksum_address(value))


def mapping(value: Any, what: str = "an object") -> dict[str, Any]:
    """Return a JSON object; RpcError for anything else."""
    if not isinstance(value, dict):
        raise _wrong(what, value)
    return value


def sequence(value: Any, what: str = "a list") -> list[Any]:
    """Return a JSON list; RpcError for anything else."""
    if not isinstance(value, list):
        raise _wrong(what, value)
    return value
