"""Pages of the index: filtered, newest first, continued by an opaque cursor.

Place: between routes and tables. A page is ordered by where its rows were born in the chain, which
never changes, so a page that follows neither repeats nor skips a row. Rows go from the database to
JSON once: statements are made once for each kind of question, amounts stay the decimal text that
they are in the database, and documents that are JSON already are put in as they are.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, ParamSpec, TypeVar

from pydantic_core import to_json
from sqlalchemy import Column, Select, String, Table, and_, bindparam, or_, select, type_coerce

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import BooksUnavailable, MarketNotFound
from neurovoyance.marketplace.indexer.money import TOTALS
from neurovoyance.marketplace.indexer.schema import (
    BALANCE,
    BOOK,
    CHANNEL,
    JOB,
    PRICE,
    PROVIDER,
    SIDE,
    Amount,
)
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.lifecycle import JobState

PAGE_MAX = 200
READERS = 8
"""Questions that are looked up at once; others wait for a thread."""
_RECENT = 500
_NAMES_AT_ONCE = 500
_INT64_MAX = 2**63 - 1
_DOCUMENTS = {"spec_json": "spec", "data": "data"}
_LABELS: dict[str, dict[str, dict[int, str]]] = {
    JOB.name: {"state": {int(state): state.label for state in JobState}}
}
_BESIDE: dict[str, tuple[Column[Any], tuple[Column[Any], ...]]] = {
    SIDE.name: (CHANNEL.c.channel_id, (CHANNEL.c.window_s, CHANNEL.c.closes_at_s))
}
"""What the rows of a table are shown with: the key of another table, which they name alike, and
columns of it."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


@cache
def _amounts(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if isinstance(column.type, Amount))


def as_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with amounts as decimal text, which no browser rounds."""
    amounts = _amounts(table)
    # The driver's names are strings with hooks of their own, which cost a third of an answer's time
    # when they are written as JSON.
    shown = {str(name): str(v) if name in amounts else v for name, v in row.items()}
    for name, given in _DOCUMENTS.items():
        if name in shown:
            shown[given] = json.loads(shown.pop(name) or "null")
    return shown


def written(table: Table, row: Sequence[Any]) -> bytes:
    """Return a row as a JSON object.

    Args:
        table: whose row it is.
        row: the values of all columns in the table's order, amounts as the database's text.
    """
    values = dict(zip(_names(table), row, strict=True))
    for name in _amounts(table):
        values[name] = values[name].lstrip("0") or "0"
    for name, labels in _LABELS.get(table.name, {}).items():
        values[name] = labels[values[name]]
    documents = {given: values.pop(name) for name, given in _DOCUMENTS.items() if name in values}
    whole = to_json(values)
    for given, text in documents.items():
        whole = whole[:-1] + f',"{given}":{text or "null"}}}'.encode()
    return whole


@cache
def _names(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in _shown_of(table))


def _shown_of(table: Table) -> list[Column[Any]]:
    _, beside = _BESIDE.get(table.name, (None, ()))
    return [*table.columns, *beside]


def _all_of(table: Table) -> list[Any]:
    return [
        type_coerce(column, String) if isinstance(column.type, Amount) else column
        for column in _shown_of(table)
    ]


def _key_of(table: Table) -> Column[Any]:
    return next(iter(table.primary_key.columns))


@cache
def _page_of(table: Table, filters: tuple[str, ...], is_continued: bool) -> Select[Any]:
    key = _key_of(table)
    wanted = _looked_up(table).order_by(table.c.born.desc(), key.desc())
    for name in filters:
        wanted = wanted.where(table.c[name] == bindparam(f"is_{name}"))
    if is_continued:
        born = bindparam("after_born", type_=table.c.born.type)
        older = table.c.born < born
        if key.name != "born":
            after = bindparam("after_key", type_=key.type)
            older = or_(older, and_(table.c.born == born, key < after))
        wanted = wanted.where(older)
    return wanted.limit(bindparam("at_most"))


@cache
def _one_of(table: Table) -> Select[Any]:
    return _looked_up(table).where(_key_of(table) == bindparam("key"))


def _looked_up(table: Table) -> Select[Any]:
    wanted = select(*_all_of(table))
    if table.name in _BESIDE:
        other, _ = _BESIDE[table.name]
        wanted = wanted.join(other.table, other == table.c[other.name])
    return wanted


def _nothing_of(table: Table, party: str) -> list[Any]:
    """Return the row of a party that no event has named."""
    known = {_key_of(table).name: party} | dict.fromkeys(_amounts(table), "0")
    return [known.get(name, 0) for name in _names(table)]


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
    """Queries of one database. Methods block; :meth:`aside` keeps that from the event loop."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._threads = ThreadPoolExecutor(READERS, "reading")

    async def aside(self, look: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what a blocking look finds, without blocking: few threads, so few wait in turn."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: look(*args, **kwargs))

    def _rows(self, wanted: Select[Any], values: Mapping[str, Any]) -> Sequence[Any]:
        with self.database.reader.connect() as connection:
            return connection.execute(wanted, dict(values)).all()

    def page(
        self, table: Table, filters: Mapping[str, Any], cursor: str | None, limit: int
    ) -> bytes:
        """Return JSON ``{items, next}``: rows that fit the filters that are not None.

        Raises:
            SpecError: the cursor is not ours.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        values = {f"is_{name}": value for name, value in given.items()} | {"at_most": limit + 1}
        key = _key_of(table).name
        if cursor is not None:
            values["after_born"], after = decode_cursor(cursor)
            if key != "born":
                values["after_key"] = after
        rows = self._rows(_page_of(table, tuple(given), cursor is not None), values)
        following = "null"
        if len(rows) > limit:
            names, last = _names(table), rows[limit - 1]
            place = encode_cursor(last[names.index("born")], str(last[names.index(key)]))
            following = f'"{place}"'
        items = b",".join(written(table, row) for row in rows[:limit])
        return b'{"items":[' + items + f'],"next":{following}}}'.encode()

    def one(self, table: Table, key: str) -> bytes:
        """Return one row as JSON; MarketNotFound when the index has none."""
        rows = self._rows(_one_of(table), {"key": key})
        if not rows:
            raise MarketNotFound(f"The index has no {table.name} {key[:80]}.")
        return written(table, rows[0])

    def money(self, party: str) -> bytes:
        """Return where a party's money is, as JSON; BooksUnavailable as :meth:`totals`."""
        totals = to_json(self.totals())
        return self.amounts(BALANCE, party)[:-1] + b',"market":' + totals + b"}"

    def amounts(self, table: Table, party: str) -> bytes:
        """Return the row of a party as JSON; zeros, ``born`` at 0, when no event named it.

        Not "unknown": the index knows all events, and the contracts hold nothing for a stranger.
        """
        rows = self._rows(_one_of(table), {"key": party})
        return written(table, rows[0] if rows else _nothing_of(table, party))

    def providers(self, names: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return what the index counts of providers, by name; of all if none are named."""
        if names is None:
            return self._providers(select(PROVIDER))
        listed, found = sorted(names), dict[str, dict[str, Any]]()
        for start in range(0, len(listed), _NAMES_AT_ONCE):
            part = listed[start : start + _NAMES_AT_ONCE]
            found |= self._providers(select(PROVIDER).where(PROVIDER.c.provider.in_(part)))
        return found

    def _providers(self, wanted: Select[Any]) -> dict[str, dict[str, Any]]:
        names = _names(PROVIDER)
        return {row.provider: dict(zip(names, row, strict=True)) for row in self._rows(wanted, {})}

    def totals(self) -> dict[str, Any]:
        """Return what was burned and insured; BooksUnavailable when the books do not balance."""
        with self.database.reader.connect() as connection:
            text = connection.scalar(select(BOOK.c.value).where(BOOK.c.entry == TOTALS))
        totals = json.loads(text or '{"fault": "", "burned_wei": 0, "insurance_wei": 0}')
        if totals["fault"]:
            raise BooksUnavailable("The books stopped balancing.", event=totals["fault"])
        return {name: str(totals[name]) for name in ("burned_wei", "insurance_wei")}

    def price_summary(self, model_id: str) -> bytes:
        """Return lowest, median and highest of a model's recent agreed prices, per job, as JSON."""
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
        return to_json(
            {
                "model_id": model_id,
                "jobs": len(prices),
                "lowest_wei": str(prices[0]),
                "median_wei": str(middle),
                "highest_wei": str(prices[-1]),
            }
        )
