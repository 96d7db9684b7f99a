"""A node's parts that serve tasks, on a chain with channels; and a client that signs by hand."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.channels import AllotmentTerms, Channels
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.node.channel_duty import ChannelDuty
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.enrolment import enrol
from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.settings import NodeSettings, load_settings
from neurovoyance.node.task_assembly import TaskParts, build_channels
from neurovoyance.node.task_desk import Running, TaskDesk
from neurovoyance.node.task_runs import HeldTask
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.tasks import (
    BatchOrder,
    BatchRequest,
    Task,
    raw_cid,
    sign,
    tasks_hash,
)
from neurovoyance.protocol.units import nvy
from neurovoyance.protocol.vouchers import SignedVoucher, Voucher, sign_voucher

from .content import input_file

if TYPE_CHECKING:
    from .conftest import Station

OWNER, OPERATOR, CLIENT, OTHER = (devnet_wallet(index) for index in range(1, 5))
PRICE_WEI = 10**14 + 10**15
ALLOTTED_WEI = nvy("2")
WEEK_S = 7 * 86_400


@pytest.fixture(scope="session")
def channel_market(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[DevnetThread, Deployment]]:
    """A devnet with the economy, an enrolled provider, and a client with free balance."""
    folder = tmp_path_factory.mktemp("channels")
    with DevnetThread(block_interval_s=0.2) as devnet:
        yield devnet, asyncio.run(_prepared(devnet.url, folder))


async def _prepared(url: str, folder: Path) -> Deployment:
    async with await ChainClient.connect([url], state_dir=folder, poll_s=0.02) as chain:
        bank = devnet_wallet(0)
        economy = EconomySettings.local(Address(bank.address))
        deployment = await deploy(chain, bank, audits=AuditSettings.local(), economy=economy)
        contracts = Contracts(chain, deployment)
        for wallet, amount_wei in ((OWNER, nvy("5000")), (CLIENT, nvy("100"))):
            await contracts.token.transfer(bank, wallet.address, amount_wei)
        await contracts.token.approve(CLIENT, deployment.market, nvy("100"))
        await contracts.market.deposit(CLIENT, nvy("100"))
        await enrol(contracts, OWNER, OPERATOR.address, "http://127.0.0.1:1", nvy("5000"))
        return deployment


def arrays(number: int) -> np.ndarray:
    """Return the input of a task: float32 (2, 3)."""
    return np.full((2, 3), number, np.float32)


@dataclass
class Tasked:
    """A desk and its duty, and what the client needs to sign."""

    station: Station
    duty: ChannelDuty
    desk: TaskDesk
    spec: JobSpec
    channel_id: bytes = b""

    @property
    def place(self) -> dict[str, Any]:
        return {"chain_id": 31337, "channels": self.desk.channels.address}

    async def open_channel(self, multiple: int = 20) -> bytes:
        """Open a channel with 2 NVY for the provider."""
        salt = secrets.token_bytes(32)
        terms = [AllotmentTerms(OWNER.address, ALLOTTED_WEI, multiple)]
        await self.desk.channels.open(CLIENT, salt, terms)
        return await self.desk.channels.channel_id_of(CLIENT.address, salt)

    async def order(
        self,
        count: int = 3,
        *,
        start_wei: int = 0,
        price_wei: int = PRICE_WEI,
        data: list[bytes] | None = None,
        **changes: Any,
    ) -> tuple[BatchRequest, list[Task], list[bytes]]:
        """Return a signed order of tasks with inputs of their own."""
        given = data or [input_file(x=arrays(number)) for number in range(count)]
        tasks = [
            Task(self.spec.model_copy(update={"input_cid": raw_cid(item)}), price_wei)
            for item in given
        ]
        values = {
            "channel_id": self.channel_id,
            "payee": OWNER.address,
            "tasks_hash": tasks_hash([task.hash() for task in tasks]),
            "count": len(tasks),
            "start_wei": start_wei,
            "total_wei": price_wei * len(tasks),
            "expiry_s": await self.station.contracts.client.time_s() + 300,
            "salt": secrets.token_bytes(32),
            **changes,
        }
        order = BatchOrder.model_validate(values)
        signature = sign(order, CLIENT.account, **self.place)
        request = BatchRequest(order=order, signature=signature, spec=self.spec, sources=[])
        return request, tasks, given

    async def admitted(
        self, request: BatchRequest, tasks: list[Task], given: list[bytes]
    ) -> Running:
        """Admit an order and put its tasks into its folder, as the API does."""
        batch = await self.desk.admit(request)
        for number, (task, data) in enumerate(zip(tasks, given, strict=True)):
            path = batch.folder / f"{number}.safetensors"
            path.write_bytes(data)
            batch.tasks.append(HeldTask(task, task.hash(), path))
        return batch

    async def done(self, *args: Any, **changes: Any) -> Running:
        """Order, compute and seal a batch."""
        batch = await self.admitted(*await self.order(*args, **changes))
        await self.desk.begin(batch)
        assert batch.work is not None
        await batch.work
        await self.desk.cleared()
        return batch

    async def voucher(self, cumulative_wei: int, **changes: Any) -> SignedVoucher:
        """Return a voucher of the client."""
        now_s = await self.station.contracts.client.time_s()
        values = {
            "channel_id": self.channel_id,
            "payee": OWNER.address,
            "cumulative_wei": cumulative_wei,
            "receipts_root": bytes(32),
            "max_leaf_wei": cumulative_wei,
            "expiry_s": now_s + WEEK_S,
            **changes,
        }
        made = Voucher.model_validate(values)
        return SignedVoucher(
            voucher=made, signature=sign_voucher(made, CLIENT.account, **self.place)
        )


def settings_in(folder: Path, **changes: object) -> NodeSettings:
    """Return settings of a node whose books lie in a folder."""
    return load_settings(
        environ={},
        arguments={
            "rpc_urls": ["http://127.0.0.1:1"],
            "deployment_path": "deployment.json",
            "data_dir": str(folder),
            "owner": OWNER.address,
            "operator_keystore": "operator.json",
            "task_credit_wei": str(10 * PRICE_WEI),
            **changes,
        },
    )


def parts_of(station: Station) -> TaskParts:
    """Return what tasks stand on, of a station."""
    return TaskParts(
        station.chain,
        station.storage,
        station.desk,
        station.work.bench,
        {"market": "test"},
        CrashPoint(None),
    )


@pytest.fixture
async def tasked(
    channel_market: tuple[DevnetThread, Deployment], tmp_path: Path
) -> AsyncIterator[Tasked]:
    """A desk with an open channel, on a chain that is put back as it was after the test."""
    from .conftest import make_station

    devnet, deployment = channel_market
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            await ChainClient.connect([devnet.url], state_dir=tmp_path / "chain", poll_s=0.02)
        )
        control = ChainControl(client.rpc)
        stack.push_async_callback(control.revert, await control.snapshot())
        station = await make_station(client, deployment, control, tmp_path, stack)
        # A second is what the price is for; how busy this machine is must not end a run.
        limits = station.intake.run_limits(60)
        station.work.bench.pool = LocalPool(station.runtime, lambda _: limits)
        [duty] = build_channels(settings_in(tmp_path / "tasks"), parts_of(station), stack)
        stack.push_async_callback(duty.close)
        await duty.restore()
        spec = await station.publish(spec={"max_runtime_s": 1})
        made = Tasked(station, duty, duty.desk, spec)
        made.channel_id = await made.open_channel()
        yield made


__all__ = ["Channels", "Tasked", "channel_market", "tasked"]
