"""How a twin refuses what its contract refuses.

Place: raised by the twins of this package. The name is the Solidity error's, the values are its
arguments in order, so a differential test compares both sides without a table.
"""

from __future__ import annotations

from typing import Any

from neurovoyance.protocol.errors import ContractRevert


class TwinRevert(ContractRevert):
    """The twin of a contract refused; nothing was changed.

    Attributes:
        name: the Solidity error, as in ``VestingVault__OutflowLimit``.
        values: its arguments, in order.
    """

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values
