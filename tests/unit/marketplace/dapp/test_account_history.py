"""An account's events are all of its own, its jobs' and its delegations', and nobody else's."""

from __future__ import annotations

import pytest
from tests.unit.marketplace.market_events import Maker, address, index_blocks, start, take

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.dapp.account_history import AccountHistory
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import SpecError

CLIENT, PROVIDER, DELEGATOR, OTHER = address(100), address(200), address(500), address(501)


@pytest.fixture
def history(store: IndexStore, database: Database) -> AccountHistory:
    first, second = Maker("a", 1), Maker("a", 2)
    start(first, 0)
    start(first, 1)
    take(first, 0, 0)
    take(first, 1, 1)
    second.add(on_chain.Delegated, PROVIDER, DELEGATOR, 10**18, 10**18)
    second.add(on_chain.Delegated, PROVIDER, OTHER, 10**18, 10**18)
    index_blocks(store, [first.made, second.made], "a", 2)
    return AccountHistory(database)


def _names(history: AccountHistory, account: str) -> list[str]:
    return [row["name"] for row in history.events(account, None, 50)["items"]]


def test_jobs_belong_to_both_their_sides_and_to_no_third(history: AccountHistory) -> None:
    of_client, of_provider = _names(history, CLIENT), _names(history, PROVIDER)
    assert of_client == ["JobAssigned", "StakeLocked", "JobPosted", "Deposited"]
    assert {"JobAssigned", "Staked", "ProviderRegistered"} <= set(of_provider)
    assert of_provider.count("JobAssigned") == 1
    newest, *_, oldest = history.events(CLIENT, None, 50)["items"]
    assert (newest["client"], newest["provider"]) == (CLIENT, PROVIDER)
    assert (oldest["name"], oldest["client"]) == ("Deposited", None)


def test_a_delegator_sees_its_own_delegation_alone(history: AccountHistory) -> None:
    assert history.delegations(DELEGATOR) == [PROVIDER]
    assert history.delegations(CLIENT) == []
    items = history.events(DELEGATOR, None, 50)["items"]
    assert [(row["name"], row["data"]["delegator"]) for row in items] == [("Delegated", DELEGATOR)]
    assert items[0]["time_s"] == 1_000_024


def test_pages_neither_repeat_nor_skip(history: AccountHistory) -> None:
    whole = [row["born"] for row in history.events(CLIENT, None, 50)["items"]]
    first = history.events(CLIENT, None, 3)
    second = history.events(CLIENT, first["next"], 3)
    assert [row["born"] for row in first["items"] + second["items"]] == whole
    assert second["next"] is None
    with pytest.raises(SpecError):
        history.events(CLIENT, "abc", 3)
