"""One provider's node of a local network: its keys, its settings file, its process.

Place: under :mod:`.local_network`. Owners and operators are publicly known keys of the devnet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet
from neurovoyance.cli.local_ports import free_port, wait_until_answers
from neurovoyance.cli.processes import Child

AUDIT_POOL = "cpu"
CHEAT_PRICE_WEI = 10**15
"""Base price of a node that cheats: less work can be sold for less."""


@dataclass(slots=True)
class LocalNode:
    """One provider's node.

    Attributes:
        name: ``node 1`` and so on.
        owner: the provider: earnings and stake are its.
        operator: the hot key that the node works with.
        url: where it answers.
    """

    name: str
    owner: Wallet
    operator: Wallet
    port: int
    child: Child

    @property
    def url(self) -> str:
        """Base URL of its API and gateway."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start a node that does not run, and wait until it answers.

        Raises:
            ConfigError: it ended, or does not answer in time; the message quotes its log.
        """
        self.child.start()
        await wait_until_answers(self.child, f"{self.url}/v1/status")


def make_node(
    index: int, folder: Path, rpc_url: str, common: Mapping[str, Any], *, cheats: bool
) -> LocalNode:
    """Return a node that does not run yet; its folder and settings file are made.

    Args:
        index: which, from 0.
        folder: of the network; the deployment file lies there.
        common: settings that all nodes of the network share; JSON values.
        cheats: it computes with other weights than it claims.
    """
    port, name = free_port(), f"node-{index + 1}"
    owner, operator = devnet_wallet(2 + 2 * index), devnet_wallet(3 + 2 * index)
    data = folder / name
    data.mkdir(mode=0o700)
    settings = {
        "rpc_urls": [rpc_url],
        "chain_id": DEVNET_CHAIN_ID,
        "deployment_path": str(folder / "deployment.json"),
        "data_dir": str(data / "data"),
        "owner": owner.address,
        "operator_raw_key": "0x" + operator.account.key.hex().removeprefix("0x"),
        "listen_port": port,
        "allow_private_addresses": True,
        "poll_interval_s": 0.25,
        "pools": [AUDIT_POOL],
        **common,
        **({"base_price_wei": str(CHEAT_PRICE_WEI)} if cheats else {}),
    }
    config = data / "node.toml"
    # JSON values of these kinds are TOML values.
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    config.touch(mode=0o600)
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    module = "neurovoyance.cli.cheating_node" if cheats else "neurovoyance.node"
    child = Child(name, [module, "--config", str(config)], folder / "logs" / f"{name}.log")
    return LocalNode(name.replace("-", " "), owner, operator, port, child)
