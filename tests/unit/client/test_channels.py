"""Channels on a real chain: opened, paid from, topped up, redeemed, closed; money to the wei."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.channels import AllotmentTerms
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.client.sync import Client
from neurovoyance.node.enrolment import enrol
from neurovoyance.protocol.errors import InsufficientFunds, SpecError, Unreachable
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import nvy

PAYEE, OPERATOR = devnet_wallet(2), devnet_wallet(3)
FUNDS_WEI = nvy("50")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("channels")
    with DevnetThread(block_interval_s=0.2) as devnet:
        asyncio.run(_prepare(devnet.url, folder))
        yield folder


async def _prepare(url: str, folder: Path) -> None:
    async with await ChainClient.connect([url], state_dir=folder / "setup", poll_s=0.02) as chain:
        bank, path = devnet_wallet(0), folder / "deployment.json"
        economy = EconomySettings.local(Address(bank.address))
        deployment = await deploy(
            chain, bank, path=path, audits=AuditSettings.local(), economy=economy
        )
        contracts = Contracts(chain, deployment)
        await contracts.token.transfer(bank, devnet_wallet(1).address, FUNDS_WEI)
        await contracts.token.transfer(bank, PAYEE.address, nvy("5000"))
        await enrol(contracts, PAYEE, OPERATOR.address, "http://127.0.0.1:1", nvy("5000"))
    profile = NetworkProfile(
        name="test",
        chain_id=31337,
        rpc_urls=[url],
        deployment=str(path),
        devnet_account=1,
        poll_s=0.05,
    )
    save_profile(profile, folder / "network.json")


@dataclass
class Desk:
    client: AsyncClient
    control: ChainControl

    @property
    def channels(self) -> ChannelClient:
        return self.client.channels

    async def wealth_wei(self) -> int:
        """What the client holds and has free in the market."""
        session = self.client.session
        contracts = session.contracts
        held_wei = await contracts.token.balance_of_wei(session.address)
        return held_wei + await contracts.market.free_of_wei(session.address)

    async def later(self, seconds: int) -> None:
        await self.control.increase_time(seconds)
        await self.control.mine()


@pytest.fixture
async def desk(home: Path) -> AsyncIterator[Desk]:
    async with await open_from_profile(home, serve=False) as client:
        yield Desk(client, ChainControl(client.session.chain.rpc))


async def test_a_channel_from_opening_to_the_last_wei(desk: Desk) -> None:
    channels, payee = desk.channels, PAYEE.address
    before_wei = await desk.wealth_wei()
    channel_id = await channels.open([AllotmentTerms(payee, nvy("3"), 20)])
    assert await desk.wealth_wei() == before_wei - nvy("3")
    await channels.top_up(channel_id, [AllotmentTerms(payee, nvy("2"), 20)])
    first = await channels.pay(channel_id, payee, nvy("1"), work=b"\1" * 32)
    assert await channels.pay(channel_id, payee, nvy("1"), work=b"\1" * 32) == first
    second = await channels.pay(channel_id, payee, nvy("0.5"), work=b"\2" * 32)
    [view] = [item for item in await channels.list() if item.channel_id == channel_id]
    assert (view.payees[0].signed_wei, view.payees[0].left_wei) == (nvy("1.5"), nvy("3.5"))
    with pytest.raises(SpecError, match="are allotted"):
        await channels.pay(channel_id, payee, nvy("4"), work=b"\3" * 32)

    await channels.contract.redeem(OPERATOR, second)
    await desk.later(view.record.window_s + 1)
    fees_wei = await desk.client.session.contracts.market.free_of_wei(
        desk.client.session.deployment.fee_router
    )
    await channels.contract.settle(OPERATOR, channel_id, payee)
    paid_wei = await desk.client.session.contracts.market.free_of_wei(
        desk.client.session.deployment.fee_router
    )
    assert paid_wei - fees_wei == nvy("1.5")

    record = await channels.close(channel_id)
    assert (await channels.close(channel_id)).closes_at_s == record.closes_at_s > 0
    with pytest.raises(SpecError, match="closing"):
        await channels.pay(channel_id, payee, 1, work=b"\4" * 32)
    await desk.later(record.closes_at_s - await desk.client.session.chain.time_s() + 1)
    assert await channels.reclaim(channel_id) == nvy("3.5")
    assert await channels.reclaim(channel_id) == 0
    assert await desk.wealth_wei() == before_wei - nvy("1.5")


async def test_a_delegate_signs_within_its_cap(desk: Desk) -> None:
    channels, payee = desk.channels, PAYEE.address
    channel_id = await channels.open([AllotmentTerms(payee, nvy("1"), 20)])
    delegate = devnet_wallet(7)
    expiry_s = await desk.client.session.chain.time_s() + 86_400
    delegation, permission = channels.permit(
        channel_id, delegate.address, cap_wei=nvy("0.4"), expiry_s=expiry_s
    )
    channels.signer = type(channels.signer)(
        delegate, 31337, channels.contract.address, delegation, permission
    )
    signed = await channels.pay(channel_id, payee, nvy("0.4"), work=b"\1" * 32)
    await channels.contract.redeem(OPERATOR, signed)
    last = await channels.contract.redemption_of(channel_id, payee)
    assert last.amount_wei == nvy("0.4")
    with pytest.raises(SpecError, match="delegate"):
        await channels.pay(channel_id, payee, 1, work=b"\2" * 32)


async def test_what_the_wallet_does_not_hold_is_not_opened(desk: Desk) -> None:
    with pytest.raises(InsufficientFunds, match="Nothing was sent"):
        await desk.channels.open([AllotmentTerms(PAYEE.address, nvy("51"), 20)])
    with pytest.raises(SpecError, match="no such channel"):
        await desk.channels.pay(b"\7" * 32, PAYEE.address, 1, work=bytes(32))


def test_an_ordinary_program_pays_too(home: Path) -> None:
    payee = PAYEE.address
    with Client.from_profile(home) as client:
        channel_id = client.channels.open([AllotmentTerms(payee, nvy("1"), 20)])
        client.channels.top_up(channel_id, [AllotmentTerms(payee, nvy("1"), 20)])
        signed = client.channels.pay(channel_id, payee, nvy("0.5"), work=b"\1" * 32)
        [side] = client.channels.view(channel_id).payees
        assert (side.signed_wei, side.left_wei) == (nvy("0.5"), nvy("1.5"))
        assert signed.voucher.cumulative_wei == nvy("0.5")
        assert client.channels.close(channel_id).closes_at_s > 0
        assert channel_id in [view.channel_id for view in client.channels.list()]
        with pytest.raises(Unreachable):
            client.tasks.terms(channel_id, payee)
        assert client.tasks.resume() == []
