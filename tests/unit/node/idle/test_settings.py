"""The table [idle]: what is refused, and what a plain word stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.idle.settings import IdleSettings, Mode, idle_of_worker
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.errors import ConfigError

NEEDED = {
    "rpc_urls": ["http://127.0.0.1:1"],
    "deployment_path": "d",
    "data_dir": "d",
    "owner": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "operator_keystore": "k",
}


def test_by_default_the_machine_is_dedicated() -> None:
    settings = load_settings(environ={}, arguments=NEEDED)
    assert settings.idle == IdleSettings(mode=Mode.ALWAYS)


def test_the_environment_names_a_mode() -> None:
    environ = {"NEUROVOYANCE_NODE_IDLE": "idle"}
    assert load_settings(environ=environ, arguments=NEEDED).idle.mode is Mode.IDLE


@pytest.mark.parametrize(
    ("table", "field"),
    [({"hours": ["9-17"]}, "idle.hours"), ({"cpu_max_percent": 0}, "idle.cpu_max_percent"),
     ({"mode": "never"}, "idle.mode"), ({"coers": 1}, "idle.coers"),
     ({"while_in_use": ["gpu"]}, "idle.while_in_use"), ({"not_with": [" "]}, "idle.not_with")],
)  # fmt: skip
def test_a_fault_names_its_field(table: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={}, arguments={**NEEDED, "idle": table})
    assert field in caught.value.message


def test_one_window_needs_no_list() -> None:
    [window] = IdleSettings(hours="mon-fri 22:00-06:00").windows()  # type: ignore[arg-type]
    assert window.length_min == 480


def test_a_volunteer_without_clients_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="public_clients"):
        load_settings(environ={}, arguments={**NEEDED, "lend": "volunteer"})
    listed = {**NEEDED, "lend": "volunteer", "public_clients": NEEDED["owner"]}
    assert load_settings(environ={}, arguments=listed).public_clients == [NEEDED["owner"]]


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        (None, None, IdleSettings()),
        (None, Mode.IDLE, IdleSettings(mode=Mode.IDLE)),
        ('max_jobs = 3\n[idle]\nmode = "idle"\ncores = 2\n', None,
         IdleSettings(mode=Mode.IDLE, cores=2)),
        ('[idle]\nmode = "idle"\ncores = 2\n', Mode.ALWAYS, IdleSettings(cores=2)),
        ('idle = "idle"\n', None, IdleSettings(mode=Mode.IDLE)),
    ],
)  # fmt: skip
def test_a_worker_reads_the_same_table(
    tmp_path: Path, text: str | None, mode: Mode | None, found: IdleSettings
) -> None:
    path = tmp_path / "worker.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert idle_of_worker(path, mode) == found


@pytest.mark.parametrize(
    ("text", "field"),
    [("[idle", "worker.toml"), ("idle = 5", "worker.toml"), ("[idle]\ncoers = 1", "idle.coers"),
     ("[idle]\ndisk_bytes = 99999999", "idle.disk_bytes")],
)  # fmt: skip
def test_a_worker_has_no_limit_that_nothing_keeps(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "worker.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        idle_of_worker(path, None)
    assert field in caught.value.message


def test_of_two_limits_on_memory_the_smaller_holds() -> None:
    limited = IdleSettings(memory_bytes=1 << 30)
    assert limited.memory_of(None) == limited.memory_of(2 << 30) == 1 << 30
    assert limited.memory_of(1 << 29) == IdleSettings().memory_of(1 << 29) == 1 << 29
    assert IdleSettings().memory_of(None) is None
