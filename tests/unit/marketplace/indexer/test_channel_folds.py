"""What is left of every side is what movements say that the client has in channels."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.unit.marketplace.market_events import (
    Maker,
    address,
    batch_of,
    block_hash,
    index_blocks,
    position,
    shown,
    times,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.channel_folds import side_key
from neurovoyance.marketplace.indexer.schema import MOVEMENT, SIDE
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import Address

CHANNEL_ID, CLIENT, PAYEES = b"\5" * 32, address(100), (address(200), address(201))
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("allot", "redeem", "settle", "return", "close")),
        st.sampled_from(PAYEES),
        st.integers(1, 90),
    ),
    max_size=25,
)


def act(maker: Maker, side: Counter[str], what: str, payee: Address, wei: int) -> None:
    """Do what the contract would do and emit; nothing where it would refuse."""
    rest = side["allotment"] - side["redeemed"]
    if what == "allot" and not side["closed"]:
        side["is_known"], side["allotment"] = 1, side["allotment"] + wei
        values = (wei, side["allotment"], 20, 0)
        maker.add(on_chain.PayeeAllotted, CHANNEL_ID, payee, *values)
    elif what == "redeem" and 0 < wei <= rest:
        side["redeemed"] += wei
        voucher = (wei, side["redeemed"], bytes(32), 5, 99)
        maker.add(on_chain.VoucherRedeemed, CHANNEL_ID, payee, *voucher)
    elif what == "settle" and side["redeemed"] > side["paid"]:
        maker.add(on_chain.RedemptionSettled, CHANNEL_ID, payee, side["redeemed"] - side["paid"])
        side["paid"] = side["redeemed"]
    elif what == "return" and rest:
        side["allotment"] = side["redeemed"]
        maker.add(on_chain.ReserveReturned, CHANNEL_ID, payee, rest)
    elif what == "close" and not side["closed"]:
        side["is_known"], side["allotment"], side["closed"] = 1, side["redeemed"], 1
        maker.add(on_chain.SideClosed, CHANNEL_ID, payee, rest)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_sides_hold_what_the_contract_holds(
    database: Database, store: IndexStore, acts: list[tuple[str, Address, int]]
) -> None:
    store.clear()
    maker, sides = Maker("a", 1), {payee: Counter[str]() for payee in PAYEES}
    maker.add(on_chain.ChannelOpened, CHANNEL_ID, CLIENT, 60)
    for what, payee, wei in acts:
        act(maker, sides[payee], what, payee, wei)
    index_blocks(store, [maker.made], "a", 1)
    with database.reader.connect() as connection:
        rows = connection.execute(select(SIDE)).all()
        moved = connection.execute(select(MOVEMENT).where(MOVEMENT.c.pocket == "channel")).all()
    found = {r.payee: (r.allotment_wei, r.redeemed_wei, r.settled_wei, r.is_closed) for r in rows}
    assert found == {
        payee: (side["allotment"], side["redeemed"], side["paid"], bool(side["closed"]))
        for payee, side in sides.items()
        if side["is_known"]
    }
    assert all(row.is_spent == (row.allotment_wei == row.redeemed_wei) for row in rows)
    left_wei = sum(row.allotment_wei - row.redeemed_wei for row in rows)
    assert left_wei == sum(-m.amount_wei if m.is_out else m.amount_wei for m in moved)
    assert {row.client for row in rows} <= {CLIENT}


def test_a_notice_is_shown_with_every_side_and_undone_with_its_block(
    database: Database, store: IndexStore
) -> None:
    first, second = Maker("a", 1), Maker("a", 2)
    first.add(on_chain.ChannelOpened, CHANNEL_ID, CLIENT, 60)
    for payee in PAYEES:
        first.add(on_chain.PayeeAllotted, CHANNEL_ID, payee, 50, 50, 20, 0)
    second.add(on_chain.CloseRequested, CHANNEL_ID, 1_700_000_000)
    index_blocks(store, [first.made, second.made], "a", 1)
    reading = Reading(database)
    keys = [side_key(CHANNEL_ID, payee) for payee in PAYEES]
    assert [shown(reading, SIDE, key)["closes_at_s"] for key in keys] == [1_700_000_000] * 2
    to = Checkpoint(2, block_hash("b", 2))
    batch = batch_of(position(store), [], to, rollback_to=1)
    store.apply(batch, times([]))
    after = shown(reading, SIDE, keys[0])
    assert (after["closes_at_s"], after["window_s"], after["allotment_wei"]) == (0, 60, "50")
