"""Fencing tokens: of all that workers report about an execution, exactly one report counts.

Place: pure, held by the agent's side of the queue. Each time an order is sent, it gets a token
larger than every one before; a report counts if its token is the latest of its execution and no
report counted yet. So a worker that was given up for dead, and comes back, changes nothing. Tokens
begin at a moment's nanoseconds, so that a restarted agent never repeats one. Never: I/O, or a
clock of its own.
"""

from __future__ import annotations


class Fence:
    """The tokens of one agent.

    Args:
        start: first token, larger than any token of an earlier process.
    """

    def __init__(self, start: int) -> None:
        self._next = start
        self._current: dict[str, int] = {}

    def issue(self, execution_id: str) -> int:
        """Return a new token for an execution; every earlier one of it is void."""
        token = self._next
        self._next += 1
        self._current[execution_id] = token
        return token

    def is_current(self, execution_id: str, token: int) -> bool:
        """Tell whether a report with this token would count."""
        return self._current.get(execution_id) == token

    def accept(self, execution_id: str, token: int) -> bool:
        """Take a report: True for the one that counts, and then never again."""
        if not self.is_current(execution_id, token):
            return False
        del self._current[execution_id]
        return True

    def revoke(self, execution_id: str) -> None:
        """Let no report of this execution count any more."""
        self._current.pop(execution_id, None)
