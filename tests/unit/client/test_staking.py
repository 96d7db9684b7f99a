"""Holders' stake, delegation and rewards on a chain with the whole economy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import deploy
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.emission import WeightRecord
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.chain.reverts import EmissionControllerNothingToHandOn
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.client import staking
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.settings import save_profile
from neurovoyance.node.enrolment import enrol
from neurovoyance.protocol.errors import ConfigError, ContractRevert
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.params import default_of

from .conftest import World

PROVIDER = devnet_wallet(2)


async def _settle_in(world: World) -> None:
    async with await ChainClient.connect(
        [world.url], state_dir=world.folder / "setup", poll_s=0.02
    ) as chain:
        bank = devnet_wallet(0)
        economy = EconomySettings.local(bank.address)
        path = world.folder / "deployment.json"
        contracts = Contracts(chain, await deploy(chain, bank, economy=economy, path=path))
        for account in (1, 2):
            await contracts.token.transfer(bank, devnet_wallet(account).address, nvy("5000"))
        await enrol(contracts, PROVIDER, devnet_wallet(3).address, "", nvy("2000"))


@pytest.fixture(scope="module")
def rich_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with DevnetThread() as devnet:
        made = World(devnet.url, tmp_path_factory.mktemp("economy"))
        asyncio.run(_settle_in(made))
        yield made


@pytest.fixture
async def holder(rich_world: World, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    save_profile(rich_world.profile(), tmp_path / "home" / "network.json")
    async with await open_from_profile(tmp_path / "home") as opened:
        yield opened


async def test_a_delegation_goes_in_counts_and_comes_back_whole(holder: AsyncClient) -> None:
    session, provider = holder.session, PROVIDER.address
    before_wei = await session.contracts.token.balance_of_wei(session.address)
    await staking.delegate(session, provider, nvy("100"))
    view = await staking.stake_view(session, provider)
    assert view.delegation is not None
    assert view.delegation.amount_wei == nvy("100")
    assert sum(await session.contracts.stakes.weight_at_wei(provider, await _epoch(holder))) == nvy(
        "2100"
    )
    await staking.undelegate(session, provider, nvy("40"))
    await staking.undelegate(session, provider, None)
    with pytest.raises(ContractRevert):
        await session.contracts.stakes.withdraw_undelegated(session.wallet, provider)
    await ChainControl(session.chain.rpc).increase_time(default_of("unbondingS"))
    await session.contracts.stakes.withdraw_undelegated(session.wallet, provider)
    assert await session.contracts.token.balance_of_wei(session.address) == before_wei
    after = await staking.stake_view(session, provider)
    assert after.delegation is not None
    assert after.delegation.amount_wei == after.delegation.unbonding_wei == 0


async def test_own_stake_is_added_and_seen(rich_world: World, tmp_path: Path) -> None:
    save_profile(rich_world.profile(account=2), tmp_path / "home" / "network.json")
    async with await open_from_profile(tmp_path / "home") as provider:
        before = (await staking.stake_view(provider.session)).stake.own_wei
        await staking.add_stake(provider.session, nvy("7"))
        view = await staking.stake_view(provider.session)
        assert view.stake.own_wei == before + nvy("7")
        assert view.delegation is None


async def test_nothing_earned_is_shown_as_nothing(holder: AsyncClient) -> None:
    view = await staking.rewards_view(holder.session)
    assert (view.fees_wei, view.releasable_wei, view.unvested_wei, view.penalty_wei) == (0,) * 4
    assert view.claimable == {}
    assert set(view.schedule_wei) == {0}
    assert await staking.claim_all(holder.session) == []
    with pytest.raises(ContractRevert):
        await staking.leave(holder.session, 6_000)


class _Emission:
    """Weeks 90 to 97 can be claimed; notes what was called."""

    def __init__(self, parts_e9: dict[int, int]) -> None:
        self.parts_e9, self.calls = parts_e9, list[object]()

    async def weight_of(self, _: str, epoch: int) -> WeightRecord:
        return WeightRecord(0, 1, 1, 1, self.parts_e9.get(epoch, 0))

    async def hand_on(self, _: object, provider: Address, epoch: int) -> None:
        self.calls.append(epoch)
        if epoch == 93:
            raise EmissionControllerNothingToHandOn(provider, epoch)

    async def claim_delegated(self, _: object, provider: str) -> None:
        self.calls.append(provider)


async def test_a_delegator_hands_on_what_its_provider_left_and_then_takes_its_part() -> None:
    emission = _Emission({89: 5, 90: 5, 92: 2**31 + 5, 93: 5, 97: 5, 98: 5})

    async def time_s() -> int:
        return 99 * EPOCH_S

    session: Any = SimpleNamespace(
        contracts=SimpleNamespace(emission=emission, has_economy=True),
        chain=SimpleNamespace(time_s=time_s),
        wallet=None,
    )
    await staking.claim_delegated(session, PROVIDER.address)
    assert emission.calls == [90, 93, 97, PROVIDER.address]


async def test_a_network_without_the_economy_says_so(client: AsyncClient) -> None:
    with pytest.raises(ConfigError, match="without the token economy"):
        await staking.rewards_view(client.session)
    with pytest.raises(ConfigError, match="without the token economy"):
        await staking.delegate(client.session, PROVIDER.address, 1)


async def _epoch(holder: AsyncClient) -> int:
    return await holder.session.chain.time_s() // 604_800
