"""What ``up`` tells people and programs: every part with its address, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain.deployment import Deployment
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import make_node
from neurovoyance.cli.local_services import MarketProcess, Services
from neurovoyance.cli.up_screen import network_json, print_network
from neurovoyance.protocol.ids import parse_address

ADDRESSES = [parse_address(f"0x{number:040x}") for number in range(1, 5)]
REDIS = "redis://:hush@127.0.0.1:1/0"


def network(home: Path, services: Services) -> LocalNetwork:
    """A network as it is after its start, without its processes."""
    made = LocalNetwork(home, node_count=1, services=services, rpc_url="http://127.0.0.1:8545")
    made.folder.mkdir(parents=True)
    made.deployment = Deployment(31337, "0x" + "11" * 32, 1, *ADDRESSES)
    made.nodes.append(make_node(0, made.folder, made.rpc_url, {}, cheats=False))
    if services.has_market:
        made.market = MarketProcess(services, home, made.folder)
    return made


def test_people_see_every_part_and_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = network(tmp_path, Services(has_market=True, redis_url=REDIS, farm="mine"))
    print_network(made, is_default_home=False)
    shown = capsys.readouterr().out
    assert made.market is not None
    for part in (
        made.rpc_url,
        made.nodes[0].url,
        f"{made.market.url}/ ",
        "node worker --farm mine",
    ):
        assert part in shown
    assert f"--home {tmp_path}" in shown
    assert "neurovoyance join" in shown
    assert "nothing of the chain is kept" in shown
    assert "hush" not in shown


def test_a_chain_of_somebody_else_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = network(tmp_path, Services(rpc_url="http://127.0.0.1:8545"))
    print_network(made, is_default_home=True)
    shown = capsys.readouterr().out
    assert "the chain stays" in shown
    assert "--home" not in shown.replace("--home FOLDER", "")
    assert "worker" not in shown


def test_programs_get_the_same_without_secrets(tmp_path: Path) -> None:
    bare = network_json(network(tmp_path / "bare", Services(redis_url=None)))
    assert (bare["market"], bare["farm"]) == (None, None)
    full = network_json(network(tmp_path / "full", Services(True, redis_url=REDIS, farm="mine")))
    assert full["farm"] == "mine"
    assert (bare["pages"], full["pages"]) == (None, f"{full['market']}/")
    assert str(full["market"]).startswith("http://127.0.0.1:")
    assert "hush" not in json.dumps(full)
