"""Exact twin of ``PaymentChannels``: what is reserved, signed, pending and paid, wei for wei.

Place: beside the contract; tests drive both together, and a wallet can ask it what a call would do.
It keeps the balances that channels touch: free and earned money in the market, and stakes. Calls
take who calls and the chain's time; signatures are named by their signer instead of being checked.
Never: a float, or a refusal whose name is not the contract's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.vouchers import Delegation, Voucher
from neurovoyance.tokenomics.audits import economic_bps
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.staking import Stake

CLOSE_NOTICE_S = 86_400
"""Shortest notice of a client; two challenge windows if they are longer."""
PAYEES_MAX = 32
"""Most payees in one call."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A client's channel; mirrors the Solidity struct.

    Attributes:
        client: who pays.
        window_s: seconds a redemption is held.
        closes_at_s: last second to redeem; 0 without a notice.
    """

    client: str
    window_s: int
    closes_at_s: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """What a client allots to one payee; mirrors the Solidity struct, amounts in wei."""

    allotment_wei: int = 0
    redeemed_wei: int = 0
    p_econ_bps: int = 0
    lock_multiple: int = 0
    is_closed: bool = False

    @property
    def rest_wei(self) -> int:
        """What vouchers can still promise beyond those redeemed."""
        return self.allotment_wei - self.redeemed_wei


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a side waits for; the contract keeps the hash of the voucher.

    Attributes:
        amount_wei: of the latest redemption, while it is pending.
        due_wei: of earlier redemptions, whose windows are over and which are not paid yet.
        due_at_s: last second of the latest one's challenge window.
        voucher: the latest one redeemed.
    """

    amount_wei: int = 0
    due_wei: int = 0
    due_at_s: int = 0
    voucher: Voucher | None = None


@dataclass(frozen=True, slots=True)
class Allotment:
    """A sum for a payee, as the client gives it."""

    payee: str
    amount_wei: int
    lock_multiple: int


@dataclass(slots=True)
class Money:
    """The balances that channels touch, wei; by address.

    Attributes:
        free: of clients in the market.
        earned: of providers in the market; or, with a fee router, of fees it recorded.
        stakes: of providers.
        operators: hot keys of registered providers.
    """

    free: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    earned: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    stakes: defaultdict[str, Stake] = field(default_factory=lambda: defaultdict(Stake))
    operators: dict[str, str] = field(default_factory=dict)


class PaymentChannels:
    """All channels of one deployment.

    Args:
        money: the balances to work on; shared with whoever else moves them.

    Attributes:
        reserve_wei: the contract's own free balance in the market.
        lock_min_multiple, audit_min_bps, window_s: parameters as they apply now.
    """

    def __init__(self, money: Money | None = None) -> None:
        self.money = money or Money()
        self.reserve_wei = 0
        self.lock_min_multiple = default_of("lockMinMultiple")
        self.audit_min_bps = default_of("auditMinBps")
        self.window_s = default_of("challengeWindowS")
        self.channels: dict[bytes, Channel] = {}
        self.sides: defaultdict[tuple[bytes, str], Side] = defaultdict(Side)
        self.redemptions: defaultdict[tuple[bytes, str], Redemption] = defaultdict(Redemption)

    # --- the client ---

    def open(self, caller: str, channel_id: bytes, allotments: Sequence[Allotment]) -> None:
        """Open a channel out of the caller's free balance."""
        if channel_id in self.channels:
            raise TwinRevert("PaymentChannels__ChannelExists", channel_id)
        sides, total_wei = self._allotted(channel_id, allotments)
        self._collect(caller, total_wei)
        self.channels[channel_id] = Channel(caller, self.window_s)
        self.sides.update(sides)

    def top_up(self, caller: str, channel_id: bytes, allotments: Sequence[Allotment]) -> None:
        """Add money for payees, known or new."""
        self._open_of(caller, channel_id)
        sides, total_wei = self._allotted(channel_id, allotments)
        self._collect(caller, total_wei)
        self.sides.update(sides)

    def request_close(self, caller: str, channel_id: bytes, time_s: int) -> None:
        """Give notice."""
        channel = self._open_of(caller, channel_id)
        closes_at_s = time_s + notice_of(channel.window_s)
        self.channels[channel_id] = replace(channel, closes_at_s=closes_at_s)

    def reclaim(self, channel_id: bytes, payees: Sequence[str], time_s: int) -> int:
        """Return what was not redeemed to the client; return how much."""
        channel = self._known(channel_id)
        if channel.closes_at_s == 0 or time_s <= channel.closes_at_s:
            raise TwinRevert("PaymentChannels__NotClosed", channel_id, channel.closes_at_s, time_s)
        _check_count(len(payees))
        returned_wei = sum(self._take_rest((channel_id, payee)) for payee in payees)
        self._refund(channel.client, returned_wei)
        return returned_wei

    # --- the payee ---

    def redeem(self, caller: str, voucher: Voucher, signer: str, time_s: int) -> None:
        """Take what a voucher adds; ``signer`` is the address its signature recovers to."""
        channel = self._known(voucher.channel_id)
        _check_signer(signer, channel.client)
        self._redeem(caller, channel, voucher, time_s)

    def redeem_delegated(
        self,
        caller: str,
        voucher: Voucher,
        signer: str,
        delegation: Delegation,
        permitted_by: str,
        time_s: int,
    ) -> None:
        """Take what a delegate's voucher adds; ``permitted_by`` signed the delegation."""
        channel = self._known(voucher.channel_id)
        delegate = delegation.delegate
        if time_s > delegation.expiry_s:
            raise TwinRevert(
                "PaymentChannels__DelegateExpired", delegate, delegation.expiry_s, time_s
            )
        if voucher.cumulative_wei > delegation.cap_wei:
            raise TwinRevert(
                "PaymentChannels__DelegateOverCap",
                delegate,
                voucher.cumulative_wei,
                delegation.cap_wei,
            )
        _check_signer(permitted_by, channel.client)
        _check_signer(signer, delegate)
        self._redeem(caller, channel, voucher, time_s)

    def close_side(self, caller: str, channel_id: bytes, payee: str) -> None:
        """Give the rest of an allotment back to the client at once."""
        channel = self._known(channel_id)
        self._require_payee(caller, payee)
        key = (channel_id, payee)
        if self.sides[key].is_closed:
            raise TwinRevert("PaymentChannels__SideClosed", channel_id, payee)
        self._refund(channel.client, self._take_rest(key))
        self.sides[key] = replace(self.sides[key], is_closed=True)

    # --- anyone ---

    def settle(self, channel_id: bytes, payee: str, time_s: int) -> None:
        """Pay all whose challenge windows are over, and free the lock of the last."""
        if self._settle((channel_id, payee), time_s) != 0:
            return
        waits = self.redemptions[channel_id, payee]
        if waits.amount_wei == 0:
            raise TwinRevert("PaymentChannels__NothingPending", channel_id, payee)
        raise TwinRevert("PaymentChannels__RedemptionPending", channel_id, payee, waits.due_at_s)

    def settle_batch(self, channel_ids: Sequence[bytes], payee: str, time_s: int) -> int:
        """Settle channels of a payee; return what was paid in one sum, wei."""
        _check_count(len(channel_ids))
        return sum(self._settle((channel_id, payee), time_s) for channel_id in channel_ids)

    # --- effects ---

    def _allotted(
        self, channel_id: bytes, allotments: Sequence[Allotment]
    ) -> tuple[dict[tuple[bytes, str], Side], int]:
        """Return the sides as they will be, and what they add."""
        _check_count(len(allotments))
        sides: dict[tuple[bytes, str], Side] = {}
        for item in allotments:
            key = (channel_id, item.payee)
            sides[key] = self._grown(channel_id, sides.get(key, self.sides[key]), item)
        return sides, sum(item.amount_wei for item in allotments)

    def _grown(self, channel_id: bytes, side: Side, item: Allotment) -> Side:
        if item.amount_wei == 0:
            raise TwinRevert("PaymentChannels__ZeroAmount", item.payee)
        if side.is_closed:
            raise TwinRevert("PaymentChannels__SideClosed", channel_id, item.payee)
        multiple = item.lock_multiple
        if side.lock_multiple == 0:
            if multiple < self.lock_min_multiple:
                raise TwinRevert(
                    "PaymentChannels__MultipleTooSmall", multiple, self.lock_min_multiple
                )
            p_econ_bps = economic_bps(1, multiple, self.audit_min_bps)
            side = replace(side, lock_multiple=multiple, p_econ_bps=p_econ_bps)
        elif side.lock_multiple != multiple:
            raise TwinRevert(
                "PaymentChannels__MultipleFixed", item.payee, multiple, side.lock_multiple
            )
        return replace(side, allotment_wei=side.allotment_wei + item.amount_wei)

    def _redeem(self, caller: str, channel: Channel, voucher: Voucher, time_s: int) -> None:
        channel_id, payee = voucher.channel_id, voucher.payee
        key = (channel_id, payee)
        self._require_payee(caller, payee)
        self._require_redeemable(channel, voucher, time_s)
        side, waits = self.sides[key], self.redemptions[key]
        delta_wei = voucher.cumulative_wei - side.redeemed_wei
        if waits.amount_wei and time_s <= waits.due_at_s:
            raise TwinRevert(
                "PaymentChannels__RedemptionPending", channel_id, payee, waits.due_at_s
            )
        # The lock of what waited serves the new one.
        lock_wei = side.lock_multiple * (delta_wei - waits.amount_wei)
        free_wei = self.money.stakes[payee].free_wei
        if lock_wei > free_wei:
            raise TwinRevert("StakeManager__InsufficientFree", payee, free_wei, lock_wei)
        self._lock(payee, lock_wei)
        self.sides[key] = replace(side, redeemed_wei=voucher.cumulative_wei)
        due_wei = waits.due_wei + waits.amount_wei
        due_at_s = time_s + channel.window_s
        self.redemptions[key] = Redemption(delta_wei, due_wei, due_at_s, voucher)

    def _settle(self, key: tuple[bytes, str], time_s: int) -> int:
        """Pay what is due on a side; return how much."""
        waits, due_wei, payee = self.redemptions[key], self.redemptions[key].due_wei, key[1]
        if waits.amount_wei and time_s > waits.due_at_s:
            due_wei += waits.amount_wei
            self._lock(payee, -self.sides[key].lock_multiple * waits.amount_wei)
            waits = replace(waits, amount_wei=0)
        self.redemptions[key] = replace(waits, due_wei=0)
        self.reserve_wei -= due_wei
        self.money.earned[payee] += due_wei
        return due_wei

    def _lock(self, payee: str, lock_wei: int) -> None:
        stake = self.money.stakes[payee]
        self.money.stakes[payee] = replace(stake, locked_wei=stake.locked_wei + lock_wei)

    def _take_rest(self, key: tuple[bytes, str]) -> int:
        side = self.sides[key]
        self.sides[key] = replace(side, allotment_wei=side.redeemed_wei)
        return side.rest_wei

    def _collect(self, client: str, amount_wei: int) -> None:
        free_wei = self.money.free[client]
        if free_wei < amount_wei:
            raise TwinRevert("JobMarket__InsufficientFree", client, free_wei, amount_wei)
        self.money.free[client] -= amount_wei
        self.reserve_wei += amount_wei

    def _refund(self, client: str, amount_wei: int) -> None:
        self.reserve_wei -= amount_wei
        self.money.free[client] += amount_wei

    # --- checks ---

    def _known(self, channel_id: bytes) -> Channel:
        channel = self.channels.get(channel_id)
        if channel is None:
            raise TwinRevert("PaymentChannels__UnknownChannel", channel_id)
        return channel

    def _open_of(self, caller: str, channel_id: bytes) -> Channel:
        channel = self._known(channel_id)
        if caller != channel.client:
            raise TwinRevert("PaymentChannels__NotClient", channel_id, caller)
        if channel.closes_at_s:
            raise TwinRevert("PaymentChannels__Closing", channel_id, channel.closes_at_s)
        return channel

    def _require_payee(self, caller: str, payee: str) -> None:
        if caller not in (payee, self.money.operators.get(payee, ZERO_ADDRESS)):
            raise TwinRevert("PaymentChannels__NotPayee", payee, caller)

    def _require_redeemable(self, channel: Channel, voucher: Voucher, time_s: int) -> None:
        side = self.sides[voucher.channel_id, voucher.payee]
        cumulative_wei = voucher.cumulative_wei
        if channel.closes_at_s and time_s > channel.closes_at_s:
            raise TwinRevert(
                "PaymentChannels__ChannelClosed", voucher.channel_id, channel.closes_at_s
            )
        if time_s > voucher.expiry_s:
            raise TwinRevert("PaymentChannels__VoucherExpired", voucher.expiry_s, time_s)
        if cumulative_wei <= side.redeemed_wei:
            raise TwinRevert("PaymentChannels__NotMonotone", cumulative_wei, side.redeemed_wei)
        if cumulative_wei > side.allotment_wei:
            raise TwinRevert("PaymentChannels__OverAllotment", cumulative_wei, side.allotment_wei)


def notice_of(window_s: int) -> int:
    """Return the seconds between a client's notice and the end of its channel."""
    return max(CLOSE_NOTICE_S, 2 * window_s)


def _check_count(count: int) -> None:
    if not 0 < count <= PAYEES_MAX:
        raise TwinRevert("PaymentChannels__BadCount", count, PAYEES_MAX)


def _check_signer(found: str, needed: str) -> None:
    if found != needed:
        raise TwinRevert("PaymentChannels__BadSignature")
