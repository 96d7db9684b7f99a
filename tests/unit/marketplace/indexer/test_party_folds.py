"""Rows of providers, rewards and votes add up what their events say."""

from __future__ import annotations

from tests.unit.marketplace.market_events import Maker, address, index_blocks, shown

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.party_folds import clean
from neurovoyance.marketplace.indexer.schema import PARAMETER, PROPOSAL, PROVIDER, REWARD, VESTING
from neurovoyance.marketplace.indexer.store import IndexStore

WHO = address(7)


def test_everything_of_a_party_is_in_its_rows(store: IndexStore, database: Database) -> None:
    maker = Maker("a", 1)
    for kind, *values in (
        (on_chain.ProviderRegistered, WHO, address(1)),
        (on_chain.OperatorChanged, WHO, address(2)),
        (on_chain.EndpointChanged, WHO, "http://a\0b"),
        (on_chain.CommissionChanged, WHO, 900, 0),
        (on_chain.VestingDeposited, WHO, 100, 26),
        (on_chain.VestingDeposited, WHO, 50, 26),
        (on_chain.Released, WHO, 30),
        (on_chain.ExitExecuted, WHO, 10, 2, 1, 0, 1),
        (on_chain.IncomeCredited, WHO, 4),
        (on_chain.FeesSplit, WHO, 3, 100, 4, 5, 3, 2, 6, 80),
        (on_chain.EmissionClaimed, WHO, 3, 20, 10, 0, 25, 5),
        (on_chain.ProposalCreated, 5, WHO, (), (), (), (), 10, 20, "# Burn less"),
        (on_chain.VoteCast, WHO, 5, 1, 60, "yes"),
        (on_chain.VoteCast, address(8), 5, 0, 40, ""),
        (on_chain.ProposalExtended, 5, 30),
        (on_chain.ProposalQueued, 5, 40),
        (on_chain.ProposalExecuted, 5),
        (on_chain.ParameterSet, b"burnBps".ljust(32, b"\0"), 400, 450, 9),
    ):
        maker.add(kind, *values)  # type: ignore[arg-type]
    index_blocks(store, [maker.made], "a", 1)
    reading = Reading(database)
    provider = shown(reading, PROVIDER, WHO)
    assert (provider["operator"], provider["endpoint"]) == (address(2), "http://ab")
    vesting = shown(reading, VESTING, WHO)
    assert (vesting["deposited_wei"], vesting["released_wei"], vesting["exited_wei"]) == (
        "150", "30", "10",
    )  # fmt: skip
    reward = shown(reading, REWARD, f"{WHO}:3")
    assert (reward["fees_wei"], reward["work_wei"], reward["emission_vested_wei"]) == (
        "100", "20", "5",
    )  # fmt: skip
    proposal = shown(reading, PROPOSAL, "5")
    assert (proposal["for_wei"], proposal["against_wei"]) == ("60", "40")
    assert (proposal["vote_end_s"], proposal["eta_s"], proposal["ended_in"]) == (
        30, 40, "executed",
    )  # fmt: skip
    assert shown(reading, PARAMETER, "burnBps")["value"] == "450"


def test_no_nul_reaches_a_column() -> None:
    assert clean("a\0b\0") == "ab"
