"""Linux' sources: what tools print, terminals, interrupts, and machines where nobody can sit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from tests.unit.node.idle.snapshots import vectors

from neurovoyance.node.idle.linux import (
    LinuxDesk,
    input_interrupts,
    parse_active_window,
    parse_sessions,
    parse_xprintidle,
)
from neurovoyance.node.idle.readings import InputIdle, Unmeasured

VECTORS = vectors("linux")


@pytest.mark.parametrize("case", VECTORS["show_session"], ids=lambda case: case["case"])
def test_sessions_with_a_screen_and_their_idle_time(case: dict[str, Any]) -> None:
    found = parse_sessions(case["output"], VECTORS["monotonic_s"])
    assert [[session.name, session.idle_s] for session in found] == case["sessions"]


@pytest.mark.parametrize("case", VECTORS["xprintidle"])
def test_the_x_server_counts_milliseconds(case: dict[str, Any]) -> None:
    assert parse_xprintidle(case["output"]) == case["idle_s"]


@pytest.mark.parametrize("case", VECTORS["interrupts"])
def test_interrupts_of_keyboard_and_mouse_are_added_up(case: dict[str, Any]) -> None:
    assert input_interrupts(case["output"]) == case["count"]


@pytest.mark.parametrize("case", VECTORS["xprop_root"])
def test_the_active_window_is_found(case: dict[str, Any]) -> None:
    assert parse_active_window(case["output"]) == case["window"]


class Machine:
    """A machine made of files and answers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, str] = {}
        self.folder = folder
        for name in ("dev/pts", "x11", "wayland"):
            (folder / name).mkdir(parents=True)
        self.terminals: list[str] = []
        monkeypatch.setattr(psutil, "users", self._users)
        self.desk = LinuxDesk(
            self._answer,
            terminals=folder / "dev",
            interrupts=folder / "interrupts",
            displays={folder / "x11": "X*", folder / "wayland": "*/wayland-*"},
            sessions=folder / "sessions",
        )
        self.asked: list[str] = []

    def _users(self) -> list[Any]:
        return [SimpleNamespace(terminal=name) for name in self.terminals]

    def _answer(self, command: Sequence[str]) -> str | None:
        question = command[1] if command[0] == "loginctl" else command[0]
        self.asked.append(question)
        return self.answers.get(question)

    def sessions(self, number: int) -> None:
        self.answers["list-sessions"] = "2 1000 owner seat0\n"
        self.answers["show-session"] = VECTORS["show_session"][number]["output"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_server_without_seat_and_terminal_has_nobody_in_it(machine: Machine) -> None:
    assert machine.desk.inputs() == ()


def test_a_screen_that_nothing_tells_of_is_not_measured(machine: Machine) -> None:
    (machine.folder / "x11" / "X0").touch()
    assert isinstance(machine.desk.inputs(), Unmeasured)
    machine.answers["xprintidle"] = "5000\n"
    assert machine.desk.inputs() == (InputIdle("X server", 5.0),)


def test_a_desktop_in_use_counts_as_used_only_while_nothing_finer_is_known(
    machine: Machine,
) -> None:
    machine.sessions(1)
    assert machine.desk.inputs() == (InputIdle("session c1", 0.0),)
    machine.answers["xprintidle"] = "700000\n"
    assert machine.desk.inputs() == (InputIdle("X server", 700.0),)


def test_logind_is_asked_no_more_than_its_files_give_cause_for(machine: Machine) -> None:
    files = machine.folder / "sessions"
    files.mkdir()
    (files / "2").touch()

    def asked() -> list[str]:
        machine.asked.clear()
        assert isinstance(machine.desk.inputs(), tuple)
        return [question for question in machine.asked if question != "xprintidle"]

    machine.answers["list-sessions"] = "2 1000 owner\n"
    assert asked() == asked() == ["list-sessions", "show-session"], "it did not answer"
    machine.answers["show-session"] = VECTORS["show_session"][2]["output"]
    assert asked() == ["list-sessions", "show-session"]
    assert asked() == [], "a session without a screen stays one"
    machine.sessions(1)
    os.utime(files / "2", (2_000, 2_000))
    assert asked() == ["list-sessions", "show-session"], "its file changed: it has a screen"
    assert asked() == ["show-session"], "only the desktop can tell of a return"
    assert machine.desk.inputs() == (InputIdle("session c1", 0.0),)
    (files / "2").unlink()
    machine.answers["list-sessions"] = "\n"
    assert asked() == ["list-sessions"]
    assert asked() == []


def test_a_login_screen_alone_is_nobody(machine: Machine) -> None:
    machine.sessions(2)
    assert machine.desk.inputs() == ()


def test_a_terminal_tells_its_last_input(machine: Machine) -> None:
    machine.terminals = ["pts/0", ":0"]
    path = machine.folder / "dev" / "pts" / "0"
    path.touch()
    os.utime(path, (1_000, 1_000))
    found = machine.desk.inputs()
    assert isinstance(found, tuple)
    [only] = found
    assert only.source == "terminal pts/0"
    assert only.idle_s > 1e6
    path.unlink()
    assert isinstance(machine.desk.inputs(), Unmeasured), "somebody is logged in there"


def test_a_terminal_that_the_list_of_logins_forgot_counts_too(machine: Machine) -> None:
    (machine.folder / "dev" / "pts" / "3").touch()
    (machine.folder / "dev" / "pts" / "ptmx").touch()
    (machine.folder / "dev" / "tty").touch()
    found = machine.desk.inputs()
    assert isinstance(found, tuple)
    assert [item.source for item in found] == ["terminal pts/3"]


def test_an_interrupt_is_a_return_and_the_first_look_is_careful(machine: Machine) -> None:
    path = machine.folder / "interrupts"
    path.write_text(VECTORS["interrupts"][0]["output"])

    def idle_s() -> float:
        found = machine.desk.inputs()
        assert isinstance(found, tuple)
        return found[0].idle_s

    first = idle_s()
    later = idle_s()
    path.write_text(VECTORS["interrupts"][0]["output"].replace(" 144 ", " 145 "))
    assert (first, idle_s()) == (0.0, 0.0)
    assert later > 0.0


def test_a_window_that_fills_the_screen_is_seen(machine: Machine) -> None:
    desk = machine.desk
    assert isinstance(desk.fullscreen(), Unmeasured)
    root = VECTORS["xprop_root"][0]["output"]
    shown = {"-root": root, "-id": "_NET_WM_STATE(ATOM) = _NET_WM_STATE_FULLSCREEN\n"}
    machine.desk = LinuxDesk(lambda command: shown[command[1]])
    assert machine.desk.fullscreen() == "window 0x3400007"
    shown["-id"] = "_NET_WM_STATE(ATOM) = \n"
    assert machine.desk.fullscreen() is None
