"""How fast events enter the index, beside plain ``executemany`` of the rows that result.

Run: ``PYTHONPATH=. python tests/bench/bench_indexer.py``. Prints events per second by the
clock, and the ratio of processor times, which other work on the machine does not change.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from tests.unit.marketplace.market_events import DEPLOYMENT, busy_market, contents, index_blocks

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore

JOBS = 10_000


def plain_s(path: Path, tables: dict[str, list[tuple[object, ...]]], source: Path) -> float:
    """Insert the same rows with the driver alone, one executemany a table."""
    with sqlite3.connect(source) as original:
        schema = [
            row[0]
            for row in original.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            if not row[0].startswith("CREATE TABLE sqlite_")
        ]
        rows = {name: original.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608
    with sqlite3.connect(path) as copy:
        copy.execute("PRAGMA journal_mode = WAL")
        copy.execute("PRAGMA synchronous = NORMAL")
        for statement in schema:
            copy.execute(statement)
        begin = time.process_time()
        for name, listed in rows.items():
            if listed:
                marks = ",".join("?" * len(listed[0]))
                copy.executemany(f"INSERT INTO {name} VALUES ({marks})", listed)  # noqa: S608
        copy.commit()
        return time.process_time() - begin


def main() -> None:
    """Print the figures."""
    blocks = busy_market(JOBS)
    events = sum(len(block) for block in blocks)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'index.sqlite'}")
        store = IndexStore(database, DEPLOYMENT)
        begin, cpu_begin = time.perf_counter(), time.process_time()
        index_blocks(store, blocks, "a", 100)
        took_s, cpu_s = time.perf_counter() - begin, time.process_time() - cpu_begin
        tables = contents(database)
        database.close()
        rows = sum(len(listed) for listed in tables.values())
        bare_s = plain_s(folder / "plain.sqlite", dict(tables), folder / "index.sqlite")
    sys.stdout.write(
        f"events {events}, rows {rows}\n"
        f"indexed {events / took_s:,.0f} events/s by the clock\n"
        f"indexed {events / cpu_s:,.0f} events/s and {rows / cpu_s:,.0f} rows/s of processor time\n"
        f"plain   {rows / bare_s:,.0f} rows/s of processor time; ratio {cpu_s / bare_s:.1f}\n"
    )


if __name__ == "__main__":
    main()
