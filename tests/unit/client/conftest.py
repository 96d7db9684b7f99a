"""A real devnet with the contracts for each module; clients and providers on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import deploy
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.settings import NetworkProfile, save_profile

from .providers import Provider, provider_at_work

FUNDS_WEI = 1_000 * 10**18
STAKE_WEI = 2_000 * 10**18
PROVIDERS = ((2, 3), (4, 5))


@dataclass
class World:
    """A running chain with contracts, two staked providers and a funded client account."""

    url: str
    folder: Path

    def profile(self, account: int = 1) -> NetworkProfile:
        return NetworkProfile(
            name="test",
            chain_id=31337,
            rpc_urls=[self.url],
            deployment=str(self.folder / "deployment.json"),
            devnet_account=account,
            poll_s=0.05,
        )


async def _settle_in(world: World) -> None:
    async with await ChainClient.connect(
        [world.url], state_dir=world.folder / "setup", poll_s=0.02
    ) as chain:
        bank = devnet_wallet(0)
        deployment = await deploy(chain, bank, path=world.folder / "deployment.json")
        contracts = Contracts(chain, deployment)
        for account in (1, 9):
            await contracts.token.transfer(bank, devnet_wallet(account).address, FUNDS_WEI)
        for owner, operator in PROVIDERS:
            wallet = devnet_wallet(owner)
            await contracts.token.transfer(bank, wallet.address, STAKE_WEI)
            await contracts.stakes.register(wallet, devnet_wallet(operator).address, "")
            permit = await contracts.token.sign_permit(
                wallet, deployment.stake_manager, STAKE_WEI, await chain.time_s() + 3_600
            )
            await contracts.stakes.stake_with_permit(wallet, STAKE_WEI, permit)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with DevnetThread(block_interval_s=0.2) as devnet:
        made = World(devnet.url, tmp_path_factory.mktemp("world"))
        asyncio.run(_settle_in(made))
        yield made


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    save_profile(world.profile(), tmp_path / "home" / "network.json")
    async with await open_from_profile(tmp_path / "home", ask_timeout_s=5.0) as opened:
        yield opened


@pytest.fixture
async def providers(client: AsyncClient, tmp_path: Path) -> AsyncIterator[list[Provider]]:
    async with AsyncExitStack() as stack:
        made = []
        for owner, operator in PROVIDERS:
            made.append(
                await stack.enter_async_context(
                    provider_at_work(
                        client.session.contracts,
                        tmp_path / f"provider-{owner}",
                        owner=owner,
                        operator=operator,
                    )
                )
            )
        head = await client.session.chain.block_number()
        await client.session.follower.reach(head)
        yield made


@pytest.fixture
def control(client: AsyncClient) -> ChainControl:
    return ChainControl(client.session.chain.rpc)


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    """``y = x @ ones``: the sum over three features."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.ones((3, 1), np.float32), "w")],
    )
    path = tmp_path / "sum.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.fixture
async def model(client: AsyncClient, model_path: Path) -> PublishedModel:
    return await client.publish(model_path)
