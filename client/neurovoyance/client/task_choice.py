"""Which of our channels' payees gets a batch: whoever can be paid, best first by the preset.

Place: under :mod:`.tasks`. Prices are what nodes say and bind nobody; the order that is signed
names its own. ``cheapest`` ranks by price, ``fastest`` by the time to an answer, ``reliable`` by
our own record with the payee, then by its stake. Never: a provider that no open channel can pay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neurovoyance.client.channels import ChannelClient, PayeeView
from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.nodes import Node, known_nodes
from neurovoyance.client.session import Session
from neurovoyance.client.task_book import TaskBook
from neurovoyance.client.task_wire import TaskWire
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.errors import NeurovoyanceError, SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.tasks import TaskTerms


@dataclass(frozen=True, slots=True)
class Payee:
    """A provider that a channel of ours can pay.

    Attributes:
        view: what the channel holds for it.
        terms: what its node asks.
        latency_ms: time to that answer.
        stake_wei: own stake on chain.
        paid: batches of it that we paid before.
    """

    channel_id: bytes
    view: PayeeView
    node: Node
    terms: TaskTerms
    latency_ms: int
    stake_wei: int
    paid: int

    @property
    def address(self) -> str:
        """Owner address of the provider."""
        return self.view.payee


_ORDERS: dict[Preset, Callable[[Payee, int], tuple[Any, ...]]] = {
    Preset.CHEAPEST: lambda item, max_s: (item.terms.price_wei(max_s), item.latency_ms),
    Preset.FASTEST: lambda item, max_s: (item.latency_ms, item.terms.price_wei(max_s)),
    Preset.RELIABLE: lambda item, max_s: (
        -item.paid,
        -item.stake_wei,
        item.terms.price_wei(max_s),
    ),
}


async def payees_of(
    session: Session,
    channels: ChannelClient,
    book: TaskBook,
    *,
    provider: str | None,
    preset: Preset,
    max_runtime_s: int,
) -> list[Payee]:
    """Return whom a batch can go to, best first.

    Args:
        session: of the client.
        channels: its channels.
        book: its batches.
        provider: ask this one alone.
        preset: what counts most.
        max_runtime_s: of a task.

    Raises:
        TasksRefused: no open channel pays anybody that answers; says which.
    """
    wanted = None if provider is None else parse_address(provider)
    nodes = {node.provider: node for node in known_nodes(session.journal)}
    open_sides = [
        (view.channel_id, side)
        for view in await channels.list()
        if not view.record.closes_at_s
        for side in view.payees
        if side.payee == (wanted or side.payee)
        if side.left_wei > 0 and not side.side.is_closed
    ]
    if not open_sides:
        raise TasksRefused(
            "No open channel of yours holds money for "
            + (f"the provider {wanted}." if wanted else "any provider."),
            hint="Open one: `neurovoyance channel open PROVIDER=NVY`. Nothing was signed.",
        )
    found = await asyncio.gather(
        *(
            _asked(session, book, channel_id, side, nodes.get(side.payee))
            for channel_id, side in open_sides
        )
    )
    payees = [item for item in found if isinstance(item, Payee)]
    if not payees:
        raise TasksRefused(
            "No provider that your channels pay takes tasks now: "
            + " ".join(str(item) for item in found)[:900],
            hint="Nothing was signed.",
        )
    return sorted(payees, key=lambda item: _ORDERS[preset](item, max_runtime_s))


async def _asked(
    session: Session, book: TaskBook, channel_id: bytes, side: PayeeView, node: Node | None
) -> Payee | str:
    if node is None:
        return f"{side.payee} has announced no address."
    if book.refused(channel_id, side.payee):
        return (
            f"{side.payee} delivered a wrong output under this channel; it gets no more vouchers."
        )
    started_s = time.monotonic()
    try:
        terms = await TaskWire(session.asker, node.endpoint).terms(channel_id)
        stake = await session.contracts.stakes.stake_of(side.payee)
    except NeurovoyanceError as error:
        return f"{side.payee}: {error.message}"
    if terms.credit_wei == 0:
        return f"{side.payee} takes no tasks."
    latency_ms = round((time.monotonic() - started_s) * 1_000)
    paid = book.paid_count(side.payee)
    return Payee(channel_id, side, node, terms, latency_ms, stake.own_wei, paid)


def fitting_count(
    payee: Payee,
    price_wei: int,
    sizes_bytes: Sequence[int],
    *,
    owed_wei: int,
    exposed_wei: int,
    most: int,
    most_bytes: int,
) -> int:
    """Return how many of the next tasks one order may hold.

    Args:
        payee: who computes them.
        price_wei: of each task.
        sizes_bytes: of their inputs in the request, in order.
        owed_wei: what is owed before the order.
        exposed_wei: work that waits for a voucher.
        most: tasks of an order.
        most_bytes: of a request.

    Raises:
        TasksRefused: not even one: says whether credit or channel is in the way.
        SpecError: a price of zero.
    """
    if price_wei <= 0:
        raise SpecError("A task must cost something.")
    left_wei = payee.view.side.allotment_wei - owed_wei
    by_channel, by_credit = (
        left_wei // price_wei,
        (payee.terms.credit_wei - exposed_wei) // price_wei,
    )
    if by_channel < 1:
        raise TasksRefused(
            f"The channel has {left_wei} wei left for {payee.address}, less than one task costs.",
            hint="Top it up: `neurovoyance channel open PROVIDER=NVY --top-up CHANNEL`.",
        )
    if by_credit < 1:
        raise TasksRefused(
            f"{payee.address} advances at most {payee.terms.credit_wei} wei, less than one task "
            "costs, or waits for a voucher of yours.",
            hint="Run what you ordered before again: it is fetched, checked and paid first.",
        )
    count, total_bytes = 0, 0
    for size_bytes in sizes_bytes[: min(most, by_channel, by_credit)]:
        total_bytes += size_bytes
        if count and total_bytes > most_bytes:
            break
        count += 1
    return count
