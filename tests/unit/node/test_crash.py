"""A crash point kills the process it is reached in, and no other."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from neurovoyance.node.audit_rules import AuditorAction
from neurovoyance.node.crash import CRASH_POINTS, CrashPoint
from neurovoyance.node.execution_values import Action
from neurovoyance.protocol.errors import ConfigError


def test_there_is_a_point_before_and_after_every_action() -> None:
    assert {f"before:{action.value}" for action in Action} <= set(CRASH_POINTS)
    assert {f"after:{action.value}" for action in AuditorAction} <= set(CRASH_POINTS)
    assert {"after:draw_and_reveal", "after:post_trace", "before:judge"} <= set(CRASH_POINTS)
    assert len(CRASH_POINTS) == len(set(CRASH_POINTS))


def test_an_unknown_point_is_refused_with_the_list() -> None:
    with pytest.raises(ConfigError) as caught:
        CrashPoint("during:lunch")
    assert "before:accept" in caught.value.hint


def test_no_point_and_other_points_do_nothing() -> None:
    CrashPoint(None).reach("before", Action.COMMIT)
    CrashPoint("after:commit").reach("before", Action.COMMIT)


def test_the_named_point_kills() -> None:
    code = (
        "from neurovoyance.node.crash import CrashPoint\n"
        "from neurovoyance.node.execution_values import Action\n"
        "CrashPoint('before:commit').reach('before', Action.COMMIT)\n"
        "print('alive')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")
