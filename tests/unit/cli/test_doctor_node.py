"""What stands between a node and its work is found: key, gas, stake, journal, port, reach."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli import doctor_node
from neurovoyance.cli.doctor_finding import State
from neurovoyance.cli.doctor_node import (
    check_gateway,
    check_journal,
    check_port,
    check_standing,
    check_storage,
    is_private,
)
from neurovoyance.cli.node_chain import own_settings, reading
from neurovoyance.node.journal import Journal
from neurovoyance.node.settings import NodeSettings, load_settings


def settings(folder: Path, **changes: Any) -> NodeSettings:
    values = {
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment_path": "d.json",
        "data_dir": str(folder),
        "owner": devnet_wallet(2).address,
        "operator_raw_key": "0x" + bytes(devnet_wallet(3).account.key).hex(),
        **changes,
    }
    return load_settings(None, {}, values)


async def test_a_working_node_stands_well(home: Path) -> None:
    own = own_settings(home / "local" / "node-1" / "node.toml", None)
    assert own is not None
    async with reading(own, home) as contracts:
        states = {item.name: item.state for item in await check_standing(contracts, own)}
        assert states == {"operator": State.OK, "gas": State.OK, "stake": State.OK}
        other = own.model_copy(update={"owner": devnet_wallet(9).address})
        states = {item.name: item.state for item in await check_standing(contracts, other)}
        assert states == {"operator": State.FAIL, "gas": State.OK, "stake": State.FAIL}
        lost = own.model_copy(update={"operator_raw_key": None, "operator_keystore": home / "no"})
        [found] = await check_standing(contracts, lost)
    assert (found.name, found.state) == ("operator", State.FAIL)
    assert (await check_port(own)).found.endswith("the node answers")
    assert check_journal(own).state is State.OK
    assert (await check_gateway(own)).state is State.OK


async def test_ports_that_are_free_or_taken_are_told_apart(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        doctor_node._TIMEOUT_S = 0.5
        assert (await check_port(settings(tmp_path, listen_port=port))).state is State.FAIL
    doctor_node._TIMEOUT_S = 5.0
    assert (await check_port(settings(tmp_path, listen_port=port))).state is State.WARN
    assert (await check_port(settings(tmp_path, listen_port=0))).state is State.OK


async def test_reach_from_outside_is_judged_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = await check_gateway(settings(tmp_path))
    assert hidden.state is State.WARN and "still takes listed jobs" in hidden.found
    owner = devnet_wallet(2).address
    answers: dict[str, Any] = {"provider": owner}

    async def asked(url: str) -> dict[str, Any] | None:
        assert url == "https://node.example/v1/status"
        return answers or None

    monkeypatch.setattr(doctor_node, "asked", asked)
    public = settings(tmp_path, endpoint="https://node.example")
    assert (await check_gateway(public)).state is State.OK
    answers["provider"] = devnet_wallet(4).address
    assert (await check_gateway(public)).state is State.FAIL
    answers.clear()
    silent = await check_gateway(public)
    assert silent.state is State.UNKNOWN and "curl" in silent.next


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("192.168.1.4", True), ("::1", True), ("box.local", True),
     ("8.8.8.8", False), ("node.example", False)],
)  # fmt: skip
def test_private_hosts_are_known(host: str, expected: bool) -> None:
    assert is_private(host) is expected


def test_a_journal_is_read_and_a_damaged_or_open_one_is_found(tmp_path: Path) -> None:
    own = settings(tmp_path)
    assert "none yet" in check_journal(own).found
    path = own.data_dir / "journal.sqlite"
    Journal(path, {"market": "x"}).close()
    assert check_journal(own).state is State.OK
    path.chmod(0o644)
    assert check_journal(own).next == f"chmod 600 {path}"
    path.write_bytes(path.read_bytes()[:5_000] + b"junk" * 100)
    damaged = check_journal(own)
    assert damaged.state is State.FAIL and "wallet backup" in damaged.next


def test_a_budget_beyond_the_disk_warns(tmp_path: Path) -> None:
    assert check_storage(settings(tmp_path, storage_bytes=1 << 60)).state is State.WARN
    assert check_storage(settings(tmp_path, storage_bytes=1 << 27)).state is State.WARN
    assert check_storage(settings(tmp_path, storage_bytes=1 << 30)).state is State.OK
