"""Reading and waiting."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chains import RunningChain, connect

from neurovoyance.chain import ChainClient, Contracts, devnet_wallet
from neurovoyance.chain.client import parse_block, parse_receipt
from neurovoyance.chain.events import Approval, Transfer
from neurovoyance.protocol.errors import (
    ConfigError,
    InternalError,
    RpcError,
    SpecError,
    UnknownRevert,
)

OWNER, OTHER = devnet_wallet(0), devnet_wallet(1)


async def test_a_receipt_tells_what_happened(contracts: Contracts) -> None:
    receipt = await contracts.token.transfer(OWNER, OTHER.address, 5)
    assert receipt.is_success
    assert receipt.gas_used > 21_000
    assert receipt.gas_price_wei > 0
    event = receipt.one(Transfer)
    assert (event.from_, event.to, event.value_wei) == (OWNER.address, OTHER.address, 5)
    assert event.meta.block_hash == receipt.block_hash
    assert event.meta.address == contracts.token.address
    assert await contracts.client.receipt(receipt.tx_hash) == receipt
    with pytest.raises(InternalError, match="0 events Approval"):
        receipt.one(Approval)


async def test_the_chain_is_known_by_id_and_genesis(client: ChainClient) -> None:
    assert client.chain_id == 31337
    assert client.genesis_hash == (await client.block(0)).hash


async def test_a_call_to_an_address_without_contract_is_no_zero(contracts: Contracts) -> None:
    call = contracts.token.prepare("balanceOf", OWNER.address)
    nowhere = type(call)(call.abi, OTHER.address, call.function, call.args)
    with pytest.raises(RpcError, match="does not have the shape"):
        await contracts.client.call(nowhere)


async def test_a_call_to_another_contract_is_an_unknown_revert(contracts: Contracts) -> None:
    call = contracts.market.prepare("freeOf", OWNER.address)
    wrong = type(call)(call.abi, contracts.token.address, call.function, call.args)
    with pytest.raises(UnknownRevert):
        await contracts.client.call(wrong)


async def test_mistyped_addresses_are_refused_before_anything_is_sent(client: ChainClient) -> None:
    with pytest.raises(SpecError, match="checksum"):
        await client.transfer_native(OWNER, OTHER.address.replace("C", "c", 1), 1)


async def test_waiting_gives_up_after_its_time(client: ChainClient) -> None:
    with pytest.raises(RpcError, match="did not get as far"):
        await client.wait_for_block(10**9, timeout_s=0.1)


async def test_an_unknown_block_is_an_rpc_error(client: ChainClient) -> None:
    with pytest.raises(RpcError):
        await client.block(10**9)


async def test_a_directory_that_cannot_be_written_is_named(
    devnet_chain: RunningChain, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(ConfigError, match="journal"):
        await connect(devnet_chain, blocked)


@pytest.mark.parametrize("parse", [parse_block, parse_receipt])
@pytest.mark.parametrize("value", [None, [], {}, {"number": "0x1"}, "0x1", {"logs": {}}])
def test_malformed_blocks_and_receipts_are_rpc_errors(parse, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RpcError):
        parse(value)
