"""The local network refuses what it cannot be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.protocol.errors import ConfigError


async def test_a_network_of_no_nodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="1 to 8 nodes"):
        async with LocalNetwork(tmp_path, node_count=0):
            pass


async def test_a_chain_port_in_use_is_explained(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        network = LocalNetwork(tmp_path, rpc_port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="did not start") as caught:
            async with network:
                pass
    assert "port" in caught.value.hint
    assert not any(child.is_running for child in network.children)


async def test_another_program_on_the_chain_port_is_not_taken_for_the_chain(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        network = LocalNetwork(tmp_path, rpc_port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="in use already") as caught:
            async with network:
                pass
    assert "--port" in caught.value.hint
    assert not network.children


def test_an_unstarted_network_has_no_deployment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        assert LocalNetwork(tmp_path).known_deployment
    assert LocalNetwork(tmp_path).node_of("0x") is None
