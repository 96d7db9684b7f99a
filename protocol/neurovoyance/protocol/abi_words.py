"""The words of Solidity's ABI, for hashes that are made thousands of times.

Place: L0, under ``job_spec``, ``tasks`` and ``merkle``. ``eth_abi`` takes 30 to 150 µs for what
these lay out in 1 to 5; a test compares the two byte for byte. Only static words are laid out here.
Never: a value cut to fit.
"""

from __future__ import annotations

from typing import Final

from neurovoyance.protocol.errors import SpecError

WORD_BYTES: Final = 32


def uint_word(value: int, bits: int = 256) -> bytes:
    """Return an unsigned integer as one word, 32 bytes.

    Raises:
        SpecError: it is negative, or has more bits than its type.
    """
    if not 0 <= value < 1 << bits:
        raise SpecError(f"{value} does not fit uint{bits}; nothing was hashed.")
    return value.to_bytes(WORD_BYTES, "big")


def bytes32_words(*values: bytes) -> bytes:
    """Return values of type ``bytes32``, one word each, one after another.

    Raises:
        SpecError: one of them has another length.
    """
    for value in values:
        if len(value) != WORD_BYTES:
            raise SpecError(
                f"A hash of {len(value)} bytes is not one of {WORD_BYTES}; nothing was hashed."
            )
    return b"".join(values)


def bytes32_array(values: list[bytes]) -> bytes:
    """Return ``abi.encode(bytes32[])``.

    Raises:
        SpecError: one of them has another length than 32 bytes.
    """
    return uint_word(WORD_BYTES) + uint_word(len(values)) + bytes32_words(*values)
