"""An account's statement: every movement of its money as CSV, the oldest first.

Place: behind ``account_routes``. One row is one movement into or out of one place, so the sum of a
place's rows is what the account has there, to the wei. The file is read in pieces while it is sent;
a reorganisation meanwhile breaks it off, so that nobody keeps the history of two chains.

Never: a rounded amount, a local time, or a cell that a spreadsheet would run.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import RowMapping, func, select, tuple_

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import CHANNEL, EVENT, JOB, MOVEMENT, REORG
from neurovoyance.protocol.errors import RpcError
from neurovoyance.protocol.units import WEI_PER_NVY

HEADER: Final = (
    "time_utc", "event", "place", "amount_nvy", "with", "about", "transaction", "block", "log",
)  # fmt: skip
_PIECE_ROWS = 1_000
_OTHERS = ("client", "provider", "payee", "from", "to", "finder", "court", "delegator")
_ABOUT = ("job_id", "channel_id", "dispute_id", "slash_id")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_SHOWN = (
    EVENT.c.time_s, EVENT.c.name, EVENT.c.data, EVENT.c.tx_hash, EVENT.c.block_number,
    EVENT.c.log_index, JOB.c.client, JOB.c.provider, CHANNEL.c.client.label("payer"),
)  # fmt: skip


def exact_nvy(amount_wei: int, *, is_out: bool) -> str:
    """Return an amount as text with all of its 18 decimals; a minus where it left."""
    whole, rest = divmod(amount_wei, WEI_PER_NVY)
    return f"{'-' if is_out else ''}{whole}.{rest:018d}"


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


class Statement:
    """The movements of one account.

    Args:
        database: the index.
        account: a checksummed address.
    """

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def csv(self) -> Iterator[str]:
        """Yield the file in pieces, its header first.

        Raises:
            RpcError: the chain was reorganised meanwhile; what was sent is not to be used.
        """
        yield _lines([HEADER])
        for rows in self._pieces():
            yield _lines([self._line(row) for row in rows])

    def _pieces(self) -> Iterator[Sequence[RowMapping]]:
        key = tuple_(MOVEMENT.c.born, MOVEMENT.c.pocket)
        wanted = (
            select(MOVEMENT, *_SHOWN)
            .join(EVENT, EVENT.c.born == MOVEMENT.c.born)
            .join(JOB, JOB.c.job_id == EVENT.c.subject, isouter=True)
            .join(CHANNEL, CHANNEL.c.channel_id == EVENT.c.subject, isouter=True)
            .where(MOVEMENT.c.account == self._account)
            .order_by(MOVEMENT.c.born, MOVEMENT.c.pocket)
            .limit(_PIECE_ROWS)
        )
        after, newest = (-1, ""), None
        while True:
            with self._database.reader.connect() as connection:
                reorganised = connection.scalar(select(func.max(REORG.c.number))) or 0
                rows = connection.execute(wanted.where(key > after)).mappings().all()
            newest = reorganised if newest is None else newest
            if reorganised != newest:
                raise RpcError("The chain was reorganised while the file was made; ask again.")
            yield rows
            if len(rows) < _PIECE_ROWS:
                return
            after = (rows[-1]["born"], rows[-1]["pocket"])

    def _line(self, row: RowMapping) -> tuple[str, ...]:
        data = json.loads(row["data"])
        sides = [data.get(name) for name in _OTHERS] + [
            row[name] for name in ("payer", "client", "provider")
        ]
        others = (side for side in sides if isinstance(side, str) and side != self._account)
        values = (
            datetime.fromtimestamp(row["time_s"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            row["name"],
            row["pocket"],
            exact_nvy(row["amount_wei"], is_out=row["is_out"]),
            next(filter(None, others), ""),
            next((data[name] for name in _ABOUT if name in data), ""),
            row["tx_hash"],
            row["block_number"],
            row["log_index"],
        )
        return tuple(cell(value) for value in values)


def _lines(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
