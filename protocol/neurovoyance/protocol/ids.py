"""Identifiers: jobs, providers, models; and the one hash they are made of.

Place: L0. ``H`` is the hash of every protocol message: keccak256 over the Solidity ABI encoding,
with a tag string first so that no message can pass for another.
"""

from __future__ import annotations

import re
from typing import Any, NewType

from eth_abi.abi import encode as abi_encode
from eth_hash.auto import keccak
from eth_utils.address import is_checksum_address, to_checksum_address

from neurovoyance.protocol.errors import SpecError

JobId = NewType("JobId", bytes)
ModelId = NewType("ModelId", bytes)
Address = NewType("Address", str)

ZERO_ADDRESS = Address("0x0000000000000000000000000000000000000000")

_HEX_32 = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX_20 = re.compile(r"0x[0-9a-fA-F]{40}")


def hash_abi(types: list[str], values: list[Any]) -> bytes:
    """Return ``keccak256(abi.encode(values))``, 32 bytes, for Solidity ABI types."""
    return bytes(keccak(abi_encode(types, values)))


def keccak256(data: bytes) -> bytes:
    """Return keccak256 of bytes, 32 bytes."""
    return bytes(keccak(data))


def job_id_of(chain_id: int, market: str, client: str, salt: bytes, spec_hash: bytes) -> JobId:
    """Return the id a job will have on chain; mirrors ``JobMarket.jobIdOf``.

    The id exists before anything is sent, so a repeated submission names the same job.
    """
    return JobId(
        hash_abi(
            ["string", "uint256", "address", "address", "bytes32", "bytes32"],
            ["NVY/job/1", chain_id, market, client, salt, spec_hash],
        )
    )


def parse_job_id(text: str) -> JobId:
    """Return the job id written as ``0x`` and 64 hex digits.

    Raises:
        SpecError: the text is anything else.
    """
    if not _HEX_32.fullmatch(text):
        raise SpecError(
            f"{text[:80]!r} is not a job id.",
            hint="A job id is 0x and 64 hexadecimal digits; `neurovoyance job list` shows yours.",
            text=text[:80],
        )
    return JobId(bytes.fromhex(text[2:]))


def parse_address(text: str) -> Address:
    """Return the checksummed form of an address.

    Raises:
        SpecError: not 20 bytes of hex, or mixed case with a wrong checksum (a likely typing error).
    """
    if not isinstance(text, str) or not _HEX_20.fullmatch(text):
        raise SpecError(
            f"{str(text)[:80]!r} is not an address.",
            hint="An address is 0x followed by 40 hexadecimal digits.",
            text=str(text)[:80],
        )
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and not is_checksum_address(text):
        raise SpecError(
            f"The checksum of address {text} is wrong; a letter was probably mistyped.",
            hint="Copy the address again from its source.",
            text=text,
        )
    return Address(to_checksum_address(text))


def hex_of(data: bytes) -> str:
    """Return ``0x`` and the lower-case hex of bytes."""
    return "0x" + data.hex()
