"""Pending transactions after a crash or a reorganisation, with nothing but journal and chain."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chains import RunningChain, connect

from neurovoyance.chain import ChainClient, ChainControl, FeePolicy, devnet_wallet

PAYER, PAYEE = devnet_wallet(0), devnet_wallet(5)
START_WEI = 10_000 * 10**18


async def abandoned(chain: RunningChain, state: Path) -> str:
    """Leave one transaction pending and close the client, as a stopped program does."""
    async with await connect(chain, state) as client:
        await ChainControl(client.rpc).set_automine(False)
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 3))
        while not client.pending(PAYER.address):
            await asyncio.sleep(0.01)
        tx_hash = client.pending(PAYER.address)[0].attempts[0].tx_hash
        while await client.rpc.request("eth_getTransactionByHash", [tx_hash]) is None:
            await asyncio.sleep(0.01)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return tx_hash


async def test_what_was_mined_meanwhile_is_settled_at_the_start(
    chain: RunningChain, tmp_path: Path
) -> None:
    await abandoned(chain, tmp_path)
    async with await connect(chain, tmp_path) as client:
        assert len(client.pending(PAYER.address)) == 1
        await ChainControl(client.rpc).mine()
        assert await client.recover() == []
        assert await client.balance_wei(PAYEE.address) == START_WEI + 3


async def test_what_a_node_forgot_is_sent_again_at_the_start(
    chain: RunningChain, tmp_path: Path
) -> None:
    tx_hash = await abandoned(chain, tmp_path)
    async with await connect(chain, tmp_path / "other") as other:
        await other.rpc.request("anvil_dropTransaction", [tx_hash])
        assert await other.rpc.request("eth_getTransactionByHash", [tx_hash]) is None
        async with await connect(chain, tmp_path):
            assert await other.rpc.request("eth_getTransactionByHash", [tx_hash]) is not None


async def test_an_abandoned_stuck_transaction_does_not_hold_back_the_next(
    chain: RunningChain, tmp_path: Path
) -> None:
    """The next send looks after the oldest nonce first, since nothing else would."""
    tx_hash = await abandoned(chain, tmp_path)
    async with await connect(chain, tmp_path, fees=FeePolicy(stuck_after_s=0.4)) as client:
        control = ChainControl(client.rpc)
        await client.rpc.request("anvil_dropTransaction", [tx_hash])
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 40))
        async with asyncio.timeout(90):
            while len(client.pending(PAYER.address)[0].attempts) < 2:
                await asyncio.sleep(0.02)
        while not sending.done():
            await control.mine()
            await asyncio.sleep(0.05)
        await sending
        assert await client.balance_wei(PAYEE.address) == START_WEI + 43


async def test_what_a_reorganisation_undid_goes_first(
    client: ChainClient, control: ChainControl
) -> None:
    snapshot = await control.snapshot()
    lost = await client.transfer_native(PAYER, PAYEE.address, 3)
    await control.revert(snapshot)
    later = await client.transfer_native(PAYER, PAYEE.address, 40)
    assert await client.receipt(lost.tx_hash) is not None
    assert later.is_success
    assert await client.balance_wei(PAYEE.address) == START_WEI + 43
