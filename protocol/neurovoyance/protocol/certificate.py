"""The certificate of a model: how its outputs are compared, and how that was measured.

Place: L0, part of the manifest. The *terms* are the few bytes of it that contracts need; they stand
as 112 hexadecimal digits at the very start of the manifest's canonical JSON (the key ``$terms``
sorts before every other), so that the ModelRegistry reads them out of the bytes whose keccak256 is
the model id. Never: measuring anything (that is ``verification.calibration`` and the node).
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hash_abi

TERMS_BYTES: Final = 56
NO_POOL: Final = bytes(12)
TAU_MIN: Final = Fraction(1, 10**7)
TAU_MAX: Final = Fraction(1, 100)
MIN_VERIFY_ELEMENTS: Final = 512
"""Fewest elements over all verify tensors; with fewer, an earlier tensor is added."""

_POOL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,11}")
_TAU_SHIFT = 64

_Decimal = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,18})$")]
_Exponent = Annotated[str, Field(pattern=r"^(0|-?[1-9][0-9]?)$")]
_Real = Annotated[str, Field(pattern=r"^[0-9](\.[0-9]{1,17})?e-?[0-9]{1,3}$")]
_Name = Annotated[str, Field(min_length=1, max_length=512)]
_Value = Annotated[str, Field(max_length=64)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class VerifyTensor(_Form):
    """One tensor that a commitment covers and an audit compares.

    Attributes:
        name: of the graph value.
        exponent: power of two that scales it, |s| <= 64; one for all, or one per last-axis channel.
            Integer tensors have ["0"] and are not projected.
        row: its row in a trace, which lists every operator output in graph order.
    """

    name: _Name
    dtype: Annotated[str, Field(pattern=r"^(float32|float16|bfloat16|int32|int64|uint8|bool)$")]
    shape: Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=16)]
    exponent: Annotated[list[_Exponent], Field(min_length=1, max_length=65_536)]
    row: _Decimal


class TailNode(_Form):
    """One operator between the verify tensors and the graph outputs; the client runs it itself.

    Attributes:
        op: an operator of the default ONNX domain, semantics of the manifest's opset.
        attributes: integers and reals as decimal strings, lists of them, or text.
    """

    op: _Name
    inputs: Annotated[list[Annotated[str, Field(max_length=512)]], Field(max_length=16)]
    outputs: Annotated[list[_Name], Field(min_length=1, max_length=16)]
    attributes: dict[_Name, _Value | Annotated[list[_Value], Field(max_length=4_096)]] = Field(
        default_factory=dict
    )


class Measurement(_Form):
    """The relative L2 distance that one configuration or cheat showed, as ``d.ddde-dd``."""

    name: _Name
    value: _Real


class Certificate(_Form):
    """How the outputs of a model are compared, and the measurements behind it.

    Attributes:
        verify: what is committed to, in this order.
        tail: operators from the verify tensors to the graph outputs, in execution order.
        tau: tolerance, relative L2 distance; "0e0" if the model takes EXACT jobs only.
        reference: engine, version and profile that the distances are measured against.
        honest_max: largest distance of every honest configuration.
        cheat_min: smallest distance of every cheat.
        inputs_cid: text CID of the directory of inputs.
        op_table: version of the rules that referees judge operators by.
    """

    verify: Annotated[list[VerifyTensor], Field(min_length=1, max_length=16)]
    tail: Annotated[list[TailNode], Field(max_length=64)] = Field(default_factory=list)
    tau: _Real
    reference: Annotated[str, Field(max_length=256)]
    honest_max: Annotated[list[Measurement], Field(max_length=64)] = Field(default_factory=list)
    cheat_min: Annotated[list[Measurement], Field(max_length=64)] = Field(default_factory=list)
    inputs_cid: Annotated[str, Field(max_length=256)] = ""
    inputs_count: _Decimal = "0"
    op_table: Annotated[str, Field(max_length=64)] = "1"

    def verify_rows(self) -> list[int]:
        """Return the row of every verify tensor, in certificate order."""
        return [int(tensor.row) for tensor in self.verify]


@dataclass(frozen=True, slots=True)
class Terms:
    """What contracts know of a certificate; mirrors the first fields of the Solidity ``Model``.

    Attributes:
        tau_sq: round(tau**2 * 2**64); 0 for a model without TENSOR jobs.
        tensor_pool: auditors of TENSOR jobs, 12 bytes; zeros if the model takes none.
        exact_pool: auditors of EXACT jobs, 12 bytes of a numeric class; zeros if it takes none.
        rows: operator outputs that a trace lists.
        verify_rows_hash: first 20 bytes of ``H(uint32[])`` over the verify tensors' rows.
    """

    tau_sq: int = 0
    tensor_pool: bytes = NO_POOL
    exact_pool: bytes = NO_POOL
    rows: int = 0
    verify_rows_hash: bytes = bytes(20)

    def encode(self) -> str:
        """Return ``0x`` and 112 lower-case hexadecimal digits."""
        head = struct.pack(">Q12s12sI", self.tau_sq, self.tensor_pool, self.exact_pool, self.rows)
        return "0x" + (head + self.verify_rows_hash).hex()

    @classmethod
    def decode(cls, text: str) -> Terms:
        """Return the terms written by :meth:`encode`.

        Raises:
            SpecError: the text is anything else.
        """
        if not re.fullmatch(r"0x[0-9a-f]{112}", text):
            raise SpecError("Terms are 0x and 112 lower-case hexadecimal digits.", text=text[:120])
        raw = bytes.fromhex(text[2:])
        tau_sq, tensor_pool, exact_pool, rows = struct.unpack(">Q12s12sI", raw[:36])
        return cls(tau_sq, tensor_pool, exact_pool, rows, raw[36:])


NO_TERMS: Final = Terms()


def pool_of(name: str) -> bytes:
    """Return the 12-byte id of a named pool: its ASCII letters, padded with zeros.

    Raises:
        SpecError: not 1 to 12 lower-case letters, digits and hyphens.
    """
    if not _POOL_NAME.fullmatch(name):
        raise SpecError(
            f"{name[:40]!r} is not the name of an auditor pool.",
            hint="A pool name is 1 to 12 lower-case letters, digits and hyphens, such as `cpu`.",
        )
    return name.encode("ascii").ljust(12, b"\0")


def pool_of_numeric_class(numeric_class: bytes) -> bytes:
    """Return the pool of a numeric class (32 bytes): 0xff and its first 11 bytes.

    The first byte keeps it apart from every named pool.
    """
    return b"\xff" + numeric_class[:11]


def tau_sq_of(tau: str) -> int:
    """Return ``round(tau**2 * 2**64)``, half to even, exactly.

    Raises:
        SpecError: tau is not 0 and outside 1e-7 .. 1e-2.
    """
    value = Fraction(tau)
    if value == 0:
        return 0
    if not TAU_MIN <= value <= TAU_MAX:
        raise SpecError(f"A tolerance of {tau} is outside 1e-7 to 1e-2.", tau=tau)
    squared: Fraction = value * value * 2**_TAU_SHIFT
    return round(squared)


def tau_of_sq(tau_sq: int) -> float:
    """Return the tolerance for people; contracts and checks use ``tau_sq``."""
    return math.sqrt(math.ldexp(tau_sq, -_TAU_SHIFT))


def verify_rows_hash(rows: list[int]) -> bytes:
    """Return the first 20 bytes of ``H(uint32[] rows)``.

    Raises:
        SpecError: a row needs more than 32 bits.
    """
    if any(not 0 <= row < 2**32 for row in rows):
        raise SpecError("The row of a verify tensor does not fit 32 bits.", rows=str(rows)[:120])
    return hash_abi(["uint32[]"], [rows])[:20]
