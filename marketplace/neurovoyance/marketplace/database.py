"""The service's database: SQLite in a file, or PostgreSQL by address.

Place: the only place that makes engines. Readers and the one writer have engines of their own, so
that on SQLite a reader never waits for the writer, and the writer takes its lock when it begins.

Never: a password in a message.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import keccak256

_BUSY_S = 30.0
_MAKING = int.from_bytes(keccak256(b"neurovoyance tables")[:7], "big")
_HINT = "Give sqlite:///FILE or postgresql://USER@HOST/NAME."


class Database:
    """Engines to read and to write one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://...``; the extra ``[postgres]`` brings the driver.

    Raises:
        ConfigError: the address is malformed, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ConfigError("The database's address cannot be read.", hint=_HINT) from error
        kind = parsed.get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise ConfigError(f"A database of the kind {kind} is not supported.", hint=_HINT)
        self.is_sqlite = kind == "sqlite"
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise ConfigError("The SQLite database needs a file.", hint=_HINT)
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        elif parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.shown = parsed.render_as_string(hide_password=True)
        try:
            self.writer = self._engine(parsed, writes=True)
            self.reader = self._engine(parsed, writes=False)
        except ModuleNotFoundError as error:
            raise ConfigError(
                "The driver for PostgreSQL is not installed.",
                hint="Install it with: pip install 'neurovoyance[postgres]'",
            ) from error

    def _engine(self, url: Any, *, writes: bool) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                url, pool_pre_ping=True, hide_parameters=True, pool_size=4 if writes else 16
            )
        arguments = {"timeout": _BUSY_S, "check_same_thread": False}
        engine = create_engine(
            url, connect_args=arguments, hide_parameters=True, pool_size=4 if writes else 16
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, _: object) -> None:
            # SQLAlchemy says when a transaction begins; the driver's own guesses are switched off.
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
            if not writes:
                connection.execute("PRAGMA query_only = ON")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def check(self) -> None:
        """Raise ConfigError unless the database answers."""
        try:
            with self.writer.connect():
                pass
        except SQLAlchemyError as error:
            raise ConfigError(
                f"The database {self.shown} cannot be opened: {type(error).__name__}.",
                hint="Check that it runs, that the folder is writable, and the name and user.",
            ) from error

    def make_tables(self, connection: Connection, tables: MetaData) -> None:
        """Make the tables that are not there, in a transaction of the writer.

        Several processes may start at once, and PostgreSQL does not itself keep two of them from
        making one table: the others wait for the end of the transaction.
        """
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
        tables.create_all(connection)

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()
