"""The index in its database: one transaction a batch, position and events together.

Place: under ``loop``, which reads the chain; what ``EventCursor`` asks for its position. A crash
between any two steps leaves the batch before or the batch after, never a part. Every table of the
index can be dropped and made again from the chain.

Never: a position that moved without its events, or a table of the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, insert, select, text

from neurovoyance.chain.checkpoints import KEPT, Checkpoint
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import Batch
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.folding import BlockTime, Folding
from neurovoyance.marketplace.indexer.rows import Rows, undo_to
from neurovoyance.marketplace.indexer.schema import (
    CHECKPOINT,
    ENTITIES,
    FORMER,
    GROWING,
    METADATA,
    ORIGIN,
    REORG,
    UNDO,
    VERSION,
)
from neurovoyance.protocol.errors import ConfigError, InternalError
from neurovoyance.protocol.ids import keccak256

_LOCK = int.from_bytes(keccak256(b"neurovoyance indexer")[:7], "big")


class IndexStore:
    """The tables of one deployment's index.

    Args:
        database: where they are; they are made if they are not there.
        deployment: the contracts whose events it holds.

    Raises:
        ConfigError: the database holds another chain's, or another version's index.
    """

    def __init__(self, database: Database, deployment: Deployment) -> None:
        self._database = database
        self._deployment = deployment
        self._rows = Rows()
        self._folding = Folding(self._rows, deployment)
        self._last: Checkpoint | None = None
        with database.writer.begin() as connection:
            database.make_tables(connection, METADATA)
            self._claim(connection)

    def _claim(self, connection: Connection) -> None:
        addresses = " ".join(sorted(self._deployment.contract_addresses()))
        origin = {
            "chain": f"{self._deployment.chain_id} {self._deployment.genesis_hash}",
            "contracts": addresses,
            "version": str(VERSION),
        }
        found = {row.name: row.value for row in connection.execute(select(ORIGIN))}
        if not found:
            rows = [{"name": name, "value": value} for name, value in origin.items()]
            connection.execute(insert(ORIGIN), rows)
        elif found != origin:
            different = sorted(name for name in origin if found.get(name) != origin[name])
            raise ConfigError(
                f"The index in {self._database.shown} is of another {' and '.join(different)}.",
                hint="Name another database, or empty this one: neurovoyance market reindex.",
                faults=different,
            )

    # --- positions, as EventCursor wants them ---

    def position(self) -> Checkpoint | None:
        """Return the newest position, or None when nothing was indexed yet."""
        kept = self.newest_first(limit=1)
        return kept[0] if kept else None

    def newest_first(
        self, at_most: int | None = None, *, limit: int | None = None
    ) -> list[Checkpoint]:
        """Return the kept positions, newest first, up to a block number if one is given."""
        with self._database.reader.connect() as connection:
            return _positions(connection, at_most, limit)

    def advance(self, to: Checkpoint | None, *, rolled_back_to: int | None) -> None:  # noqa: ARG002
        """Refuse: a position moves with its events alone, in :meth:`apply`."""
        raise InternalError("The position of an index moves with its events.")

    def close(self) -> None:
        """Nothing: the database belongs to whoever opened it."""

    # --- batches ---

    def apply(self, batch: Batch, blocks: Mapping[int, BlockTime]) -> int:
        """Take in a batch and move the position; return the number of events.

        Args:
            batch: what follows the position.
            blocks: hash and time of every block that holds one of its events.

        Raises:
            InternalError: the batch does not follow the position; nothing changed.
        """
        try:
            with self._database.writer.begin() as connection:
                return self._apply(connection, batch, blocks)
        except BaseException:
            # Whatever ended it, also a cancellation or a signal: the transaction is undone, so what
            # the folds hold in memory is not what the database holds. Nothing is swallowed.
            self._folding.forget()
            raise

    def _apply(self, connection: Connection, batch: Batch, blocks: Mapping[int, BlockTime]) -> int:
        if not self._database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        kept = _positions(connection, None, 1)
        start = Checkpoint(self._deployment.deploy_block - 1, "")
        if (kept[0] if kept else start) != batch.base:
            raise InternalError("The batch does not follow the index's position; read again.")
        if not batch.moves:
            return 0
        if batch.base != self._last:
            self._folding.forget()  # another process wrote: what is in memory may be old
        if batch.rollback is not None:
            self._roll_back(connection, batch.rollback.to_block)
        self._rows.begin(connection)
        events = [item for item in batch.items if isinstance(item, ChainEvent)]
        count = self._folding.apply(events, blocks)
        self._rows.flush(batch.to_block)
        self._last = Checkpoint(batch.to_block, batch.to_hash)
        if batch.to_hash:
            self._move(connection, self._last)
        return count

    def _roll_back(self, connection: Connection, to_block: int) -> None:
        self._folding.forget()
        if to_block < self._deployment.deploy_block:
            _empty(connection)
        else:
            undo_to(connection, to_block)
            connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.block_number > to_block))
        connection.execute(insert(REORG), {"to_block": to_block})

    @staticmethod
    def _move(connection: Connection, to: Checkpoint) -> None:
        number = CHECKPOINT.c.block_number
        connection.execute(delete(CHECKPOINT).where(number == to.block_number))
        connection.execute(insert(CHECKPOINT), to._asdict())
        oldest = connection.scalar(select(number).order_by(number.desc()).offset(KEPT - 1).limit(1))
        if oldest is not None:
            connection.execute(delete(CHECKPOINT).where(number < oldest))
            connection.execute(delete(UNDO).where(UNDO.c.at_block <= oldest))

    def clear(self) -> None:
        """Empty the index, to be made again from the first block."""
        self._folding.forget()
        with self._database.writer.begin() as connection:
            _empty(connection)
            newest = connection.scalar(select(func.max(REORG.c.number)))
            connection.execute(insert(REORG), {"to_block": self._deployment.deploy_block - 1})
            if newest is not None:
                connection.execute(delete(REORG).where(REORG.c.number <= newest))


def drop_index(database: Database) -> None:
    """Remove every table of an index, also of another chain or version."""
    with database.writer.begin() as connection:
        METADATA.drop_all(connection)
        for name in FORMER:
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def _empty(connection: Connection) -> None:
    for table in (*GROWING, *ENTITIES, UNDO, CHECKPOINT):
        connection.execute(delete(table))


def _positions(connection: Connection, at_most: int | None, limit: int | None) -> list[Checkpoint]:
    wanted = select(CHECKPOINT).order_by(CHECKPOINT.c.block_number.desc()).limit(limit)
    if at_most is not None:
        wanted = wanted.where(CHECKPOINT.c.block_number <= at_most)
    return [Checkpoint(*row) for row in connection.execute(wanted)]
