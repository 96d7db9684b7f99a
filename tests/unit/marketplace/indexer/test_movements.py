"""Of each place the rows of an account sum up to its balance, whoever reorganises the chain."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    Maker,
    address,
    batch_of,
    block_hash,
    busy_market,
    contents,
    index_blocks,
    position,
    times,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.folding import BlockTime
from neurovoyance.marketplace.indexer.movements import _OF_COLUMN, Pocket
from neurovoyance.marketplace.indexer.schema import BALANCE, EVENT, MOVEMENT
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address

CHANNEL_ID, CLIENT, PAYEE = b"\5" * 32, address(100), address(200)


def sums(database: Database) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    with database.reader.connect() as connection:
        for row in connection.execute(select(MOVEMENT)):
            found[row.account, row.pocket] += -row.amount_wei if row.is_out else row.amount_wei
    return +found


def transfer(maker: Maker, token: Address, source: str, to: str, wei: int) -> None:
    maker.add(on_chain.Transfer, source, to, wei)
    event = maker.made[-1]
    maker.made[-1] = replace(event, meta=event.meta._replace(address=token))


def test_every_balance_of_the_books_is_a_sum_of_movements(
    database: Database, store: IndexStore
) -> None:
    index_blocks(store, busy_market(30), "a", 2)
    with database.reader.connect() as connection:
        rows = connection.execute(select(BALANCE)).mappings().all()
    expected = {
        (row["party"], pocket.value): row[column]
        for row in rows
        for column, pocket in _OF_COLUMN.items()
        if row[column]
    }
    assert sums(database) == expected


def test_tokens_of_everybody_are_followed_and_no_other_contract_s(
    database: Database, store: IndexStore
) -> None:
    maker, token = Maker("a", 1), DEPLOYMENT.token
    transfer(maker, token, ZERO_ADDRESS, CLIENT, 70)
    transfer(maker, token, CLIENT, DEPLOYMENT.market, 30)
    transfer(maker, token, CLIENT, CLIENT, 5)
    transfer(maker, DEPLOYMENT.market, CLIENT, PAYEE, 9)
    index_blocks(store, [maker.made], "a", 1)
    assert sums(database) == {(CLIENT, "wallet"): 40, (DEPLOYMENT.market, "wallet"): 30}


def test_a_channel_s_money_is_the_client_s_until_it_is_redeemed(
    database: Database, store: IndexStore
) -> None:
    maker = Maker("a", 1)
    maker.add(on_chain.ChannelOpened, CHANNEL_ID, CLIENT, 60)
    maker.add(on_chain.PayeeAllotted, CHANNEL_ID, PAYEE, 50, 50, 20, 0)
    maker.add(on_chain.VoucherRedeemed, CHANNEL_ID, PAYEE, 20, 20, bytes(32), 5, 99)
    index_blocks(store, [maker.made], "a", 1)
    assert sums(database) == {(CLIENT, "channel"): 30, (PAYEE, "vouchers"): 20}
    second = Maker("a", 2)
    second.add(on_chain.ReserveReturned, CHANNEL_ID, PAYEE, 30)
    to = Checkpoint(2, block_hash("a", 2))
    store.apply(batch_of(position(store), second.made, to), times(second.made))
    assert sums(database) == {(PAYEE, "vouchers"): 20}


@pytest.mark.parametrize("wei", [7, 8])
def test_a_replaced_block_leaves_its_own_time_and_money_alone(
    database: Database, store: IndexStore, wei: int
) -> None:
    """The same event in another block of the same number happened at another time."""
    first, kept, late = Maker("a", 1), Maker("a", 2), Maker("b", 2)
    transfer(first, DEPLOYMENT.token, ZERO_ADDRESS, CLIENT, 70)
    transfer(kept, DEPLOYMENT.token, CLIENT, PAYEE, 7)
    transfer(late, DEPLOYMENT.token, CLIENT, PAYEE, wei)
    index_blocks(store, [first.made, kept.made], "a", 1)
    to = Checkpoint(2, block_hash("b", 2))
    batch = batch_of(position(store), late.made, to, rollback_to=1)
    store.apply(batch, {2: BlockTime(block_hash("b", 2), 1_000_029)})
    with database.reader.connect() as connection:
        found = connection.execute(select(EVENT.c.time_s).order_by(EVENT.c.born)).scalars()
        assert list(found) == [1_000_012, 1_000_029]
    assert sums(database)[PAYEE, Pocket.WALLET.value] == wei
    assert len(contents(database)["movement"]) == 3
