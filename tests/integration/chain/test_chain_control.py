"""Time and history under control, alike on both kinds of chain."""

from __future__ import annotations

from neurovoyance.chain import ChainClient, ChainControl, devnet_wallet


async def test_time_passes_as_told(client: ChainClient, control: ChainControl) -> None:
    before_s = await client.time_s()
    await control.increase_time(3_600)
    assert 3_600 <= await client.time_s() - before_s <= 3_690
    fixed_s = await client.time_s() + 12_345
    await control.set_next_timestamp(fixed_s)
    await control.mine()
    assert await client.time_s() == fixed_s


async def test_blocks_are_mined_as_told(client: ChainClient, control: ChainControl) -> None:
    await control.mine(300)
    assert await client.block_number() == 300


async def test_a_snapshot_brings_balances_back(client: ChainClient, control: ChainControl) -> None:
    payer, payee = devnet_wallet(0), devnet_wallet(1)
    snapshot = await control.snapshot()
    before_wei = await client.balance_wei(payee.address)
    await client.transfer_native(payer, payee.address, 5)
    assert await control.revert(snapshot)
    assert await client.balance_wei(payee.address) == before_wei
    assert not await control.revert(snapshot)


async def test_a_reorganisation_keeps_the_height(
    client: ChainClient, control: ChainControl
) -> None:
    await control.mine(5)
    before = [(await client.block(number)).hash for number in range(6)]
    await control.reorganise(3)
    after = [(await client.block(number)).hash for number in range(6)]
    assert [b == a for b, a in zip(before, after, strict=True)] == [True] * 3 + [False] * 3


async def test_without_automine_transactions_wait(
    client: ChainClient, control: ChainControl
) -> None:
    await control.set_automine(False)
    assert await client.block_number() == 0
    await control.mine()
    assert await client.block_number() == 1
