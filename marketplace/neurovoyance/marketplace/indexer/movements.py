"""What every event moved into or out of each place where an account has money.

Place: fed by ``folding`` with every event, after ``money``, which tells it what the books changed.
Transfers of the token and payments in channels are read from their events here. Of each event and
place one row is kept: the sum of an account's rows of a place is what the account has there. The
contracts of the market have rows of their tokens alone; what they hold for others is the others'.

Never: a movement without an event, or one of a place that no view of a contract could confirm.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import Final

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.marketplace.indexer.rows import Rows
from neurovoyance.marketplace.indexer.schema import CHANNEL, MOVEMENT
from neurovoyance.protocol.ids import ZERO_ADDRESS, hex_of


class Pocket(StrEnum):
    """Where an account has money.

    Attributes:
        WALLET: tokens of its own.
        FREE: in the market, for jobs.
        ESCROW: held for its live jobs.
        EARNED: in the market, to harvest.
        FEES: with the fee router, before the split.
        STAKE: own stake, locked or not.
        UNBONDING: stake on its way out.
        CHANNEL: reserved in its channels and not redeemed.
        VOUCHERS: redeemed from others' channels and not settled.
    """

    WALLET = "wallet"
    FREE = "free"
    ESCROW = "escrow"
    EARNED = "earned"
    FEES = "fees"
    STAKE = "stake"
    UNBONDING = "unbonding"
    CHANNEL = "channel"
    VOUCHERS = "vouchers"


_OF_COLUMN: Final = {
    "free_wei": Pocket.FREE,
    "escrow_wei": Pocket.ESCROW,
    "earned_wei": Pocket.EARNED,
    "fees_wei": Pocket.FEES,
    "own_wei": Pocket.STAKE,
    "unbonding_wei": Pocket.UNBONDING,
}


class Movements:
    """Collects what one event moves, then adds the rows.

    Args:
        rows: where channels are, and where movements go.
        deployment: its token and its contracts.
    """

    def __init__(self, rows: Rows, deployment: Deployment) -> None:
        self._rows = rows
        self._token = deployment.token
        self._contracts = {*deployment.contract_addresses(), ZERO_ADDRESS}
        self._noted: defaultdict[tuple[str, Pocket], int] = defaultdict(int)

    def forget(self) -> None:
        """Drop what is in memory."""
        self._noted.clear()

    def note(self, party: str, column: str, change_wei: int) -> None:
        """Hear of a change in the books; columns that are part of another are passed over."""
        if column in _OF_COLUMN and party not in self._contracts:
            self._noted[party, _OF_COLUMN[column]] += change_wei

    def write(self, event: ChainEvent) -> None:
        """Add the rows of an event that the books have taken in."""
        if isinstance(event, on_chain.Transfer):
            self._transferred(event)
        elif channel_id := getattr(event, "channel_id", None):
            self._paid(event, hex_of(channel_id))
        if not self._noted:
            return
        for (account, pocket), change_wei in self._noted.items():
            if change_wei:
                self._rows.grow(
                    MOVEMENT,
                    {
                        "account": account,
                        "born": self._rows.born,
                        "pocket": pocket.value,
                        "amount_wei": abs(change_wei),
                        "is_out": change_wei < 0,
                    },
                )
        self._noted.clear()

    def _transferred(self, event: on_chain.Transfer) -> None:
        if event.meta.address != self._token:
            return
        for account, change_wei in ((event.from_, -event.value_wei), (event.to, event.value_wei)):
            if account != ZERO_ADDRESS:
                self._noted[account, Pocket.WALLET] += change_wei

    def _paid(self, event: ChainEvent, channel_id: str) -> None:
        channel = self._rows.get(CHANNEL, channel_id)
        client = "" if channel is None else channel["client"]
        match event:
            case on_chain.PayeeAllotted():
                self._noted[client, Pocket.CHANNEL] += event.amount_wei
            case on_chain.VoucherRedeemed():
                self._noted[client, Pocket.CHANNEL] -= event.amount_wei
                self._noted[event.payee, Pocket.VOUCHERS] += event.amount_wei
            case on_chain.RedemptionSettled():
                self._noted[event.payee, Pocket.VOUCHERS] -= event.amount_wei
            case on_chain.SideClosed() | on_chain.ReserveReturned():
                self._noted[client, Pocket.CHANNEL] -= event.returned_wei
