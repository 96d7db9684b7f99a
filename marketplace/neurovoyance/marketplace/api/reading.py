"""Pages of the index: filtered, newest first, continued by an opaque cursor.

Place: between routes and tables. A page is ordered by where its rows were born in the chain, which
never changes, so a page that follows neither repeats nor skips a row.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, or_, select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import BooksUnavailable, MarketNotFound
from neurovoyance.marketplace.indexer.money import TOTALS
from neurovoyance.marketplace.indexer.schema import BOOK, PRICE, Amount
from neurovoyance.protocol.errors import SpecError

PAGE_MAX = 200
_RECENT = 500
_INT64_MAX = 2**63 - 1


def as_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with amounts as decimal text, which no browser rounds."""
    amounts = {column.name for column in table.columns if isinstance(column.type, Amount)}
    # The driver's names are strings with hooks of their own, which cost a third of an answer's time
    # when they are written as JSON.
    shown = {str(name): str(v) if name in amounts else v for name, v in row.items()}
    for name, given in (("spec_json", "spec"), ("data", "data")):
        if name in shown:
            shown[given] = json.loads(shown.pop(name) or "null")
    return shown


def encode_cursor(born: int, key: str) -> str:
    """Return the cursor of the row a page ended with."""
    return base64.urlsafe_b64encode(json.dumps([born, key]).encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[int, str]:
    """Return the row that a cursor stands for; SpecError when it is none of ours."""
    try:
        born, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if type(born) is int and 0 <= born <= _INT64_MAX and isinstance(key, str):
            key.encode()
            return born, key.replace("\0", "")
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise SpecError(
        "The cursor is not one that this service gave out.",
        hint="Start without a cursor, then send back `next` as it is.",
    )


class Reading:
    """Queries of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def page(
        self, table: Table, filters: Mapping[str, Any], cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """Return ``{items, next}``: rows that fit the filters that are not None.

        Raises:
            SpecError: the cursor is not ours.
        """
        key = next(iter(table.primary_key.columns))
        wanted = select(table).order_by(table.c.born.desc(), key.desc()).limit(limit + 1)
        for name, value in filters.items():
            if value is not None:
                wanted = wanted.where(table.c[name] == value)
        if cursor is not None:
            born, after = decode_cursor(cursor)
            older = table.c.born < born
            if key.name != "born":
                older = or_(older, and_(table.c.born == born, key < after))
            wanted = wanted.where(older)
        with self.database.reader.connect() as connection:
            rows = [dict(row) for row in connection.execute(wanted).mappings()]
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return {
            "items": [as_json(table, row) for row in rows[:limit]],
            "next": encode_cursor(last["born"], str(last[key.name])) if last else None,
        }

    def one(self, table: Table, key: str) -> dict[str, Any]:
        """Return one row; MarketNotFound when the index has none."""
        column = next(iter(table.primary_key.columns))
        with self.database.reader.connect() as connection:
            row = connection.execute(select(table).where(column == key)).mappings().one_or_none()
        if row is None:
            raise MarketNotFound(f"The index has no {table.name} {key[:80]}.")
        return as_json(table, dict(row))

    def totals(self) -> dict[str, Any]:
        """Return what was burned and insured; BooksUnavailable when the books do not balance."""
        with self.database.reader.connect() as connection:
            text = connection.scalar(select(BOOK.c.value).where(BOOK.c.entry == TOTALS))
        totals = json.loads(text or '{"fault": "", "burned_wei": 0, "insurance_wei": 0}')
        if totals["fault"]:
            raise BooksUnavailable("The books stopped balancing.", event=totals["fault"])
        return {name: str(totals[name]) for name in ("burned_wei", "insurance_wei")}

    def price_summary(self, model_id: str) -> dict[str, Any]:
        """Return lowest, median and highest of a model's recent agreed prices, per job."""
        wanted = (
            select(PRICE.c.price_wei)
            .where(PRICE.c.model_id == model_id)
            .order_by(PRICE.c.born.desc())
            .limit(_RECENT)
        )
        with self.database.reader.connect() as connection:
            prices = sorted(int(value) for value in connection.scalars(wanted))
        if not prices:
            raise MarketNotFound(f"Nobody has paid for model {model_id[:80]} yet.")
        middle = prices[(len(prices) - 1) // 2]
        return {
            "model_id": model_id,
            "jobs": len(prices),
            "lowest_wei": str(prices[0]),
            "median_wei": str(middle),
            "highest_wei": str(prices[-1]),
        }
