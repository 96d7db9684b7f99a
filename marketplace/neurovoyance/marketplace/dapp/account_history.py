"""What the index knows of one account beyond its balance: its events, and whom it stands behind.

Place: queries behind ``account_routes``. An event is an account's when it is its subject, when it
is of a job that the account posted or took or of a channel that it opened, when it moved money of
the account, or when it is of a delegation of the account. Never: a scan of all events; every
condition goes by an index.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from neurovoyance.marketplace.api.reading import as_json, decode_cursor, encode_cursor
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import BOOK, CHANNEL, EVENT, JOB, MOVEMENT

_POOL = "pool:"
_POOL_END = "pool;"  # the next character: all keys between begin with `pool:`
_OF_DELEGATORS = (
    "Delegated", "UndelegationRequested", "UndelegationWithdrawn", "RewardTaken",
    "DelegatedEmissionClaimed",
)  # fmt: skip


class AccountHistory:
    """Queries about single accounts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delegations(self, account: str) -> list[str]:
        """Return the providers that an account has or had tokens behind, in order of address."""
        pools = select(BOOK.c.entry, BOOK.c.value).where(
            BOOK.c.entry >= _POOL, BOOK.c.entry < _POOL_END, BOOK.c.value.contains(account)
        )
        with self._database.reader.connect() as connection:
            found = connection.execute(pools).all()
        return sorted(
            entry.removeprefix(_POOL)
            for entry, value in found
            if account in json.loads(value)["delegations"]
        )

    def events(self, account: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """Return a page of an account's events, newest first.

        Each has client and provider of the job that it is about, or null.

        Args:
            account: a checksummed address.
            cursor: ``next`` of the page before.
            limit: most rows of a page.

        Raises:
            SpecError: the cursor is not one of ours.
        """
        wanted = (
            select(EVENT, JOB.c.client, JOB.c.provider)
            .join(JOB, JOB.c.job_id == EVENT.c.subject, isouter=True)
            .where(self._concerns(account))
            .order_by(EVENT.c.born.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            wanted = wanted.where(EVENT.c.born < decode_cursor(cursor)[0])
        with self._database.reader.connect() as connection:
            rows = [dict(row) for row in connection.execute(wanted).mappings()]
        born = int(rows[limit - 1]["born"]) if len(rows) > limit else None
        return {
            "items": [as_json(EVENT, row) for row in rows[:limit]],
            "next": None if born is None else encode_cursor(born, str(born)),
        }

    def _concerns(self, account: str) -> ColumnElement[bool]:
        jobs = select(JOB.c.job_id).where(or_(JOB.c.client == account, JOB.c.provider == account))
        conditions = [
            EVENT.c.subject == account,
            EVENT.c.subject.in_(jobs),
            EVENT.c.subject.in_(select(CHANNEL.c.channel_id).where(CHANNEL.c.client == account)),
            EVENT.c.born.in_(select(MOVEMENT.c.born).where(MOVEMENT.c.account == account)),
        ]
        if providers := self.delegations(account):
            conditions.append(
                and_(
                    EVENT.c.subject.in_(providers),
                    EVENT.c.name.in_(_OF_DELEGATORS),
                    EVENT.c.data.contains(f'"delegator":"{account}"'),
                )
            )
        return or_(*conditions)
