"""Making the index again leaves sign-ins and offers."""

from __future__ import annotations

from tests.unit.marketplace.market_events import address

from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import METADATA
from neurovoyance.marketplace.indexer.store import IndexStore, drop_index
from neurovoyance.marketplace.service_tables import SERVICE


def test_a_key_outlives_the_index(
    database: Database, store: IndexStore, accounts: Accounts
) -> None:
    _, secret, _ = accounts.make_key(address(1), "bot")
    drop_index(database)
    assert accounts.caller(secret).address == address(1)
    assert set(METADATA.tables).isdisjoint(SERVICE.tables)
