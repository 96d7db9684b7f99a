"""What the generated error classes share: how a Solidity error becomes words.

Place: under ``_generated_errors`` and ``reverts``. The class says which rule refused, the values
say why; both are the contract's own.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

from neurovoyance.protocol.errors import ContractRevert


class KnownRevert(ContractRevert):
    """A revert with an error that the contracts define; one subclass per Solidity error.

    Attributes:
        solidity_name: the error's name in the contracts, e.g. ``JobMarket__WrongState``.
        selector: the first 4 bytes of the revert data.
        abi_types: types of the values.
        value_names: names of the values, snake_case, in order; each is an attribute.
        sentence: what the contracts say about when it is thrown.
    """

    solidity_name: ClassVar[str] = ""
    selector: ClassVar[bytes] = b""
    abi_types: ClassVar[tuple[str, ...]] = ()
    value_names: ClassVar[tuple[str, ...]] = ()
    sentence: ClassVar[str] = ""

    def __init__(self, *, hint: str | None = None, **values: Any) -> None:
        shown = ", ".join(f"{name} {_shown(value)}" for name, value in values.items())
        text = self.sentence.rstrip(".") or f"The contract refused with {self.solidity_name}"
        super().__init__(f"{text} ({shown})." if shown else f"{text}.", hint=hint, **values)


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        stripped = value.rstrip(b"\0")
        # `field` of BadSpec is an ASCII name in 32 bytes; hashes practically never look so.
        if stripped and stripped.isascii() and stripped.decode("ascii").isidentifier():
            return stripped.decode("ascii")
        return "0x" + value.hex()
    if isinstance(value, Enum):
        return str(getattr(value, "label", value.name))
    return str(value)
