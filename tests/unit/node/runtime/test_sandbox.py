"""The parent's side against children that crash, lie, flood and hang."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.unit.node.runtime.behaviour import children

from neurovoyance.node.runtime import sandbox as sandbox_module
from neurovoyance.node.runtime.base import Limits, ModelInfo
from neurovoyance.node.runtime.proc import cpu_time_s
from neurovoyance.node.runtime.sandbox import Sandbox, child_command
from neurovoyance.node.runtime.wire import Done, Kind, Task
from neurovoyance.protocol.errors import ExecutionError, ResourceExceeded, UnsupportedModel

WAIT_S = 90.0
LIMITS = Limits(memory_bytes=256 << 20, cpu_time_s=30, wall_time_s=60.0)
READY = 'import os, sys, time\nprint(\'{"event": "ready", "confinement": {}}\', flush=True)\n'
READ = READY + "task = sys.stdin.readline()\n"
DONE = (
    '{"event": "done", "tensors": [], "cpu_ms": 1, "peak_memory_bytes": %d, '
    '"model_load_ms": 1, "engine": "e"}'
)


async def start(program: str) -> Sandbox:
    return await Sandbox.start([sys.executable, "-I", "-c", program])


async def serve(program: str, limits: Limits = LIMITS) -> Done | ModelInfo:
    """Serve a task with a child made of ``program``; nothing of it may be left."""
    before = children()
    sandbox = await start(program)
    try:
        return await sandbox.serve(Task(Path("/nothing"), limits))
    finally:
        await sandbox.close()
        assert children() == before


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT", "SIGBUS"])
async def test_a_crash_is_an_error_that_names_the_signal(name: str) -> None:
    crash = READ + f"import signal; os.kill(os.getpid(), signal.{name})"
    with pytest.raises(ExecutionError) as caught:
        await serve(crash)
    assert caught.value.context["signal"] == name


async def test_the_last_words_of_a_dying_child_are_kept() -> None:
    with pytest.raises(ExecutionError) as caught:
        await serve(READ + "sys.stderr.write('x' * 100000 + 'last words'); sys.exit(3)")
    assert caught.value.context["signal"] == "exit code 3"
    assert caught.value.context["stderr"].endswith("last words")
    assert len(caught.value.context["stderr"]) <= 1000


async def test_the_signal_of_the_cpu_limit_is_told_as_that_limit() -> None:
    with pytest.raises(ResourceExceeded) as caught:
        await serve(READ + "import signal; os.kill(os.getpid(), signal.SIGXCPU)")
    assert caught.value.context["limit"] == "cpu_time_s"


@pytest.mark.parametrize(
    "said",
    [
        "nonsense",
        "[]",
        '{"event": "done"}',
        '{"event": "probed", "opsets": {}}',
        '{"event": "phase", "phase": "dancing"}',
        '{"event": "dancing"}',
        '{"event": "error", "error": 5}',
        '{"event": "done", "tensors": [{"name": 1}]}',
        "{" * 100_000,
    ],
)
async def test_a_child_that_speaks_nonsense_is_ended(said: str) -> None:
    with pytest.raises(ExecutionError, match="broke the protocol"):
        await serve(READ + f"print({said!r}, flush=True)\ntime.sleep(1000)")


async def test_a_line_without_end_is_not_collected_for_ever() -> None:
    flood = READ + "while True: sys.stdout.write('x' * 65536)"
    with pytest.raises(ExecutionError, match="broke the protocol"):
        await serve(flood)


async def test_a_child_that_hangs_is_ended_by_the_parents_clock() -> None:
    hang = READ + "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)"
    with pytest.raises(ResourceExceeded) as caught:
        await serve(hang, Limits(memory_bytes=1 << 30, cpu_time_s=30, wall_time_s=0.3))
    assert caught.value.context == {"limit": "wall_time_s", "allowed": 0.3}


async def test_memory_is_watched_from_outside_the_child() -> None:
    grow = READ + "kept = b'x' * (400 << 20)\ntime.sleep(1000)"
    with pytest.raises(ResourceExceeded) as caught:
        await serve(grow)
    assert caught.value.context["limit"] == "memory_bytes"


async def test_a_peak_between_two_looks_counts_as_well() -> None:
    with pytest.raises(ResourceExceeded):
        await serve(READ + f"print({DONE % (1 << 40)!r}, flush=True)")


async def test_an_honest_report_is_returned_with_the_peak_that_was_seen() -> None:
    sandbox = await start(READ + f"print({DONE % 5!r}, flush=True)")
    try:
        done = await sandbox.serve(Task(Path("/nothing"), LIMITS))
    finally:
        await sandbox.close()
    assert done == Done((), 1, 5, 1, "e")
    assert sandbox.peak_memory_bytes >= 5


async def test_an_error_of_the_child_arrives_as_itself() -> None:
    said = '{"event": "error", "error": {"code": "execution.model", "message": "No.", "hint": ""}}'
    with pytest.raises(UnsupportedModel, match=r"^No\.$"):
        await serve(READ + f"print({said!r}, flush=True)\ntime.sleep(1000)")


@pytest.mark.parametrize(
    "program", ["", "import os; os.abort()", "print('hello')", 'print(\'{"event": "done"}\')']
)
async def test_a_child_that_never_gets_ready_is_an_error(program: str) -> None:
    before = children()
    with pytest.raises(ExecutionError):
        await start(program)
    assert children() == before


async def test_closing_twice_is_harmless_and_leaves_no_directory() -> None:
    sandbox = await start(READY + "time.sleep(1000)")
    directory = Path(psutil.Process(sandbox.pid).cwd())
    assert sandbox.is_alive
    await sandbox.close()
    await sandbox.close()
    assert not sandbox.is_alive
    assert not directory.exists()


async def test_the_child_has_a_session_of_its_own_and_a_clean_environment() -> None:
    os.environ["NEUROVOYANCE_SECRET_OF_TEST"] = "hidden"
    try:
        sandbox = await start(READY + "time.sleep(1000)")
    finally:
        del os.environ["NEUROVOYANCE_SECRET_OF_TEST"]
    try:
        assert os.getsid(sandbox.pid) == sandbox.pid
        assert "NEUROVOYANCE_SECRET_OF_TEST" not in psutil.Process(sandbox.pid).environ()
    finally:
        await sandbox.close()


def test_the_command_isolates_the_child_from_settings() -> None:
    command = child_command("some.module")
    assert "-B" in command
    assert "-I" in command or {"-E", "-P"} <= set(command)
    assert command[-2:] == ["-m", "some.module"]


STAYING = (
    '{"event": "done", "tensors": [], "cpu_ms": 1, "peak_memory_bytes": 1, '
    '"model_load_ms": 1, "engine": "e", "nonce": "%s", "stays": true}'
)


def staying_task(nonce: str) -> Task:
    return Task(Path("/nothing"), LIMITS, Kind.RUN, inbox=Path("/nothing"), nonce=nonce)


async def test_an_answer_made_before_its_question_is_refused() -> None:
    """A child that a hostile model holds cannot prepare the output of the next client."""
    twice = READ + f"print({STAYING % 'first'!r}); print({STAYING % 'first'!r}, flush=True)\n"
    sandbox = await start(twice + "sys.stdin.readline(); time.sleep(1000)")
    try:
        await sandbox.serve(staying_task("first"))
        assert sandbox.stays
        with pytest.raises(ExecutionError, match="another task"):
            await sandbox.serve(staying_task("second"))
        assert not sandbox.stays
    finally:
        await sandbox.close()


def states(pid: int) -> set[str]:
    """Return the states of all threads of a process."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return {stat.read_text().rpartition(")")[2].split()[0] for stat in stats}


async def test_a_child_that_stays_uses_no_processor_between_its_tasks() -> None:
    busy = (
        READ + "import threading\n"
        "def spin():\n while True: pass\n"
        "threading.Thread(target=spin, daemon=True).start()\n"
        f"print({STAYING % 'n'!r}, flush=True)\ntime.sleep(1000)"
    )
    sandbox = await start(busy)
    try:
        await sandbox.serve(staying_task("n"))
        async with asyncio.timeout(60):
            while states(sandbox.pid) != {"T"}:
                await asyncio.sleep(0.01)
        before_s = cpu_time_s(sandbox.pid)
        await asyncio.sleep(0.2)
        assert cpu_time_s(sandbox.pid) == before_s
    finally:
        await sandbox.close()


async def test_processor_time_is_counted_from_outside_the_child() -> None:
    with pytest.raises(ResourceExceeded) as caught:
        await serve(READ + "while True: pass", replace(LIMITS, cpu_time_s=0.05))
    assert caught.value.context["limit"] == "cpu_time_s"


MORTAL = """
import asyncio, sys
from neurovoyance.node.runtime.sandbox import Sandbox
def rest(born):
    born.suspend()
    print(born.pid, flush=True)
asyncio.run(Sandbox.start(on_birth=rest))
"""


@pytest.mark.parametrize("is_at_rest", [False, True])
async def test_a_child_that_starts_to_rest_dies_with_a_parent_that_is_killed(
    is_at_rest: bool,
) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MORTAL),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    try:
        child = psutil.Process(int(await parent.stdout.readline()))
        async with asyncio.timeout(WAIT_S):
            while is_at_rest and child.status() != psutil.STATUS_STOPPED:
                await asyncio.sleep(0.01)
    finally:
        parent.kill()
        await parent.wait()
    try:
        with contextlib.suppress(psutil.NoSuchProcess):  # gone between two questions
            async with asyncio.timeout(WAIT_S):
                while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                    await asyncio.sleep(0.01)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


async def test_a_child_that_starts_slowly_has_no_more_time_for_being_suspended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock stands still only while the child does."""
    monkeypatch.setattr(sandbox_module, "_START_TIMEOUT_S", 0.5)
    program = [sys.executable, "-I", "-c", "import time; time.sleep(1000)"]
    with pytest.raises(ExecutionError, match="start in time"):
        await asyncio.wait_for(Sandbox.start(program, on_birth=Sandbox.suspend), WAIT_S)
