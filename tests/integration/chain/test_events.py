"""Events arrive once and in order, across restarts and reorganisations."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.chains import RunningChain, connect
from tests.integration.chain.rpc_proxy import RpcProxy, answer

from neurovoyance.chain import ChainControl, Contracts, EventCursor, Rollback, deploy, devnet_wallet
from neurovoyance.chain.events import EndpointChanged, ProviderRegistered, Transfer
from neurovoyance.chain.nonces import Intent
from neurovoyance.protocol.errors import InternalError

OWNER, OTHER, THIRD = devnet_wallet(0), devnet_wallet(1), devnet_wallet(2)


def cursor_of(contracts: Contracts, folder: Path, **settings: int) -> EventCursor:
    return EventCursor(
        contracts.client,
        contracts.deployment.contract_addresses(),
        "test",
        state_path=folder / "cursor.sqlite",
        start_block=contracts.deployment.deploy_block,
        poll_s=0.02,
        **settings,
    )


async def pay(contracts: Contracts, *amounts_wei: int) -> None:
    for amount_wei in amounts_wei:
        await contracts.token.transfer(OWNER, OTHER.address, amount_wei)


async def drain(cursor: EventCursor) -> list[int | Rollback]:
    """Read and commit until nothing is new; transfers as their amounts."""
    found: list[int | Rollback] = []
    while True:
        batch = await cursor.read()
        for item in batch.items:
            if isinstance(item, Transfer):
                found.append(item.value_wei)
            elif isinstance(item, Rollback):
                found.append(item)
        await cursor.commit(batch)
        if not batch.moves:
            return found


GENESIS_WEI = 10**27


async def test_events_come_once_and_the_position_survives_a_restart(
    contracts: Contracts, tmp_path: Path
) -> None:
    first = cursor_of(contracts, tmp_path)
    await pay(contracts, 1, 2)
    assert await drain(first) == [GENESIS_WEI, 1, 2]
    first.close()
    second = cursor_of(contracts, tmp_path)
    assert await drain(second) == []
    await pay(contracts, 3)
    assert await drain(second) == [3]
    second.close()


async def test_a_batch_that_was_not_committed_comes_again(
    contracts: Contracts, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path)
    once, again = await cursor.read(), await cursor.read()
    assert once == again
    await cursor.commit(once)
    with pytest.raises(InternalError, match="does not follow"):
        await cursor.commit(again)
    cursor.close()


async def test_a_reorganisation_of_three_blocks_rolls_back_first(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path)
    await contracts.token.transfer(OWNER, THIRD.address, 6)
    await drain(cursor)
    common = await contracts.client.block_number()
    snapshot = await control.snapshot()
    for amount_wei in (1, 2, 3):
        await contracts.token.transfer(THIRD, OTHER.address, amount_wei)
        await drain(cursor)
    await control.revert(snapshot)
    # The chain is shorter than what was read: nothing can be said yet, so nothing is.
    assert await drain(cursor) == []
    for _ in range(4):
        await control.increase_time(1)
    await contracts.token.transfer(OWNER, OTHER.address, 50)
    assert await drain(cursor) == [Rollback(common), 50]
    assert await drain(cursor) == []
    cursor.close()


async def test_blocks_replaced_under_the_reader_roll_back(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path)
    await control.mine(2)
    await drain(cursor)
    common = await contracts.client.block_number()
    for amount_wei in (1, 2, 3):
        await pay(contracts, amount_wei)
        await drain(cursor)
    await control.reorganise(3)
    await control.mine()
    # Anvil puts dropped transactions back into its pool; the devnet does not.
    rolled_back, *events = await drain(cursor)
    assert rolled_back == Rollback(common)
    assert events in ([], [1, 2, 3])
    cursor.close()


async def test_one_long_batch_that_loses_its_end_is_undone_as_a_whole(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    """The only checkpoint lies above the fork, so the reader starts over."""
    cursor = cursor_of(contracts, tmp_path)
    await pay(contracts, 1)
    snapshot = await control.snapshot()
    await pay(contracts, 2)
    assert await drain(cursor) == [GENESIS_WEI, 1, 2]
    await control.revert(snapshot)
    await control.increase_time(5)
    await control.mine(2)
    start = contracts.deployment.deploy_block
    assert await drain(cursor) == [Rollback(start - 1), GENESIS_WEI, 1]
    cursor.close()


async def test_a_rollback_is_delivered_again_when_it_was_not_committed(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path)
    await drain(cursor)
    snapshot = await control.snapshot()
    await pay(contracts, 1)
    await drain(cursor)
    await control.revert(snapshot)
    await control.increase_time(5)
    await control.mine(2)
    assert (await cursor.read()).rollback == (await cursor.read()).rollback is not None
    cursor.close()


async def test_confirmations_keep_the_reader_behind_the_head(
    contracts: Contracts, control: ChainControl, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path, confirmations=2)
    await pay(contracts, 7)
    assert 7 not in await drain(cursor)
    await control.mine(2)
    assert await drain(cursor) == [7]
    cursor.close()


async def test_small_chunks_give_the_same_events(contracts: Contracts, tmp_path: Path) -> None:
    await pay(contracts, 1, 2, 3)
    cursor = cursor_of(contracts, tmp_path, chunk_blocks=1)
    assert await drain(cursor) == [GENESIS_WEI, 1, 2, 3]
    cursor.close()


async def test_the_iterator_waits_for_events_and_commits_behind_them(
    contracts: Contracts, tmp_path: Path
) -> None:
    cursor = cursor_of(contracts, tmp_path)
    await drain(cursor)
    got: list[int] = []

    async def follow() -> None:
        async for item in cursor:
            if isinstance(item, Transfer):
                got.append(item.value_wei)
                if len(got) == 2:
                    return

    following = asyncio.create_task(follow())
    await pay(contracts, 8, 9)
    await asyncio.wait_for(following, 90)
    assert got == [8, 9]
    cursor.close()


async def test_broken_text_on_chain_does_not_stop_the_reader(
    contracts: Contracts, tmp_path: Path
) -> None:
    """Anyone may register an endpoint that is not UTF-8."""
    call = contracts.stakes.prepare("register", OWNER.address, "@@@@")
    data = call.data.replace(b"@@@@", b"\xff\xfe\xc3\x28")
    await contracts.client._send(
        _raw_intent(contracts.stakes.address, data), OWNER, None, None, None
    )
    cursor = cursor_of(contracts, tmp_path)
    batch = await cursor.read()
    registered = [item for item in batch.items if isinstance(item, ProviderRegistered)]
    endpoints = [item.endpoint for item in batch.items if isinstance(item, EndpointChanged)]
    assert len(registered) == 1
    assert len(endpoints) == 1
    assert "\ufffd" in endpoints[0]
    cursor.close()


def _raw_intent(address: str, data: bytes) -> Intent:
    return Intent(address, data, 0, "raw call")


async def test_a_range_that_a_node_finds_too_large_is_halved(
    devnet_chain: RunningChain, tmp_path: Path
) -> None:
    async with RpcProxy(devnet_chain.url) as proxy, await connect(proxy.url, tmp_path) as client:
        contracts = Contracts(client, await deploy(client, OWNER))
        await pay(contracts, 1, 2, 3, 4)
        sizes: list[int] = []

        async def hook(method: str, body: bytes) -> bytes | None:
            if method != "eth_getLogs":
                return None
            wanted = json.loads(body)["params"][0]
            if "blockHash" in wanted:
                return None
            sizes.append(int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1)
            if sizes[-1] > 2:
                error = {"code": -32005, "message": "query returned more than 10000 results"}
                return answer(body, error=error)
            return None

        proxy.hook = hook
        cursor = cursor_of(contracts, tmp_path)
        assert await drain(cursor) == [GENESIS_WEI, 1, 2, 3, 4]
        assert max(sizes) > 2 >= min(sizes)
        cursor.close()


async def test_a_reader_that_keeps_up_asks_by_hash_and_falls_back_where_that_is_refused(
    devnet_chain: RunningChain, tmp_path: Path
) -> None:
    async with RpcProxy(devnet_chain.url) as proxy, await connect(proxy.url, tmp_path) as client:
        contracts = Contracts(client, await deploy(client, OWNER))
        control = ChainControl(client.rpc)
        cursor = cursor_of(contracts, tmp_path)
        await drain(cursor)
        asked: list[str] = []
        refuses = False

        async def hook(method: str, body: bytes) -> bytes | None:
            asked.append(method)
            if refuses and b"blockHash" in body:
                return answer(body, error={"code": -32602, "message": "blockHash is not known"})
            return None

        proxy.hook = hook
        await cursor.read()
        assert asked == ["eth_getBlockByNumber"]
        await control.mine(2)
        asked.clear()
        assert await drain(cursor) == []
        # The head, its parent, and once more the head: empty blocks hold no logs.
        assert asked == ["eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBlockByNumber"]
        await pay(contracts, 5, 6)
        asked.clear()
        assert await drain(cursor) == [5, 6]
        assert asked.count("eth_getLogs") == 2
        assert asked.count("eth_getBlockByNumber") == 2
        refuses = True
        await pay(contracts, 7)
        assert await drain(cursor) == [7]
        cursor.close()


async def test_the_iterator_survives_an_outage(devnet_chain: RunningChain, tmp_path: Path) -> None:
    async with (
        RpcProxy(devnet_chain.url) as proxy,
        await connect(proxy.url, tmp_path / "far") as far,
        await connect(devnet_chain, tmp_path / "near") as near,
    ):
        deployment = await deploy(near, OWNER)
        cursor = cursor_of(Contracts(far, deployment), tmp_path)
        await drain(cursor)
        batches = cursor.batches()
        waiting = asyncio.ensure_future(anext(batches))
        await proxy.stop()
        await pay(Contracts(near, deployment), 5)
        await proxy.start()
        batch = await asyncio.wait_for(waiting, 90)
        assert [item.value_wei for item in batch.items if isinstance(item, Transfer)] == [5]
        await batches.aclose()
        cursor.close()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_reader_ends_with_what_the_chain_holds(
    devnet_chain: RunningChain, tmp_path: Path, seed: int
) -> None:
    """A reader that keeps events by block and obeys rollbacks equals the chain in the end."""
    chance, held = random.Random(seed), dict[tuple[int, int], int]()
    async with await connect(devnet_chain, tmp_path / "state") as client:
        contracts = Contracts(client, await deploy(client, OWNER))
        control = ChainControl(client.rpc)
        cursor = cursor_of(contracts, tmp_path, chunk_blocks=chance.choice([1, 3, 100]))

        async def take(*, commits: bool) -> bool:
            batch = await cursor.read()
            kept = dict(held)
            for item in batch.items:
                if isinstance(item, Rollback):
                    for place in [place for place in kept if place[0] > item.to_block]:
                        del kept[place]
                elif isinstance(item, Transfer):
                    place = (item.meta.block_number, item.meta.log_index)
                    assert place not in kept, "delivered twice"
                    kept[place] = item.value_wei
            if commits:
                held.clear()
                held.update(kept)
                await cursor.commit(batch)
            return batch.moves

        for step in range(30):
            action = chance.choice(["pay", "pay", "mine", "reorganise", "read", "read", "crash"])
            if action == "pay":
                await pay(contracts, step + 1)
            elif action == "mine":
                await control.mine(chance.randint(1, 3))
            elif action == "reorganise":
                free = await client.block_number() - contracts.deployment.deploy_block - 3
                if free > 0:
                    await control.reorganise(chance.randint(1, min(free, 4)))
            elif action == "crash":
                await take(commits=False)
            else:
                while await take(commits=True):
                    pass
        await control.mine(2)
        while await take(commits=True):
            pass
        fresh = cursor_of(contracts, tmp_path / "fresh")
        expected = [item async for item in _all_transfers(fresh)]
        assert held == dict(expected)
        cursor.close()
        fresh.close()


async def _all_transfers(cursor: EventCursor) -> AsyncIterator[tuple[tuple[int, int], int]]:
    for item in (await cursor.read()).items:
        if isinstance(item, Transfer):
            yield (item.meta.block_number, item.meta.log_index), item.value_wei
