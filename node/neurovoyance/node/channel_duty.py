"""Vouchers become money: redeemed and settled when it is worth it, and always in time.

Place: a duty of the agent, over ``voucher_book``; the batches of ``task_desk`` count as its cases.
Data flow: chain time -> channels as they stand -> at most one redemption a channel, then one
settlement for many. Nothing is journalled but the vouchers: the rest shows on the chain. Never: a
fee that a redemption is not worth, unless it is the last occasion.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neurovoyance.chain.channels import Channels
from neurovoyance.chain.events import ChainEvent, Rollback
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.logs import log_event
from neurovoyance.node.task_desk import TaskDesk
from neurovoyance.node.voucher_book import (
    SETTLED_AT_ONCE,
    Standing,
    VoucherBook,
    is_over,
    is_worthwhile,
    must_redeem,
    must_settle,
    standing_of,
)
from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.units import format_nvy
from neurovoyance.protocol.vouchers import SignedVoucher

LOOK_EVERY_S: Final = 300
"""Chain seconds between looks; vouchers are taken with hours to spare."""
REDEEM_GAS: Final = 100_000
"""More than a redemption or a settlement of one needs; what the operator has to hold for it."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """When money is fetched.

    Attributes:
        min_gain_wei: what a redemption has to add.
        gas_price_max_wei: highest price of gas at which anything is sent before the last occasion.
    """

    min_gain_wei: int
    gas_price_max_wei: int


class ChannelDuty:
    """Redeems and settles for one payee.

    Args:
        chain: its wallet sends.
        channels: the contract.
        vouchers: the best of each channel.
        settings: see :class:`ChannelSettings`.
        desk: takes tasks.
    """

    name = "channels"

    def __init__(
        self,
        chain: ChainSide,
        channels: Channels,
        vouchers: VoucherBook,
        settings: ChannelSettings,
        desk: TaskDesk,
    ) -> None:
        self.desk = desk
        self._chain = chain
        self._channels = channels
        self._vouchers = vouchers
        self._settings = settings
        self._next_look_s = 0

    async def restore(self) -> None:
        """Give up batches that a crash interrupted."""
        self.desk.restore()

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Nothing to note: the channels are read."""

    async def sweep(self, time_s: int) -> None:
        """Redeem and settle what is due; one look in five minutes of chain time.

        Raises:
            ChainError: a channel could not be read, or nothing answered; vouchers stay.
        """
        if time_s < self._next_look_s:
            return
        found = [(signed, await self._standing(signed)) for signed in self._vouchers.all()]
        price_wei = await self._gas_price_wei() if found else 0
        settled = []
        for signed, standing in found:
            if self._is_due(signed, standing, price_wei):
                await self._redeem(signed, standing)
            elif self._may_settle(standing, price_wei):
                settled.append((signed.voucher.channel_id, standing))
            elif is_over(signed, standing):
                self._forget(signed)
        await self._settle(settled)
        await self.desk.tidy()
        self._next_look_s = time_s + LOOK_EVERY_S

    def due(self) -> int:
        """Return batches under way: a stop lets them end, so that they are paid for."""
        return len(self.desk.running)

    def live(self) -> int:
        """Return channels with a voucher."""
        return len(self._vouchers.all())

    def occupied(self) -> int:
        """Return places of computation that batches use now."""
        return min(len(self.desk.running), self.desk.bench.places)

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return nothing: inputs of batches lie in folders of their own."""
        return frozenset()

    async def close(self) -> None:
        """End the batches that run; nothing is owed for them."""
        await self.desk.close()

    # --- one step ---

    def _is_due(self, signed: SignedVoucher, standing: Standing, price_wei: int) -> bool:
        if not is_worthwhile(signed, standing, min_gain_wei=self._settings.min_gain_wei):
            return False
        return price_wei <= self._settings.gas_price_max_wei or must_redeem(signed, standing)

    def _may_settle(self, standing: Standing, price_wei: int) -> bool:
        # What is due waits for ever, so it never has to be settled at any price.
        is_cheap = price_wei <= self._settings.gas_price_max_wei
        return is_cheap and must_settle(standing, min_gain_wei=self._settings.min_gain_wei)

    async def _redeem(self, signed: SignedVoucher, standing: Standing) -> None:
        voucher = signed.voucher
        key = f"redeem:{voucher.channel_id.hex()}:{voucher.cumulative_wei}"
        if not await self._has_gas():
            return
        try:
            await self._channels.redeem(self._chain.wallet, signed, idempotency_key=key)
        except ContractRevert as error:
            # Too little free stake, or somebody else was quicker; the next look tries again.
            level = logging.ERROR if must_redeem(signed, standing) else logging.WARNING
            log_event(level, "voucher_not_redeemed", channel=voucher.channel_id, error=error)
            return
        gain_wei = voucher.cumulative_wei - standing.side.redeemed_wei
        log_event(
            logging.INFO, "redeemed", channel=voucher.channel_id, gain_nvy=format_nvy(gain_wei)
        )

    async def _settle(self, due: Sequence[tuple[bytes, Standing]]) -> None:
        """Have what is due paid, up to 32 channels in one transaction."""
        for first in range(0, len(due), SETTLED_AT_ONCE):
            some = due[first : first + SETTLED_AT_ONCE]
            if not await self._has_gas():
                return
            ids = [channel_id for channel_id, _ in some]
            wallet, payee = self._chain.wallet, self._vouchers.payee
            try:
                if len(ids) == 1:
                    await self._channels.settle(wallet, ids[0], payee)
                else:
                    await self._channels.settle_batch(wallet, ids, payee)
            except ContractRevert as error:
                log_event(logging.WARNING, "not_settled", channels=len(ids), error=error)
                continue
            paid_wei = sum(standing.last.payable_wei(standing.time_s) for _, standing in some)
            log_event(logging.INFO, "settled", channels=len(ids), paid_nvy=format_nvy(paid_wei))

    def _forget(self, signed: SignedVoucher) -> None:
        channel_id = signed.voucher.channel_id
        self._vouchers.forget(channel_id)
        log_event(logging.INFO, "channel_over", channel=channel_id)

    async def _has_gas(self) -> bool:
        """Tell whether the operator can pay for one call at today's price; say so if not."""
        client = self._chain.contracts.client
        held_wei = await client.balance_wei(self._chain.wallet.address)
        needed_wei = REDEEM_GAS * 2 * await self._gas_price_wei()
        if held_wei < needed_wei:
            log_event(logging.ERROR, "no_gas_for_channels", held_wei=held_wei, need_wei=needed_wei)
        return held_wei >= needed_wei

    async def _gas_price_wei(self) -> int:
        return (await self._chain.contracts.client.block()).base_fee_wei

    async def _standing(self, signed: SignedVoucher) -> Standing:
        return await standing_of(self._channels, signed.voucher.channel_id, self._vouchers.payee)
