"""The payee's side of channels: the best voucher of each client, and when to redeem it.

Place: a journal of its own beside the node's others. A voucher is checked against the channel as it
stands on chain and written down before any work is done for it; only the best one of a channel is
kept, since it includes all before it. Redeeming is a decision on plain values
(:func:`is_worthwhile`, :func:`must_redeem`, :func:`must_settle`), then ``channel_duty`` sends.
Never: work on a voucher that could not be redeemed, or a lower one in place of a higher one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.channels import ChannelRecord, Channels, RedemptionRecord, SideRecord
from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.vouchers import (
    SignedVoucher,
    parse_signed_voucher,
    recover_voucher_client,
)

LIFE_MIN_S = 6 * 3_600
"""A voucher with less time than this, when it comes, is refused: redeeming takes its time."""
SAFETY_S = 2 * 3_600
"""Redeem this long before a voucher, a delegate or a channel ends, worthwhile or not."""

SETTLED_AT_ONCE = 32
"""Most channels of one settlement in bulk."""
SETTLE_GAINS = 7
"""Settle when so many least gains are due, so that one fee serves many redemptions."""
IDLE_S = 86_400
"""Settle what is due on a side where nothing was redeemed for so long."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vouchers (
  channel_id BLOB PRIMARY KEY, cumulative TEXT NOT NULL, ends_s INTEGER NOT NULL,
  signed TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel as it stands on chain, for one payee, at one second of chain time."""

    channel: ChannelRecord
    side: SideRecord
    last: RedemptionRecord
    time_s: int

    @property
    def is_waiting(self) -> bool:
        """Whether an earlier redemption blocks another one now."""
        return self.last.amount_wei > 0 and self.time_s <= self.last.due_at_s


class VoucherBook(SqliteFile):
    """The best voucher of each channel.

    Args:
        path: the file, made with mode 0600.
        identity: what it belongs to, as for the journal.
        payee: owner address of this node's provider.
        chain_id: of the chain.
        channels: address of PaymentChannels.

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(
        self, path: Path, identity: dict[str, str], *, payee: str, chain_id: int, channels: str
    ) -> None:
        super().__init__(path, _SCHEMA, identity)
        self.payee = payee
        self._chain_id, self._channels = chain_id, channels

    def take(self, signed: SignedVoucher, standing: Standing, *, owed_wei: int) -> int:
        """Check a voucher and keep it; return what it adds to the best one so far, in wei.

        Args:
            signed: as the client sent it.
            standing: its channel on chain.
            owed_wei: what has to be promised in total before work goes on; 0 if unknown.

        Raises:
            SignatureError: the signature is none.
            SpecError: for another payee, badly signed, not higher than the last, above the
                allotment, below what is owed, or too short-lived. Nothing was kept.
        """
        voucher = signed.voucher
        if voucher.payee != self.payee:
            raise SpecError("The voucher is for another payee.", hint="Pay the provider asked.")
        self._check_client(signed, standing)
        _check_amount(voucher.cumulative_wei, standing, owed_wei)
        _check_time(signed, standing)
        channel_id = voucher.channel_id
        with self._transaction():
            best_wei, best_ends_s = self._best(channel_id)
            later = (voucher.cumulative_wei, ends_at(signed)) > (best_wei, best_ends_s)
            if voucher.cumulative_wei < best_wei or not later:
                raise SpecError(
                    f"A voucher over {best_wei} wei was given before; this one adds nothing.",
                    hint="Sign the sum of all payments, not the last one.",
                )
            self._db.execute(
                "INSERT OR REPLACE INTO vouchers VALUES (?, ?, ?, ?)",
                (
                    channel_id,
                    str(voucher.cumulative_wei),
                    ends_at(signed),
                    signed.model_dump_json(),
                ),
            )
        return voucher.cumulative_wei - max(best_wei, standing.side.redeemed_wei)

    def best(self, channel_id: bytes) -> SignedVoucher | None:
        """Return the best voucher of a channel, or None."""
        row = self._db.execute(
            "SELECT signed FROM vouchers WHERE channel_id = ?", (channel_id,)
        ).fetchone()
        return None if row is None else parse_signed_voucher(row[0])

    def all(self) -> list[SignedVoucher]:
        """Return the best voucher of every channel, the one that ends first first."""
        rows = self._db.execute("SELECT signed FROM vouchers ORDER BY ends_s, channel_id")
        return [parse_signed_voucher(row[0]) for row in rows]

    def forget(self, channel_id: bytes) -> None:
        """Drop a channel that is over for this payee."""
        with self._transaction():
            self._db.execute("DELETE FROM vouchers WHERE channel_id = ?", (channel_id,))

    def _check_client(self, signed: SignedVoucher, standing: Standing) -> None:
        if not standing.channel.is_known:
            raise SpecError("There is no such channel.", hint="Open it first; nothing was kept.")
        client = recover_voucher_client(signed, chain_id=self._chain_id, channels=self._channels)
        if client != standing.channel.client:
            raise SpecError(
                "The voucher is not signed by the channel's client.",
                hint="Sign with the client's key; this node takes no vouchers of contract wallets, "
                "which can take their word back.",
            )

    def _best(self, channel_id: bytes) -> tuple[int, int]:
        """Return amount and end of the best voucher, zeros if there is none."""
        row = self._db.execute(
            "SELECT cumulative, ends_s FROM vouchers WHERE channel_id = ?", (channel_id,)
        ).fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))


def ends_at(signed: SignedVoucher) -> int:
    """Return the last second of chain time in which a voucher can be redeemed."""
    ends_s = signed.voucher.expiry_s
    if signed.delegation is not None:
        ends_s = min(ends_s, signed.delegation.expiry_s)
    return min(ends_s, 2**62)


def gain_of(signed: SignedVoucher, standing: Standing) -> int:
    """Return what redeeming a voucher would add, in wei."""
    return max(0, signed.voucher.cumulative_wei - standing.side.redeemed_wei)


def is_possible(signed: SignedVoucher, standing: Standing) -> bool:
    """Tell whether a voucher can be redeemed now, stake aside."""
    closes_s = standing.channel.closes_at_s
    return (
        gain_of(signed, standing) > 0
        and signed.voucher.cumulative_wei <= standing.side.allotment_wei
        and not standing.is_waiting
        and standing.time_s <= ends_at(signed)
        and (closes_s == 0 or standing.time_s <= closes_s)
    )


def is_over(signed: SignedVoucher, standing: Standing) -> bool:
    """Tell whether a voucher will never be worth anything again, and nothing waits."""
    closes_s = standing.channel.closes_at_s
    is_late = standing.time_s > ends_at(signed) or 0 < closes_s < standing.time_s
    is_spent = gain_of(signed, standing) == 0 and standing.side.is_closed
    return (is_late or is_spent) and standing.last.amount_wei + standing.last.due_wei == 0


def must_redeem(signed: SignedVoucher, standing: Standing) -> bool:
    """Tell whether a voucher is lost unless it is redeemed soon."""
    ends_s, closes_s = ends_at(signed), standing.channel.closes_at_s
    last_s = min(ends_s, closes_s) if closes_s else ends_s
    return standing.time_s + standing.channel.window_s + SAFETY_S > last_s


def is_worthwhile(signed: SignedVoucher, standing: Standing, *, min_gain_wei: int) -> bool:
    """Tell whether to redeem now: enough is due, or it is the last occasion.

    Args:
        signed: the best voucher of a channel.
        standing: its channel on chain.
        min_gain_wei: what a redemption has to add to be worth its fees.
    """
    if not is_possible(signed, standing):
        return False
    return gain_of(signed, standing) >= min_gain_wei or must_redeem(signed, standing)


def must_settle(standing: Standing, *, min_gain_wei: int) -> bool:
    """Tell whether to have paid what is due: it is much, the side is idle, or the channel ends.

    Args:
        standing: a channel on chain, for this payee.
        min_gain_wei: see :func:`is_worthwhile`.
    """
    payable_wei = standing.last.payable_wei(standing.time_s)
    is_ending = standing.side.is_closed or standing.channel.closes_at_s > 0
    is_idle = standing.time_s > standing.last.due_at_s + IDLE_S
    is_much = payable_wei >= SETTLE_GAINS * min_gain_wei
    return payable_wei > 0 and (is_much or is_idle or is_ending)


async def standing_of(channels: Channels, channel_id: bytes, payee: str) -> Standing:
    """Read a channel from the chain.

    Raises:
        ChainError: it could not be read.
    """
    return Standing(
        await channels.channel_of(channel_id),
        await channels.side_of(channel_id, payee),
        await channels.redemption_of(channel_id, payee),
        await channels.client.time_s(),
    )


def _check_amount(cumulative_wei: int, standing: Standing, owed_wei: int) -> None:
    allotment_wei, redeemed_wei = standing.side.allotment_wei, standing.side.redeemed_wei
    if cumulative_wei > allotment_wei:
        raise SpecError(
            f"The voucher is over {cumulative_wei} wei, the channel allots {allotment_wei}.",
            hint="Top the channel up first.",
        )
    if cumulative_wei <= redeemed_wei:
        raise SpecError(
            f"{redeemed_wei} wei are redeemed already; this voucher adds nothing.",
            hint="Sign the sum of all payments, not the last one.",
        )
    if cumulative_wei < owed_wei:
        raise SpecError(
            f"The voucher is over {cumulative_wei} wei, and {owed_wei} are owed.",
            hint="Sign for all that was asked for.",
        )


def _check_time(signed: SignedVoucher, standing: Standing) -> None:
    if standing.channel.closes_at_s:
        raise SpecError(
            "The client gave notice; this channel takes no new work.", hint="Open another one."
        )
    if ends_at(signed) < standing.time_s + standing.channel.window_s + LIFE_MIN_S:
        raise SpecError(
            "The voucher, or its delegate, ends too soon to be redeemed safely.",
            hint=f"Sign for at least {LIFE_MIN_S // 3_600} hours and the challenge window.",
        )
