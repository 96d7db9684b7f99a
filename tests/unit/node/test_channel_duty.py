"""Vouchers become money when it is worth it and in time; what is due is settled in bulk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.node.tasked import OWNER, Tasked

from neurovoyance.protocol.units import nvy


async def sweep(tasked: Tasked, later_s: int = 0) -> int:
    """Let chain time pass and the duty look; return the chain time."""
    station = tasked.station
    if later_s:
        await station.control.increase_time(later_s)
        await station.control.mine()
    time_s = await station.contracts.client.time_s()
    tasked.duty._next_look_s = 0
    await tasked.duty.sweep(time_s)
    return time_s


async def pending_wei(tasked: Tasked, channel_id: bytes) -> int:
    return (await tasked.desk.channels.redemption_of(channel_id, OWNER.address)).amount_wei


def settings(tasked: Tasked, **changes: Any) -> None:
    tasked.duty._settings = replace(tasked.duty._settings, **changes)


async def test_a_voucher_waits_for_the_threshold_and_for_cheap_gas(tasked: Tasked) -> None:
    await tasked.desk.take_voucher(await tasked.voucher(nvy("0.9")))
    await sweep(tasked)
    assert await pending_wei(tasked, tasked.channel_id) == 0
    await tasked.desk.take_voucher(await tasked.voucher(nvy("1.1")))
    settings(tasked, gas_price_max_wei=0)
    await sweep(tasked)
    assert await pending_wei(tasked, tasked.channel_id) == 0
    settings(tasked, gas_price_max_wei=10**12)
    await sweep(tasked)
    assert await pending_wei(tasked, tasked.channel_id) == nvy("1.1")
    assert (tasked.duty.live(), tasked.duty.due(), tasked.duty.occupied()) == (1, 0, 0)


async def test_a_voucher_that_ends_soon_is_redeemed_at_any_price(tasked: Tasked) -> None:
    settings(tasked, gas_price_max_wei=0)
    await tasked.desk.take_voucher(await tasked.voucher(1_000))
    await sweep(tasked, 7 * 86_400 - 3 * 3_600)
    assert await pending_wei(tasked, tasked.channel_id) in (0, 1_000)
    await sweep(tasked, 3_600)
    assert await pending_wei(tasked, tasked.channel_id) == 1_000


async def test_two_channels_are_settled_in_one_transaction(tasked: Tasked) -> None:
    first, second = tasked.channel_id, await tasked.open_channel()
    settings(tasked, min_gain_wei=1)
    for channel in (first, second):
        await tasked.desk.take_voucher(await tasked.voucher(nvy("0.1"), channel_id=channel))
    await sweep(tasked)
    assert [await pending_wei(tasked, channel) for channel in (first, second)] == [nvy("0.1")] * 2
    contracts = tasked.station.contracts
    router = contracts.deployment.fee_router
    before_wei = await contracts.market.free_of_wei(router)
    count = await contracts.client.rpc.request(
        "eth_getTransactionCount", [tasked.station.chain.wallet.address, "latest"]
    )
    await sweep(tasked, 2 * 86_400)
    paid_wei = await contracts.market.free_of_wei(router) - before_wei
    assert paid_wei == nvy("0.2")
    sent = await contracts.client.rpc.request(
        "eth_getTransactionCount", [tasked.station.chain.wallet.address, "latest"]
    )
    assert int(sent, 16) - int(count, 16) == 1
