"""Who is at a Linux machine: sessions, terminals, the X server, keyboard and mouse.

Place: a ``Desk`` of ``sensors``. Several sources are asked; the policy believes the least idle
one. A graphical session that no source can time makes the whole unmeasured; a machine without
any session, terminal or screen has nobody in it. Starting a program costs more than all else, so
logind is asked while its files tell of a session with a screen, or changed. Terminals know their
last input to eight seconds, as the kernel stores it. Never: an input's content, only its time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from neurovoyance.node.idle.readings import InputIdle, Measured, Unmeasured
from neurovoyance.node.idle.sensors import battery_of_psutil, temperature_of_psutil
from neurovoyance.node.idle.tools import Ask, ask

_GRAPHICAL = ("x11", "wayland", "mir")
_INPUT_INTERRUPT = re.compile(r"i8042|keyboard|mouse", re.IGNORECASE)
_TERMINALS = ("pts/[0-9]*", "tty[1-9]")
_SESSION_FIELDS = ("Id", "Class", "Type", "State", "IdleHint", "IdleSinceHintMonotonic")
_FULLSCREEN = "_NET_WM_STATE_FULLSCREEN"


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session with a screen; ``idle_s`` is None while its desktop calls it busy."""

    name: str
    idle_s: float | None


def parse_sessions(text: str, monotonic_s: float) -> list[Session]:
    """Return the graphical sessions in the output of ``loginctl show-session``.

    Args:
        text: blocks of ``Key=Value`` lines with an empty line between sessions.
        monotonic_s: now, on the clock of ``IdleSinceHintMonotonic`` (microseconds there).
    """
    sessions = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        is_user = fields.get("Class") == "user" and fields.get("State") != "closing"
        if not is_user or fields.get("Type") not in _GRAPHICAL:
            continue
        since = fields.get("IdleSinceHintMonotonic", "")
        idle_s = None
        if fields.get("IdleHint") == "yes" and since.isdigit():
            idle_s = max(0.0, monotonic_s - int(since) / 1_000_000)
        sessions.append(Session(fields.get("Id", "?"), idle_s))
    return sessions


def parse_xprintidle(text: str | None) -> float | None:
    """Return seconds since the last input of the X server; ``xprintidle`` prints milliseconds."""
    found = (text or "").strip()
    return int(found) / 1_000 if found.isdigit() else None


def input_interrupts(text: str) -> int | None:
    """Return how often keyboard and mouse interrupted, of ``/proc/interrupts``; None if unknown."""
    counts = [
        sum(int(word) for word in line.split()[1:] if word.isdigit())
        for line in text.splitlines()
        if _INPUT_INTERRUPT.search(line)
    ]
    return sum(counts) if counts else None


def parse_active_window(text: str | None) -> str | None:
    """Return the window id in the output of ``xprop -root _NET_ACTIVE_WINDOW``; None if none."""
    found = re.search(r"window id # (0x[0-9a-f]+)", text or "")
    return found[1] if found and int(found[1], 16) else None


def _files_in(folder: Path) -> frozenset[tuple[str, int]] | None:
    """Return names and times of change of a folder's files; None if it cannot be read."""
    try:
        return frozenset((path.name, path.stat().st_mtime_ns) for path in folder.iterdir())
    except OSError:
        return None


class LinuxDesk:
    """The sources of Linux; every path and tool can be replaced.

    Args:
        tool: asks a program.
        terminals: where terminals are devices.
        interrupts: counters of the kernel.
        displays: folders in which servers of screens keep their sockets, and the name's pattern.
        sessions: folder in which logind keeps a file for each session.
    """

    def __init__(
        self,
        tool: Ask = ask,
        *,
        terminals: Path = Path("/dev"),
        interrupts: Path = Path("/proc/interrupts"),
        displays: Mapping[Path, str] | None = None,
        sessions: Path = Path("/run/systemd/sessions"),
    ) -> None:
        self._ask = tool
        self._terminals = terminals
        self._interrupts = interrupts
        self._displays = displays or {
            Path("/tmp/.X11-unix"): "X*",  # noqa: S108 - where X servers are found
            Path("/run/user"): "*/wayland-*",
        }
        self._session_folder = sessions
        self._session_files: frozenset[tuple[str, int]] | None = None
        self._with_screen: list[str] = []
        self._seen: tuple[int, float] | None = None

    def inputs(self) -> Measured[tuple[InputIdle, ...]]:
        """Return what each source saw, or why nobody can tell whether somebody is here."""
        terminals = list(self._logins())
        unknown = next((item for item in terminals if isinstance(item, Unmeasured)), None)
        screens = self._screens()
        if isinstance(screens, Unmeasured):
            return screens
        if unknown is not None:
            return unknown
        found = [item for item in terminals if isinstance(item, InputIdle)] + screens
        return (*found, *self._interrupted())

    def _screens(self) -> list[InputIdle] | Unmeasured:
        server_s = parse_xprintidle(self._ask(["xprintidle"]))
        found = [] if server_s is None else [InputIdle("X server", server_s)]
        sessions = self._sessions()
        found += [
            InputIdle(f"session {session.name}", session.idle_s)
            for session in sessions
            if session.idle_s is not None
        ]
        busy = next((session for session in sessions if session.idle_s is None), None)
        if busy is not None and server_s is None:
            # The desktop says only that it is not idle yet, and nothing else knows a time.
            found.append(InputIdle(f"session {busy.name}", 0.0))
        if not found and not sessions and self._has_display():
            return Unmeasured("a screen is served, but neither logind nor xprintidle tells of it")
        return found

    def _sessions(self) -> list[Session]:
        # A session that comes, goes or gets a screen changes its file; becoming idle may not.
        files = _files_in(self._session_folder)
        is_known = files is not None and files == self._session_files
        names: list[str] | None = self._with_screen if is_known else self._listed()
        if not names:
            self._session_files = None if names is None else files
            self._with_screen = []
            return []
        wanted = [f"--property={name}" for name in _SESSION_FIELDS]
        shown = self._ask(["loginctl", "show-session", *wanted, *names])
        found = parse_sessions(shown or "", time.monotonic())
        self._session_files = None if shown is None else files
        self._with_screen = [session.name for session in found]
        return found

    def _listed(self) -> list[str] | None:
        listed = self._ask(["loginctl", "list-sessions", "--no-legend"])
        if listed is None:
            return None
        return [line.split()[0] for line in listed.splitlines() if line.split()]

    def _has_display(self) -> bool:
        return any(next(folder.glob(name), None) for folder, name in self._displays.items())

    def _logins(self) -> Iterator[InputIdle | Unmeasured]:
        """Yield the idle time of each terminal, whether the list of logins knows it or not."""
        # A name with a colon is a screen, which has sources of its own.
        logins = {user.terminal for user in psutil.users() if user.terminal}
        logins = {name for name in logins if not name.startswith(":")}
        devices = (path for name in _TERMINALS for path in self._terminals.glob(name))
        others = {path.relative_to(self._terminals).as_posix() for path in devices} - logins
        for name in (*sorted(logins), *sorted(others)):
            try:
                touched_s = (self._terminals / name).stat().st_atime
            except OSError:
                if name in logins:
                    yield Unmeasured(f"the terminal {name} cannot be looked at")
                continue
            yield InputIdle(f"terminal {name}", max(0.0, time.time() - touched_s))

    def _interrupted(self) -> Iterator[InputIdle]:
        """Yield the time since keyboard or mouse interrupted; at first it counts as just now."""
        try:
            count = input_interrupts(self._interrupts.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError):
            return
        if count is None:
            return
        now_s = time.monotonic()
        if self._seen is None or self._seen[0] != count:
            self._seen = (count, now_s)
        yield InputIdle("keyboard or mouse", now_s - self._seen[1])

    def on_battery(self) -> Measured[bool]:
        """Tell whether the machine lacks mains power."""
        return battery_of_psutil()

    def cpu_temperature_c(self) -> Measured[float]:
        """Return the temperature of the hottest part of the processor, Celsius."""
        return temperature_of_psutil()

    def fullscreen(self) -> Measured[str | None]:
        """Return the window that fills the screen of an X server; others cannot be asked."""
        root = self._ask(["xprop", "-root", "_NET_ACTIVE_WINDOW"])
        if root is None:
            return Unmeasured("no X server answers")
        window = parse_active_window(root)
        if window is None:
            return None
        state = self._ask(["xprop", "-id", window, "_NET_WM_STATE"]) or ""
        return f"window {window}" if _FULLSCREEN in state else None
