"""The demo's audit of itself: contracts against books kept from events, and the cheat's fate.

Place: under :mod:`.demo_run`. Never: a claim of the report that is not checked here or there.
"""

from __future__ import annotations

import secrets

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.events import ChainEvent, EventCursor
from neurovoyance.cli.demo_audits import CheatStory
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.client.client import AsyncClient
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import format_nvy
from neurovoyance.tokenomics.books import Books


async def book_faults(network: LocalNetwork, client: AsyncClient) -> list[str]:
    """Compare what the contracts hold with what the events say they owe, to the wei."""
    session, deployment = client.session, client.session.deployment
    books = await _books(network, client)
    books.check()
    token = session.contracts.token
    faults = []
    for name, address, owed_wei in (
        ("market", deployment.market, books.market_wei),
        ("stake manager", deployment.stake_manager, books.stake_manager_wei),
        *await _vault(session.contracts),
    ):
        held_wei = await token.balance_of_wei(address)
        if held_wei != owed_wei:
            faults.append(
                f"The {name} holds {format_nvy(held_wei)} NVY and owes {format_nvy(owed_wei)}."
            )
    whole_wei = await token.total_supply_wei() + books.burned_wei
    if whole_wei != await token.cap_wei():
        faults.append("What exists and what was burned are not what there was.")
    unpaid = [job for job in books.jobs.values() if job.escrow_wei]
    if unpaid:
        faults.append(f"{len(unpaid)} jobs still hold money in escrow.")
    return faults


async def _vault(contracts: Contracts) -> list[tuple[str, str, int]]:
    """Return what the vault owes by its own totals; its balance has to be the same."""
    if not contracts.has_economy:
        return []
    vault = contracts.vault
    owed_wei = await vault.total_held_wei() + await vault.undistributed_wei()
    return [("vault", vault.address, owed_wei)]


async def _books(network: LocalNetwork, client: AsyncClient) -> Books:
    deployment = client.session.deployment
    cursor = EventCursor(
        client.session.chain,
        deployment.contract_addresses(),
        "demo",
        # Every audit reads the chain from its beginning.
        state_path=network.folder / f"books-{secrets.token_hex(4)}.sqlite",
        start_block=deployment.deploy_block,
    )
    books = Books(audit_court=deployment.audit_court)
    if deployment.has_economy:
        books.fee_router = deployment.fee_router
    try:
        while True:
            batch = await cursor.read()
            for item in batch.items:
                if isinstance(item, ChainEvent):
                    books.apply(item.solidity_name, item)
            if not batch.moves:
                return books
            await cursor.commit(batch)
    finally:
        cursor.close()


def cheat_faults(story: CheatStory) -> list[str]:
    """Return what did not go as it has to with the node that cheats."""
    if not story.facts:
        return [f"{story.name} was not hired, so it could not be caught."]
    faults = []
    if story.facts["state"] != JobState.REJECTED.label:
        faults.append(f"{story.name} was not caught: its job is {story.facts['state']}.")
    if not story.distances or any(float(one) <= 1 for one in story.distances):
        faults.append(f"{story.name}'s result was not told from an honest one.")
    if not story.slashed_wei:
        faults.append(f"{story.name} lost nothing.")
    return faults
