"""The chain as a node's owner reads it: no key, no password, from the node's own settings.

Place: under the commands that tell about a node; heavy imports, so import it inside the command.
Never: a transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deployment import load_deployment
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import load_profile
from neurovoyance.protocol.errors import ConfigError

if TYPE_CHECKING:
    from neurovoyance.node.settings import NodeSettings

RPC_TIMEOUT_S = 8.0


def own_settings(config: Path | None, home: Path | None) -> NodeSettings | None:
    """Return the settings of the node on this machine, or None if there are none.

    Raises:
        ConfigError: a file was named and is wrong.
    """
    from neurovoyance.cli.node_start import config_path
    from neurovoyance.node.settings import load_settings

    try:
        path = config_path(config, home)
    except ConfigError:
        if config is not None:
            raise
        return None
    return load_settings(path)


@asynccontextmanager
async def reading(
    settings: NodeSettings | None, home: Path, *, state_dir: Path | None = None
) -> AsyncIterator[Contracts]:
    """Open the contracts for reading: those of the node's settings, or of the home's profile.

    Args:
        settings: of the node; None takes the profile in ``home``.
        home: folder of the client.
        state_dir: where the connection keeps its files; beside the client's by default.

    Raises:
        ConfigError: there is neither, or the deployment is another.
        RpcError: no endpoint answers.
    """
    if settings is not None:
        urls, chain_id = list(settings.rpc_urls), settings.chain_id
        path = settings.deployment_path
    else:
        profile = load_profile(home / PROFILE_NAME)
        urls, chain_id, path = profile.rpc_urls, profile.chain_id, home / profile.deployment
    client = await ChainClient.connect(
        urls,
        state_dir=state_dir or home / "reading",
        expected_chain_id=chain_id,
        rpc_timeout_s=RPC_TIMEOUT_S,
    )
    async with client:
        yield Contracts(client, load_deployment(path, chain_id))
