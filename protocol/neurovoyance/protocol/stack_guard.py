"""Keep Python's recursion limit where it protects the process.

Place: called after the Ethereum libraries were imported. eth-account and py-evm raise the limit to
100,000 when imported. Above roughly 60,000 nested brackets the C code of :mod:`json` then runs out
of stack before it reaches the limit, so 80 kB of ``[`` from any peer would end the process.
"""

from __future__ import annotations

import sys

# Enough for contracts that call each other a hundred deep in py-evm; far from the stack's end.
RECURSION_LIMIT = 3_000


def restore_recursion_limit() -> None:
    """Lower the limit to 3,000 if something raised it; malformed JSON is then only an error."""
    if sys.getrecursionlimit() > RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
