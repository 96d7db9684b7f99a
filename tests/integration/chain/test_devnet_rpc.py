"""JSON-RPC as clients rely on it; the same questions to the devnet and to Anvil."""

from __future__ import annotations

import pytest

from neurovoyance.chain import ChainControl, Contracts, RpcRefused, devnet_wallet
from neurovoyance.chain.events import Transfer
from neurovoyance.chain.reverts import ERC20InsufficientBalance, decode_revert, revert_data

OWNER, OTHER = devnet_wallet(0), devnet_wallet(1)


async def ask(contracts: Contracts, method: str, *params: object) -> object:
    return await contracts.client.rpc.request(method, params)


async def transfers(contracts: Contracts, first: int, last: int | str) -> list[int]:
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last) if isinstance(last, int) else last,
        "address": contracts.token.address,
        "topics": ["0x" + Transfer.topic.hex(), None, "0x" + OTHER.address[2:].lower().zfill(64)],
    }
    logs = await ask(contracts, "eth_getLogs", wanted)
    assert isinstance(logs, list)
    return [int(log["data"], 16) for log in logs]


async def test_logs_are_those_of_the_range_and_of_the_present_chain(
    contracts: Contracts, control: ChainControl
) -> None:
    receipts = [await contracts.token.transfer(OWNER, OTHER.address, n) for n in (1, 2)]
    first, second = (receipt.block_number for receipt in receipts)
    snapshot = await control.snapshot()
    await contracts.token.transfer(OWNER, OTHER.address, 3)
    assert await transfers(contracts, 0, "latest") == [1, 2, 3]
    assert await transfers(contracts, first, first) == [1]
    assert await transfers(contracts, second, second) == [2]
    assert await transfers(contracts, 0, first) == [1]
    assert await control.revert(snapshot)
    assert await transfers(contracts, 0, "latest") == [1, 2]
    # The sender puts back what was undone before it goes on with the next nonce.
    await contracts.token.transfer(OWNER, OTHER.address, 4)
    assert await transfers(contracts, 0, "latest") == [1, 2, 3, 4]


async def test_logs_of_one_block_are_asked_by_its_hash(contracts: Contracts) -> None:
    receipt = await contracts.token.transfer(OWNER, OTHER.address, 1)
    logs = await ask(contracts, "eth_getLogs", {"blockHash": receipt.block_hash})
    assert isinstance(logs, list)
    assert [log["transactionHash"] for log in logs] == [receipt.tx_hash]


async def test_logs_can_be_asked_for_one_of_several_topics(contracts: Contracts) -> None:
    await contracts.token.approve(OWNER, OTHER.address, 9)
    unknown = "0x" + "12" * 32
    for topics, count in (([[unknown]], 0), ([[unknown, "0x" + Transfer.topic.hex()]], 1)):
        wanted = {"fromBlock": "0x0", "toBlock": "latest", "topics": topics}
        logs = await ask(contracts, "eth_getLogs", wanted)
        assert isinstance(logs, list)
        assert len(logs) == count


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
async def test_a_revert_answers_with_code_3_and_its_data(contracts: Contracts, method: str) -> None:
    call = contracts.token.prepare("transfer", OTHER.address, 7)
    fields = {"from": OTHER.address, "to": call.address, "data": "0x" + call.data.hex()}
    with pytest.raises(RpcRefused) as caught:
        await ask(contracts, method, fields, "latest")
    assert caught.value.rpc_code == 3
    error = decode_revert(revert_data(caught.value) or b"")
    assert isinstance(error, ERC20InsufficientBalance)
    assert (error.sender, error.balance, error.needed) == (OTHER.address, 0, 7)


async def test_history_stays_readable(contracts: Contracts) -> None:
    receipt = await contracts.token.transfer(OWNER, OTHER.address, 5)
    call = contracts.token.prepare("balanceOf", OTHER.address)
    before = await contracts.client.call(call, block=receipt.block_number - 1)
    after = await contracts.client.call(call, block=receipt.block_number)
    assert (before, after) == ((0,), (5,))


async def test_blocks_link_and_have_the_fields_that_clients_read(contracts: Contracts) -> None:
    client = contracts.client
    head = await client.block()
    parent = await client.block(head.number - 1)
    assert head.parent_hash == parent.hash
    assert head.timestamp_s >= parent.timestamp_s
    assert head.base_fee_wei > 0
    by_hash = await ask(contracts, "eth_getBlockByHash", head.hash, True)
    assert isinstance(by_hash, dict)
    assert int(by_hash["number"], 16) == head.number
    assert by_hash["transactions"][0]["blockNumber"] == hex(head.number)
    assert await ask(contracts, "eth_getBlockByNumber", hex(head.number + 1), False) is None
    assert await ask(contracts, "eth_getBlockByHash", "0x" + "00" * 32, False) is None


async def test_unknown_transactions_are_null(contracts: Contracts) -> None:
    unknown = "0x" + "12" * 32
    assert await ask(contracts, "eth_getTransactionReceipt", unknown) is None
    assert await ask(contracts, "eth_getTransactionByHash", unknown) is None


async def test_fee_history_ends_with_the_next_base_fee(contracts: Contracts) -> None:
    history = await ask(contracts, "eth_feeHistory", "0x2", "latest", [50])
    assert isinstance(history, dict)
    assert len(history["baseFeePerGas"]) == 3
    assert len(history["gasUsedRatio"]) == len(history["reward"]) == 2
    assert int(str(await ask(contracts, "eth_maxPriorityFeePerGas")), 16) >= 0
    assert int(str(await ask(contracts, "eth_gasPrice")), 16) > 0


async def test_the_node_introduces_itself(contracts: Contracts) -> None:
    assert await ask(contracts, "net_version") == "31337"
    assert await ask(contracts, "eth_chainId") == "0x7a69"
    assert await ask(contracts, "eth_syncing") is False
    accounts = await ask(contracts, "eth_accounts")
    assert isinstance(accounts, list)
    assert OWNER.address.lower() in [account.lower() for account in accounts]
    assert "/" in str(await ask(contracts, "web3_clientVersion"))
    digest = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert await ask(contracts, "web3_sha3", "0x") == digest


async def test_unknown_methods_are_refused(contracts: Contracts) -> None:
    with pytest.raises(RpcRefused) as caught:
        await ask(contracts, "eth_mineGold")
    assert caught.value.rpc_code == -32601
