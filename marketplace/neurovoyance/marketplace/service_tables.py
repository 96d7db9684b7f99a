"""Tables that the service alone knows: sign-ins, keys, repeated requests, offers, its own name.

Place: beside the index in one database, but never part of it: making the index again leaves them.
Secrets are kept as SHA-256 of 256 random bits, so reading the database signs nobody in.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from neurovoyance.marketplace.indexer.schema import Amount

SERVICE: Final = MetaData()

NONCE: Final = Table(
    "nonce",
    SERVICE,
    Column("nonce", String(64), primary_key=True),
    Column("expires_at_s", BigInteger, nullable=False, index=True),
)
CREDENTIAL: Final = Table(
    "credential",
    SERVICE,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("key_id", String(32), nullable=False, unique=True),
    Column("address", String(42), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("made_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False, index=True),
)
REPEATED: Final = Table(
    "repeated",
    SERVICE,
    Column("place", String(64), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False, index=True),
)
PLACE: Final = Table(
    "place",
    SERVICE,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(16), nullable=False),
)
"""One row: a name of this database, by which its service and its workers find each other."""
OFFER: Final = Table(
    "offer",
    SERVICE,
    Column("number", Integer, primary_key=True),
    Column("offer_id", String(66), nullable=False, unique=True),
    Column("provider", String(42), nullable=False, index=True),
    Column("client", String(42), nullable=False),
    Column("spec_hash", String(66), nullable=False),
    Column("price_wei", Amount, nullable=False),
    Column("lock_wei", Amount, nullable=False),
    Column("valid_until_s", BigInteger, nullable=False, index=True),
    Column("nonce", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Index("offer_of_spec", "spec_hash", "price_wei"),
)
