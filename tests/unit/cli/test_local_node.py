"""A node's settings are whole, private, and say what the network shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.local_node import CHEAT_PRICE_WEI, make_node
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.errors import ConfigError


def test_the_settings_are_those_of_a_node(tmp_path: Path) -> None:
    common = {"max_jobs": 2, "markets": ["http://127.0.0.1:8650"], "collect_rewards": False}
    node = make_node(1, tmp_path, "http://127.0.0.1:8545", common, cheats=False)
    path = tmp_path / "node-2" / "node.toml"
    settings = load_settings(path, {})
    assert (settings.max_jobs, settings.markets) == (2, common["markets"])
    assert (settings.owner, settings.listen_port) == (devnet_wallet(4).address, node.port)
    assert not settings.collect_rewards
    assert path.stat().st_mode & 0o077 == 0, "it holds a key, and perhaps a password"
    assert not node.child.is_running


def test_a_cheat_is_another_program_and_cheaper(tmp_path: Path) -> None:
    node = make_node(0, tmp_path, "http://127.0.0.1:8545", {}, cheats=True)
    settings = load_settings(tmp_path / "node-1" / "node.toml", {})
    assert settings.base_price_wei == CHEAT_PRICE_WEI
    assert node.child.arguments[0] == "neurovoyance.cli.cheating_node"


async def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    node = make_node(0, tmp_path, "http://127.0.0.1:8545", {}, cheats=False)
    node.child.arguments = ["no.such.module"]
    with pytest.raises(ConfigError, match=r"Node-1 did not start: .*No module"):
        await node.start()
