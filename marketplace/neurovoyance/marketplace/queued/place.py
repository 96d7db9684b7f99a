"""The name of a database, by which a service and its workers meet in Redis.

Place: read by both sides. It is made once and lies in the database itself, so two markets behind
one Redis never do each other's work, and there is no name that somebody could mistype.
"""

from __future__ import annotations

import secrets

from sqlalchemy import insert, select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.service_tables import PLACE, SERVICE


def place_of(database: Database) -> str:
    """Return the database's name, 16 hexadecimal digits, made when first asked for; blocking."""
    with database.writer.begin() as connection:
        database.make_tables(connection, SERVICE)
        found = connection.scalar(select(PLACE.c.name))
        if found is None:
            found = secrets.token_hex(8)
            connection.execute(insert(PLACE), {"number": 1, "name": found})
        return str(found)
