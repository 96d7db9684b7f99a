"""Settings are read once, with a fixed precedence, and every fault is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.settings import NodeSettings, load_settings
from neurovoyance.protocol.errors import ConfigError

OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEY = "0x" + "59" * 32
BASE = {
    "rpc_urls": ["http://127.0.0.1:8545"],
    "deployment_path": "deployment.json",
    "data_dir": "data",
    "owner": OWNER,
    "operator_keystore": "operator.json",
}


def faults(**changes: object) -> list[str]:
    values = {**BASE, **changes}
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={}, arguments={k: v for k, v in values.items() if v is not None})
    return list(caught.value.context["faults"])


def test_defaults_are_private_and_safe() -> None:
    settings = load_settings(environ={}, arguments=BASE)
    assert settings.listen_host == "127.0.0.1"
    assert settings.lock_multiple == 20
    assert not settings.allow_private_addresses
    assert settings.crash_at is None
    assert (settings.pools, settings.exact) == (["cpu"], False)


def test_an_argument_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text(
        f'rpc_urls = ["http://a"]\nowner = "{OWNER}"\ndata_dir = "d"\ndeployment_path = "p"\n'
        'operator_keystore = "k"\nmax_jobs = 2\nthreads = 2\nlisten_port = 1\n'
    )
    environ = {
        "NEUROVOYANCE_NODE_MAX_JOBS": "3",
        "NEUROVOYANCE_NODE_THREADS": "3",
        "NEUROVOYANCE_NODE_RPC_URLS": "http://b, http://c",
        "HOME": "/ignored",
    }
    settings = load_settings(path, environ, {"threads": 4, "max_jobs": None})
    assert (settings.listen_port, settings.max_jobs, settings.threads) == (1, 3, 4)
    assert settings.rpc_urls == ["http://b", "http://c"]


def test_all_faults_are_told_at_once() -> None:
    found = faults(owner="0x12", max_jobs=0, colour="red", listen_port=70_000)
    assert len(found) == 4
    assert {fault.split(":")[0] for fault in found} == {
        "owner",
        "max_jobs",
        "colour",
        "listen_port",
    }


@pytest.mark.parametrize(
    ("text", "wei"), [("5", 5), ("0.05 NVY", 5 * 10**16), (7, 7), ("1 NVY", 10**18)]
)
def test_amounts_are_wei_or_decimal_nvy(text: object, wei: int) -> None:
    settings = load_settings(environ={}, arguments={**BASE, "base_price_wei": text})
    assert settings.base_price_wei == wei


@pytest.mark.parametrize("text", ["0.5", "-1", "1e18", "NVY", 0.5, "1 ETH"])
def test_an_amount_that_could_be_misread_is_refused(text: object) -> None:
    assert faults(base_price_wei=text)


def test_a_raw_key_is_refused_off_the_devnet_and_never_shown() -> None:
    [fault] = faults(operator_keystore=None, operator_raw_key=KEY, chain_id=1)
    assert "refused outside the devnet" in fault
    settings = load_settings(
        environ={}, arguments={**BASE, "operator_keystore": None, "operator_raw_key": KEY}
    )
    assert KEY not in repr(settings)
    assert KEY not in settings.model_dump_json()


def test_a_faulty_key_is_not_quoted_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={}, arguments={**BASE, "operator_raw_key": KEY, "max_jobs": 0})
    assert KEY[2:] not in str(caught.value.to_wire())


def test_one_key_is_named_exactly() -> None:
    assert faults(operator_raw_key=KEY)
    assert faults(operator_keystore=None)


def test_crash_points_are_for_the_devnet_only() -> None:
    assert "crash_at" in faults(crash_at="before:commit", chain_id=1)[0]


def test_a_lock_below_the_protocols_multiple_is_refused() -> None:
    assert faults(lock_multiple=4)


def test_urls_have_to_be_urls() -> None:
    assert faults(rpc_urls=["ftp://x"])
    assert faults(rpc_urls=[])
    assert faults(endpoint="node.example")


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_settings(tmp_path / "missing.toml", {})
    path = tmp_path / "node.toml"
    path.write_text("max_jobs = ")
    with pytest.raises(ConfigError):
        load_settings(path, {})


def test_settings_do_not_change_after_the_start() -> None:
    settings = load_settings(environ={}, arguments=BASE)
    with pytest.raises(ValueError, match="frozen"):
        settings.max_jobs = 9  # type: ignore[misc]
    assert isinstance(settings, NodeSettings)


def test_a_pool_has_to_have_the_name_of_one() -> None:
    [fault] = faults(pools=["cpu", "No Pool"])
    assert "pools" in fault
    assert "auditor pool" in fault
    settings = load_settings(environ={"NEUROVOYANCE_NODE_POOLS": "cpu, arm"}, arguments=BASE)
    assert settings.pools == ["cpu", "arm"]


def test_where_content_is_looked_for_is_checked_at_the_start() -> None:
    base = {**BASE, "kubo_rpc_url": "/ip4/127.0.0.1/tcp/5001", "gateways": "https://a.example"}
    settings = load_settings(environ={"NEUROVOYANCE_NODE_KUBO_AUTHORIZATION": "s"}, arguments=base)
    assert settings.places.kubo_authorization == "s" and settings.places.gateways
    assert "kubo_authorization=SecretStr('**********')" in repr(settings)
    [fault] = faults(kubo_rpc_url="127.0.0.1:5001")
    assert "kubo_rpc_url" in fault
    [fault] = faults(gateways=["http://10.0.0.1"])
    assert "gateways" in fault and "private" in fault
