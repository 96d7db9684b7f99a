"""Transactions arrive exactly once, whatever dies in between."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chains import ROOT, RunningChain, connect
from tests.integration.chain.rpc_proxy import RpcProxy

from neurovoyance.chain import (
    ChainClient,
    ChainControl,
    Contracts,
    FeePolicy,
    Wallet,
    deploy,
    devnet_wallet,
)
from neurovoyance.chain.nonces import Intent
from neurovoyance.chain.reverts import ERC20InsufficientBalance, JobMarketInsufficientFree
from neurovoyance.protocol.errors import InsufficientFunds, TransactionError

PAYER, PAYEE = devnet_wallet(0), devnet_wallet(5)
IMPATIENT = FeePolicy(stuck_after_s=0.6)


async def holds(client: ChainClient, expected_wei: int) -> None:
    """Assert what the payee got on top of its 10,000 coins at the start."""
    assert await client.balance_wei(PAYEE.address) == 10_000 * 10**18 + expected_wei


async def until(condition: Callable[[], bool], timeout_s: float = 90.0) -> None:
    """Wait until a condition on the journal holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def nonce_of(client: ChainClient, address: str) -> int:
    return int(await client.rpc.request("eth_getTransactionCount", [address, "latest"]), 16)


async def test_the_same_key_sends_once_even_when_asked_at_the_same_time(
    client: ChainClient,
) -> None:
    receipts = await asyncio.gather(
        *(client.transfer_native(PAYER, PAYEE.address, 5, idempotency_key="pay") for _ in range(4))
    )
    assert len({receipt.tx_hash for receipt in receipts}) == 1
    await holds(client, 5)


async def test_a_key_used_for_something_else_is_refused(client: ChainClient) -> None:
    await client.transfer_native(PAYER, PAYEE.address, 5, idempotency_key="pay")
    with pytest.raises(TransactionError, match="belongs to another transaction"):
        await client.transfer_native(PAYER, PAYEE.address, 6, idempotency_key="pay")
    await holds(client, 5)


async def test_concurrent_sends_of_one_key_get_nonces_without_gap(client: ChainClient) -> None:
    await asyncio.gather(*(client.transfer_native(PAYER, PAYEE.address, 1) for _ in range(8)))
    await holds(client, 8)
    assert await nonce_of(client, PAYER.address) == 8


async def test_a_call_that_would_revert_is_not_sent(contracts: Contracts) -> None:
    before = await nonce_of(contracts.client, PAYER.address)
    with pytest.raises(JobMarketInsufficientFree) as caught:
        await contracts.market.withdraw(PAYER, 9)
    assert (caught.value.client, caught.value.free, caught.value.needed) == (PAYER.address, 0, 9)
    assert "tx_hash" not in caught.value.context
    assert await nonce_of(contracts.client, PAYER.address) == before


async def test_a_mined_revert_is_decoded_and_the_key_may_try_again(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    """Two payments of the whole balance are simulated before either is mined."""
    client, whole_wei = contracts.client, 10**18
    await contracts.token.transfer(PAYER, PAYEE.address, whole_wei)
    await control.set_automine(False)
    first = asyncio.create_task(contracts.token.transfer(PAYEE, PAYER.address, whole_wei))
    await until(lambda: len(client.pending(PAYEE.address)) == 1)
    second = asyncio.create_task(
        contracts.token.transfer(PAYEE, PAYER.address, whole_wei, idempotency_key="again")
    )
    await until(lambda: len(client.pending(PAYEE.address)) == 2)
    await control.mine()
    await first
    with pytest.raises(ERC20InsufficientBalance) as caught:
        await second
    assert caught.value.needed == whole_wei
    assert str(caught.value.context["tx_hash"]).startswith("0x")
    await control.set_automine(True)
    await contracts.token.transfer(PAYER, PAYEE.address, whole_wei)
    retried = await contracts.token.transfer(
        PAYEE, PAYER.address, whole_wei, idempotency_key="again"
    )
    assert retried.is_success


async def test_a_stuck_transaction_is_replaced_with_an_eighth_more(
    chain: RunningChain, tmp_path: Path
) -> None:
    async with await connect(chain, tmp_path, fees=IMPATIENT) as client:
        control = ChainControl(client.rpc)
        await control.set_automine(False)
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 3))
        await until(lambda: [len(row.attempts) for row in client.pending(PAYER.address)] >= [2])
        attempts = client.pending(PAYER.address)[0].attempts
        await control.mine()
        receipt = await sending
        assert receipt.tx_hash != attempts[0].tx_hash
        old, new = attempts[0].fees, attempts[1].fees
        assert new.max_fee_wei * 8 >= old.max_fee_wei * 9
        assert new.tip_wei * 8 >= old.tip_wei * 9
        await holds(client, 3)
        assert client.pending(PAYER.address) == []


async def test_a_dropped_transaction_is_sent_again(chain: RunningChain, tmp_path: Path) -> None:
    # Sent again after a part of this, and not replaced before the whole of it.
    async with await connect(chain, tmp_path, fees=FeePolicy(stuck_after_s=60)) as client:
        control = ChainControl(client.rpc)
        await control.set_automine(False)
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 3))
        await until(lambda: len(client.pending(PAYER.address)) == 1)
        tx_hash = client.pending(PAYER.address)[0].attempts[0].tx_hash
        while await client.rpc.request("eth_getTransactionByHash", [tx_hash]) is None:
            await asyncio.sleep(0.02)
        await client.rpc.request("anvil_dropTransaction", [tx_hash])
        async with asyncio.timeout(90):
            while await client.rpc.request("eth_getTransactionByHash", [tx_hash]) is None:
                await asyncio.sleep(0.05)
        await control.mine()
        await sending
        await holds(client, 3)


async def test_fees_above_the_cap_wait_and_say_so(chain: RunningChain, tmp_path: Path) -> None:
    async with await connect(
        chain, tmp_path, fees=FeePolicy(cap_wei_per_gas=1_000), receipt_timeout_s=0.2
    ) as client:
        with pytest.raises(TransactionError, match="above the cap"):
            await client.transfer_native(PAYER, PAYEE.address, 3)
        await holds(client, 0)


async def test_an_account_without_coin_is_told_before_anything_is_sent(
    client: ChainClient, tmp_path: Path
) -> None:
    poor = Wallet.create(tmp_path / "poor.json", "correct horse", scrypt_n=2)
    with pytest.raises(InsufficientFunds) as caught:
        await client.transfer_native(poor, PAYEE.address, 0)
    assert caught.value.context["balance_wei"] == 0
    assert client.pending(poor.address) == []


async def test_a_nonce_used_by_a_stranger_is_noticed_and_the_intention_sent_anew(
    chain: RunningChain, tmp_path: Path
) -> None:
    """Another program with its own journal takes the nonce while ours is pending."""
    async with (
        await connect(chain, tmp_path / "ours", fees=FeePolicy(stuck_after_s=30)) as ours,
        await connect(chain, tmp_path / "theirs") as theirs,
    ):
        control = ChainControl(ours.rpc)
        await control.set_automine(False)
        sending = asyncio.create_task(ours.transfer_native(PAYER, PAYEE.address, 3))
        await until(lambda: len(ours.pending(PAYER.address)) == 1)
        tx_hash = ours.pending(PAYER.address)[0].attempts[0].tx_hash
        while await ours.rpc.request("eth_getTransactionByHash", [tx_hash]) is None:
            await asyncio.sleep(0.02)
        await ours.rpc.request("anvil_dropTransaction", [tx_hash])
        await control.set_automine(True)
        await theirs.transfer_native(PAYER, PAYEE.address, 40)
        receipt = await sending
        assert receipt.tx_hash != tx_hash
        await holds(ours, 43)


CHILD = """
import asyncio, sys
from pathlib import Path
from neurovoyance.chain import ChainClient, Wallet, devnet_wallet
async def main(url, state, keystore, count, key):
    wallet = Wallet.open(Path(keystore), "correct horse") if keystore else devnet_wallet(0)
    async with await ChainClient.connect([url], state_dir=Path(state), poll_s=0.02) as client:
        payee = devnet_wallet(5).address
        for index in range(int(count)):
            await client.transfer_native(wallet, payee, 7, idempotency_key=f"{key}{index}")
asyncio.run(main(*sys.argv[1:]))
"""


async def child(
    url: str, state: Path, keystore: str, count: int, key: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        url,
        str(state),
        keystore,
        str(count),
        key,
        env={**os.environ, "PYTHONPATH": str(ROOT / "protocol")},
    )


async def kill_around_broadcast(chain: RunningChain, state: Path, *, arrives: bool) -> None:
    """Run a payment in a child that dies when its raw transaction reaches the proxy."""
    async with RpcProxy(chain.url) as proxy:
        killed = asyncio.Event()

        async def hook(method: str, body: bytes) -> bytes | None:
            if method == "eth_sendRawTransaction" and not killed.is_set():
                if arrives:
                    await proxy.forward(body)
                process.send_signal(signal.SIGKILL)
                killed.set()
                await process.wait()
            return b"" if killed.is_set() else None

        proxy.hook = hook
        process = await child(proxy.url, state, "", 1, "pay")
        await asyncio.wait_for(process.wait(), 60)
        assert killed.is_set()


async def assert_paid_once(chain: RunningChain, state: Path) -> None:
    async with await connect(chain, state) as client:
        # Opening the client has already sent what was recorded; asking again joins it.
        receipt = await client.transfer_native(PAYER, PAYEE.address, 7, idempotency_key="pay0")
        assert receipt.is_success
        await holds(client, 7)
        assert await nonce_of(client, PAYER.address) == 1
        assert client.pending(PAYER.address) == []


async def test_a_process_killed_between_record_and_broadcast_pays_once(
    chain: RunningChain, tmp_path: Path
) -> None:
    await kill_around_broadcast(chain, tmp_path, arrives=False)
    await assert_paid_once(chain, tmp_path)


@pytest.mark.anvil
async def test_a_process_killed_after_the_broadcast_pays_once(
    anvil_chain: RunningChain, tmp_path: Path
) -> None:
    await kill_around_broadcast(anvil_chain, tmp_path, arrives=True)
    await assert_paid_once(anvil_chain, tmp_path)


@pytest.mark.anvil
async def test_two_processes_with_one_keystore_take_turns(
    anvil_chain: RunningChain, tmp_path: Path
) -> None:
    wallet = Wallet.create(tmp_path / "keys" / "key.json", "correct horse", scrypt_n=2)
    async with await connect(anvil_chain, tmp_path / "state") as client:
        await client.transfer_native(PAYER, wallet.address, 10**18)
        both = [
            await child(anvil_chain.url, tmp_path / name, str(wallet.path), 8, name)
            for name in ("one", "two")
        ]
        codes = [await asyncio.wait_for(process.wait(), 60) for process in both]
        assert codes == [0, 0]
        await holds(client, 16 * 7)
        assert await nonce_of(client, wallet.address) == 16


async def test_an_outage_while_waiting_is_survived(chain: RunningChain, tmp_path: Path) -> None:
    async with (
        RpcProxy(chain.url) as proxy,
        await connect(chain, tmp_path / "direct") as direct,
        await connect(proxy.url, tmp_path / "state", fees=FeePolicy(stuck_after_s=20)) as client,
    ):
        control = ChainControl(direct.rpc)
        await control.set_automine(False)
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 3))
        await until(lambda: "eth_getTransactionReceipt" in proxy.calls)
        await proxy.stop()
        await control.mine()
        await proxy.start()
        assert (await sending).is_success
        await holds(direct, 3)


async def test_too_little_time_is_no_failure_and_the_same_key_joins(
    chain: RunningChain, tmp_path: Path
) -> None:
    async with await connect(chain, tmp_path) as client:
        control = ChainControl(client.rpc)
        await control.set_automine(False)
        with pytest.raises(TransactionError, match="may still be mined") as caught:
            await client._send(_transfer_intent(), PAYER, "pay", None, 0.3)
        await control.mine()
        receipt = await client._send(_transfer_intent(), PAYER, "pay", None, None)
        assert receipt.tx_hash == caught.value.context["tx_hash"]


def _transfer_intent() -> Intent:
    return Intent(PAYEE.address, b"", 3, "transfer of native coin")


async def test_confirmations_are_waited_for(chain: RunningChain, tmp_path: Path) -> None:
    async with await connect(chain, tmp_path, confirmations=3) as client:
        control = ChainControl(client.rpc)
        sending = asyncio.create_task(client.transfer_native(PAYER, PAYEE.address, 3))
        while await client.block_number() == 0:
            await asyncio.sleep(0.02)
        await control.mine()
        assert not sending.done()
        await control.mine()
        receipt = await sending
        assert await client.block_number() - receipt.block_number + 1 >= 3


async def test_a_transaction_lost_in_a_reorganisation_is_sent_again(
    chain: RunningChain, tmp_path: Path
) -> None:
    async with await connect(chain, tmp_path) as client:
        control = ChainControl(client.rpc)
        await control.mine(3)
        snapshot = await control.snapshot()
        first = await client.transfer_native(PAYER, PAYEE.address, 3, idempotency_key="pay")
        await control.revert(snapshot)
        await holds(client, 0)
        again = await client.transfer_native(PAYER, PAYEE.address, 3, idempotency_key="pay")
        assert again.tx_hash == first.tx_hash
        await holds(client, 3)


async def test_a_deployment_uses_the_same_rules(client: ChainClient) -> None:
    deployment = await deploy(client, PAYER)
    assert await nonce_of(client, PAYER.address) == 4
    assert await client.code(deployment.market) != b""
