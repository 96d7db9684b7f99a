"""How long signed transactions have waited, by clocks that nobody sets.

Place: under ``tending``. What this process signed ages by the monotonic clock. What an earlier one
signed begins with the chain time that passed since then, read once, and ages by the monotonic clock
from there. Never: wall-clock time, whose jumps would replace a transaction too early, or never.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_KEPT: Final = 4_096


class Ages:
    """When forms were first seen, by transaction hash; the oldest are forgotten at 4,096.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._born_s: dict[str, float] = {}

    def begin(self, tx_hash: str, waited_s: float = 0.0) -> None:
        """Count from now on, unless it is counted already.

        Args:
            tx_hash: of the form.
            waited_s: how long it has waited before; a negative time counts as none.
        """
        self._born_s.setdefault(tx_hash, self._clock() - max(0.0, waited_s))
        while len(self._born_s) > _KEPT:
            del self._born_s[next(iter(self._born_s))]

    def age_s(self, tx_hash: str) -> float | None:
        """Return how long a form has waited; None if that was never begun here."""
        born_s = self._born_s.get(tx_hash)
        return None if born_s is None else self._clock() - born_s
