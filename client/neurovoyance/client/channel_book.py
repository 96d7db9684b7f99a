"""The payer's memory of channels: what was signed, and for what.

Place: under :mod:`.channels`, one SQLite file a market. A voucher is written, with its receipt,
before anybody sees it: after a crash the next one is higher, never lower, and work that was paid
once is not paid twice. Never: a voucher that is not the sum of all before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.channels import SideRecord
from neurovoyance.chain.wallet import Wallet
from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.units import format_nvy
from neurovoyance.protocol.vouchers import (
    Delegation,
    Receipt,
    SignedVoucher,
    Voucher,
    parse_signed_voucher,
    receipts_tree,
    sign_voucher,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS channels (
  channel_id BLOB PRIMARY KEY, salt BLOB NOT NULL, made_s INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sides (
  channel_id BLOB, payee TEXT, signed TEXT, PRIMARY KEY (channel_id, payee)) STRICT;
CREATE TABLE IF NOT EXISTS receipts (
  number INTEGER PRIMARY KEY, channel_id BLOB NOT NULL, payee TEXT NOT NULL, work BLOB NOT NULL,
  start TEXT NOT NULL, stop TEXT NOT NULL, UNIQUE (channel_id, payee, work)) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs vouchers, and by whose leave.

    Attributes:
        wallet: the client's key, or its delegate's.
        delegation: None where the client signs itself.
        permission: the client's signature of the delegation.
    """

    wallet: Wallet
    chain_id: int
    channels: str
    delegation: Delegation | None = None
    permission: bytes | None = None

    def sign(self, voucher: Voucher) -> SignedVoucher:
        """Return the signed voucher."""
        signature = sign_voucher(
            voucher, self.wallet.account, chain_id=self.chain_id, channels=self.channels
        )
        return SignedVoucher(
            voucher=voucher,
            signature=signature,
            delegation=self.delegation,
            permission=self.permission,
        )


class ChannelBook(SqliteBook):
    """The channels of one client; the file has mode 0600."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    # --- channels ---

    def add_channel(self, channel_id: bytes, salt: bytes, made_s: int) -> None:
        """Remember a channel before it is opened on chain."""
        self._db.execute(
            "INSERT OR IGNORE INTO channels VALUES (?, ?, ?)", (channel_id, salt, made_s)
        )

    def add_payee(self, channel_id: bytes, payee: str) -> None:
        """Remember whom a channel pays."""
        self._db.execute("INSERT OR IGNORE INTO sides VALUES (?, ?, NULL)", (channel_id, payee))

    def channel_ids(self) -> list[bytes]:
        """Return every channel, oldest first."""
        rows = self._db.execute("SELECT channel_id FROM channels ORDER BY made_s, channel_id")
        return [bytes(row[0]) for row in rows]

    def payees(self, channel_id: bytes) -> list[str]:
        """Return whom a channel pays."""
        rows = self._db.execute(
            "SELECT payee FROM sides WHERE channel_id = ? ORDER BY payee", (channel_id,)
        )
        return [str(row[0]) for row in rows]

    def last(self, channel_id: bytes, payee: str) -> SignedVoucher | None:
        """Return the newest voucher of a payee, or None."""
        row = self._db.execute(
            "SELECT signed FROM sides WHERE channel_id = ? AND payee = ?", (channel_id, payee)
        ).fetchone()
        return None if row is None or row[0] is None else parse_signed_voucher(row[0])

    # --- paying ---

    def pay(
        self,
        channel_id: bytes,
        payee: str,
        amount_wei: int,
        *,
        work: bytes,
        side: SideRecord,
        expiry_s: int,
        signer: Signer,
    ) -> SignedVoucher:
        """Sign for one more piece of work, and keep the voucher before returning it.

        Args:
            channel_id: the channel, 32 bytes.
            payee: owner address of the provider.
            amount_wei: its price.
            work: 32 bytes that name it; paying the same work again returns the last voucher.
            side: what the chain says of the payee.
            expiry_s: last second of chain time in which the voucher can be redeemed.
            signer: the client or its delegate.

        Raises:
            SpecError: nothing to pay, above the allotment or the delegate's cap, the side is
                closed, or 1,024 receipts wait to be redeemed. Nothing was signed.
        """
        if amount_wei <= 0:
            raise SpecError("A payment must be above zero; nothing was signed.")
        with self._transaction():
            last = self.last(channel_id, payee)
            if last is not None and self.is_paid(channel_id, payee, work):
                return last
            paid_wei = max(last.voucher.cumulative_wei if last else 0, side.redeemed_wei)
            receipt = Receipt(work=work, start_wei=paid_wei, end_wei=paid_wei + amount_wei)
            _check_room(receipt.end_wei, side, signer.delegation)
            receipts = [*self._receipts(channel_id, payee, side.redeemed_wei), receipt]
            voucher = Voucher(
                channel_id=channel_id,
                payee=parse_address(payee),
                cumulative_wei=receipt.end_wei,
                receipts_root=receipts_tree(receipts).root,
                max_leaf_wei=max(item.price_wei for item in receipts),
                expiry_s=expiry_s,
            )
            signed = signer.sign(voucher)
            self._keep(signed, receipt)
        return signed

    def receipts(self, channel_id: bytes, payee: str) -> list[Receipt]:
        """Return what is kept of the work paid for, in order; redeemed work is dropped in time."""
        rows = self._db.execute(
            "SELECT work, start, stop FROM receipts WHERE channel_id = ? AND payee = ? "
            "ORDER BY number",
            (channel_id, payee),
        )
        return [Receipt(work=row[0], start_wei=row[1], end_wei=row[2]) for row in rows]

    def _receipts(self, channel_id: bytes, payee: str, redeemed_wei: int) -> list[Receipt]:
        """Return those that the next voucher has to cover."""
        kept = self.receipts(channel_id, payee)
        return [receipt for receipt in kept if receipt.end_wei > redeemed_wei]

    def is_paid(self, channel_id: bytes, payee: str, work: bytes) -> bool:
        """Tell whether a piece of work is under a voucher already."""
        row = self._db.execute(
            "SELECT 1 FROM receipts WHERE channel_id = ? AND payee = ? AND work = ?",
            (channel_id, payee, work),
        ).fetchone()
        return row is not None

    def _keep(self, signed: SignedVoucher, receipt: Receipt) -> None:
        key = (signed.voucher.channel_id, signed.voucher.payee)
        self._db.execute(
            "INSERT INTO receipts (channel_id, payee, work, start, stop) VALUES (?, ?, ?, ?, ?)",
            (*key, receipt.work, str(receipt.start_wei), str(receipt.end_wei)),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO sides VALUES (?, ?, ?)", (*key, signed.model_dump_json())
        )


def _check_room(cumulative_wei: int, side: SideRecord, delegation: Delegation | None) -> None:
    if side.is_closed:
        raise SpecError("The payee closed its side.", hint="Pay through another channel.")
    if cumulative_wei > side.allotment_wei:
        raise SpecError(
            f"{format_nvy(side.allotment_wei)} NVY are allotted to the payee, and "
            f"{format_nvy(cumulative_wei)} would be promised. Nothing was signed.",
            hint="Top the channel up first.",
        )
    if delegation is not None and cumulative_wei > delegation.cap_wei:
        raise SpecError(
            f"The delegate may sign for {format_nvy(delegation.cap_wei)} NVY. Nothing was signed.",
            hint="Let the client permit more.",
        )
