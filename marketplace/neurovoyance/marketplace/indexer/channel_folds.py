"""What events of payment channels make of their rows: a row a channel, one a payee in it.

Place: pure folds under ``folding``. A side is what one channel reserves for one payee; payees never
share money, so what is left of a side is ``allotment_wei - redeemed_wei``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.indexer.schema import CHANNEL, SIDE
from neurovoyance.protocol.ids import hex_of

if TYPE_CHECKING:
    from neurovoyance.marketplace.indexer.rows import Row, Rows


def side_key(channel_id: bytes, payee: str) -> str:
    """Return the key of a payee's part of a channel."""
    return f"{hex_of(channel_id)}:{payee}"


def opened(rows: Rows, event: on_chain.ChannelOpened) -> None:
    """A client will pay many times out of one reserve."""
    rows.change(CHANNEL, hex_of(event.channel_id), client=event.client, window_s=event.window_s)


def close_requested(rows: Rows, event: on_chain.CloseRequested) -> None:
    """The client gave notice; from then on nothing more can be redeemed."""
    rows.change(CHANNEL, hex_of(event.channel_id), closes_at_s=event.closes_at)


def _side(rows: Rows, channel_id: bytes, payee: str) -> Row:
    text = hex_of(channel_id)
    channel = rows.get(CHANNEL, text)
    client = "" if channel is None else channel["client"]
    key = side_key(channel_id, payee)
    return rows.change(SIDE, key, channel_id=text, client=client, payee=payee)


def _weigh(side: Row) -> None:
    side["is_spent"] = side["allotment_wei"] == side["redeemed_wei"]


def allotted(rows: Rows, event: on_chain.PayeeAllotted) -> None:
    """More is reserved for a payee."""
    side = _side(rows, event.channel_id, event.payee)
    side["allotment_wei"] = event.allotment
    _weigh(side)


def redeemed(rows: Rows, event: on_chain.VoucherRedeemed) -> None:
    """A payee handed in its best voucher, and waits."""
    side = _side(rows, event.channel_id, event.payee)
    side.update(redeemed_wei=event.cumulative, due_at_s=event.due_at)
    _weigh(side)


def settled(rows: Rows, event: on_chain.RedemptionSettled) -> None:
    """What waited was paid."""
    _side(rows, event.channel_id, event.payee)["settled_wei"] += event.amount_wei


def returned(rows: Rows, event: on_chain.ReserveReturned | on_chain.SideClosed) -> None:
    """What was not redeemed is the client's again; the contract ends the allotment there."""
    side = _side(rows, event.channel_id, event.payee)
    side["allotment_wei"] -= event.returned_wei
    _weigh(side)


def side_closed(rows: Rows, event: on_chain.SideClosed) -> None:
    """A payee wants no more of a channel."""
    returned(rows, event)
    _side(rows, event.channel_id, event.payee)["is_closed"] = True


FOLDS: dict[type[Any], Any] = {
    on_chain.ChannelOpened: opened,
    on_chain.CloseRequested: close_requested,
    on_chain.PayeeAllotted: allotted,
    on_chain.VoucherRedeemed: redeemed,
    on_chain.RedemptionSettled: settled,
    on_chain.ReserveReturned: returned,
    on_chain.SideClosed: side_closed,
}
