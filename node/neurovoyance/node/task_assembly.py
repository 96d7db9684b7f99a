"""The parts of a node that serve tasks, put together; nothing in a deployment without channels.

Place: called by ``assembly`` for the duty and by ``process`` for the routes. Never: I/O beyond
opening the books.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.routing import Route

from neurovoyance.chain.channels import Channels
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.agent import Agent
from neurovoyance.node.bench import Bench
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.channel_duty import ChannelDuty, ChannelSettings
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.settings import NodeSettings
from neurovoyance.node.task_api import TaskApi
from neurovoyance.node.task_book import SCHEMA, TaskBook
from neurovoyance.node.task_desk import TaskDesk
from neurovoyance.node.task_rules import TaskPolicy
from neurovoyance.node.voucher_book import VoucherBook
from neurovoyance.protocol.ids import ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class TaskParts:
    """What tasks stand on.

    Attributes:
        identity: what the books belong to.
    """

    chain: ChainSide
    storage: EmbeddedBackend
    offers: OfferDesk
    bench: Bench
    identity: dict[str, str]
    crash: CrashPoint


def build_channels(
    settings: NodeSettings, parts: TaskParts, stack: AsyncExitStack
) -> list[ChannelDuty]:
    """Return the duty that takes tasks and redeems vouchers.

    Args:
        settings: of the node.
        parts: see :class:`TaskParts`.
        stack: closes the books in the end.
    """
    chain, address = parts.chain, parts.chain.contracts.deployment.channels
    if address == ZERO_ADDRESS:
        return []
    folder, channels = settings.data_dir, Channels(chain.contracts.client, address)
    vouchers = VoucherBook(
        folder / "vouchers.sqlite",
        parts.identity,
        payee=chain.provider,
        chain_id=chain.chain_id,
        channels=address,
    )
    stack.callback(vouchers.close)
    tasks = TaskBook(folder / "tasks.sqlite", SCHEMA, parts.identity)
    stack.callback(tasks.close)
    desk = TaskDesk(
        chain=chain,
        channels=channels,
        offers=parts.offers,
        bench=parts.bench,
        storage=parts.storage,
        policy=TaskPolicy(
            parts.offers.policy, settings.task_base_price_wei, settings.task_credit_wei
        ),
        tasks=tasks,
        vouchers=vouchers,
        folder=folder / "tasks",
        crash=parts.crash,
    )
    limits = ChannelSettings(settings.redeem_threshold_wei, settings.redeem_gas_price_max_wei)
    return [ChannelDuty(chain, channels, vouchers, limits, desk)]


def task_routes(agent: Agent) -> list[Route]:
    """Return the routes of tasks, if the agent takes any."""
    return [
        route
        for duty in agent.duties
        if isinstance(duty, ChannelDuty)
        for route in TaskApi(duty.desk).routes()
    ]
