"""Settings: arguments before the environment, all faults at once, no value in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.marketplace.settings import make_settings
from neurovoyance.protocol.errors import ConfigError

GIVEN = {
    "database_url": "postgresql://market:secret@db/x",
    "rpc_urls": ["http://127.0.0.1:1"],
    "chain_id": 31337,
    "deployment_path": Path("d"),
    "state_dir": Path("s"),
}


def test_arguments_win_over_the_environment() -> None:
    environment = {
        "NEUROVOYANCE_MARKET_PORT": "1",
        "NEUROVOYANCE_MARKET_PUBLIC_DOMAINS": "a.example, b.example",
        "OTHER": "x",
    }
    settings = make_settings({**GIVEN, "port": 2, "host": None}, environment)
    assert (settings.port, settings.host) == (2, "127.0.0.1")
    assert {"a.example", "b.example", "localhost:9"} <= settings.domains(9)
    assert "secret" not in repr(settings)


def test_all_faults_come_at_once_and_without_values() -> None:
    wrong = {**GIVEN, "port": 70_000, "poll_s": 0, "nonsense": "secret"}
    with pytest.raises(ConfigError) as refused:
        make_settings(wrong, {})
    assert {"port", "poll_s", "nonsense"} <= {
        fault.split(":")[0] for fault in refused.value.context["faults"]
    }
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "bad", ["", "redis", "http://a:1", "redis://", "unix://run/x", "redis://a b"]
)
def test_what_is_no_address_of_redis_is_refused_by_name_and_never_shown(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"redis_url.*begins with redis://"):
        make_settings({**GIVEN, "redis_url": bad}, {})


def test_the_address_of_redis_is_kept_from_logs() -> None:
    environment = {"NEUROVOYANCE_MARKET_REDIS_URL": "rediss://:hush@10.0.0.1:6379/0"}
    settings = make_settings(GIVEN, environment)
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value().endswith("@10.0.0.1:6379/0")
    assert "hush" not in repr(settings)
    assert make_settings({**GIVEN, "redis_url": "unix:///run/redis.sock"}, {}).redis_url
