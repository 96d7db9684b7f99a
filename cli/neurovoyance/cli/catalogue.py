"""The canaries' catalogue of a local network: one model, listed at genesis, registered, and served.

Place: between :mod:`.local_network` and what runs on it, ``demo`` and ``up``. It goes the way of
any network: the catalogue comes with the genesis (later votes of the Standard governor change it),
somebody registers the model with a bond, and somebody serves its bytes. Never: a way into the
catalogue that a public network lacks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from neurovoyance.chain.genesis import CanaryModel
from neurovoyance.chain.registry import ModelState
from neurovoyance.cli.demo_model import registered_model, shipped_manifest
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import AUDIT_POOL
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.filetypes import installed_model
from neurovoyance.client.opening import PROFILE_NAME, open_from_profile
from neurovoyance.client.settings import save_profile
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ConfigError

BATCH = 4
MAX_RUNTIME_S = 20
REGISTRANT_ACCOUNT = 0
"""Who bonds for the model where no client does: the devnet's account that deploys."""


def shipped_catalogue() -> list[CanaryModel]:
    """Return the model whose certificate comes with this package.

    Canaries of a model that nobody registered are void: they count for nobody.
    """
    model_id = shipped_manifest().model_id()
    return [CanaryModel(model_id, pool_of(AUDIT_POOL), BATCH, MAX_RUNTIME_S)]


def installed_catalogue() -> list[CanaryModel]:
    """Return the shipped catalogue if its model is installed, else none."""
    try:
        size_bytes = installed_model().path.stat().st_size
    except ConfigError:
        return []
    return shipped_catalogue() if str(size_bytes) == shipped_manifest().size_bytes else []


async def is_open(client: AsyncClient) -> bool:
    """Return whether canaries can be drawn: a model of the catalogue is registered."""
    contracts = client.session.contracts
    for model in await contracts.canaries.models():
        if (await contracts.registry.model(model.model_id)).state is not ModelState.NONE:
            return True
    return False


@asynccontextmanager
async def offered(network: LocalNetwork) -> AsyncIterator[None]:
    """Register the model of a network's catalogue, and serve it while the network runs."""
    if not network.canary_models:
        yield
        return
    home = network.folder / "catalogue"
    deployment = str(network.folder / "deployment.json")
    changed = {"devnet_account": REGISTRANT_ACCOUNT, "deployment": deployment}
    save_profile(network.profile().model_copy(update=changed), home / PROFILE_NAME)
    async with await open_from_profile(home, gateway_port=network.content_port) as client:
        network.on_step("registering the model of the canaries' catalogue")
        await registered_model(client, installed_model())
        yield
