"""A local network's catalogue is one of models that are there; on the network it is registered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from neurovoyance.chain import Contracts
from neurovoyance.chain.registry import ModelState
from neurovoyance.cli import catalogue
from neurovoyance.cli.catalogue import installed_catalogue, offered, shipped_catalogue
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import AUDIT_POOL
from neurovoyance.cli.opened import opened
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.verification.canary_input import expand

from .conftest import up


def test_it_lists_the_shipped_model_in_the_pool_of_the_nodes() -> None:
    [model] = shipped_catalogue()
    assert model.model_id == shipped_manifest().model_id()
    assert model.pool == pool_of(AUDIT_POOL) == shipped_manifest().read_terms().tensor_pool


def test_a_seed_makes_an_input_that_the_model_takes() -> None:
    [model] = shipped_catalogue()
    [given] = expand(shipped_manifest(), bytes(32), model.batch).values()
    assert given.dtype == np.int32 and given.shape == (model.batch, 2_048)


def test_without_the_model_nothing_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise ConfigError("not there")

    monkeypatch.setattr(catalogue, "installed_model", missing)
    assert installed_catalogue() == []


async def test_a_network_without_a_catalogue_offers_nothing(tmp_path: Path) -> None:
    network = LocalNetwork(tmp_path)
    async with offered(network):
        assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_up_with_audits_and_economy_lists_and_registers_the_model(tmp_path: Path) -> None:
    pytest.importorskip("magika")
    with up(tmp_path, "--nodes", "1", "--audits", "--economy") as shown:
        [listed] = shown["canary_models"]

        async def look() -> tuple[list[bytes], ModelState, int]:
            async with opened(tmp_path) as client:
                contracts: Contracts = client.session.contracts
                models = [model.model_id for model in await contracts.canaries.models()]
                record = await contracts.registry.model(models[0])
                money_wei = await contracts.token.balance_of_wei(str(client.session.address))
                return models, record.state, money_wei

        models, state, money_wei = asyncio.run(look())
    assert ["0x" + one.hex() for one in models] == [listed]
    assert state is ModelState.REGISTERED
    assert money_wei == 1_000 * 10**18, "the client's own money bonds for nothing"
    assert json.loads((tmp_path / "network.json").read_text())["devnet_account"] == 1
