"""Named points at which a test may kill the node, as a power cut would.

Place: around every instruction that ``agent`` and the duties obey; on the devnet only, see
``settings``. A point is ``before:<action>`` (journalled, not obeyed) or ``after:<action>`` (obeyed,
the answer not journalled), for each action of an execution or a duty.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum

from neurovoyance.node.audit_rules import AuditorAction
from neurovoyance.node.disputing.values import DisputeAction
from neurovoyance.node.execution_values import Action
from neurovoyance.node.task_book import TaskAction
from neurovoyance.protocol.errors import ConfigError

ACTIONS: tuple[StrEnum, ...] = (*Action, *AuditorAction, *DisputeAction, *TaskAction)
CRASH_POINTS = tuple(
    dict.fromkeys(f"{when}:{action.value}" for action in ACTIONS for when in ("before", "after"))
)


class CrashPoint:
    """Kills this process with SIGKILL when the named point is reached; None never does.

    Raises:
        ConfigError: there is no point of this name.
    """

    def __init__(self, name: str | None) -> None:
        if name is not None and name not in CRASH_POINTS:
            raise ConfigError(
                f"There is no crash point {name!r}.",
                hint="Points are: " + ", ".join(CRASH_POINTS),
                faults=[f"crash_at: {name!r} is unknown"],
            )
        self._name = name

    def reach(self, when: str, action: StrEnum) -> None:
        """Die if this is the point."""
        if self._name == f"{when}:{action.value}":
            os.kill(os.getpid(), signal.SIGKILL)
