"""The table [idle]: what is refused, and what a plain word stands for."""

from __future__ import annotations

import pytest

from neurovoyance.node.idle.settings import IdleSettings, Mode
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
