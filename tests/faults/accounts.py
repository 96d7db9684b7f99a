"""What has to hold after every fault: the books balance, and everybody can leave with their own."""

from __future__ import annotations

import os

from tests.ledgers import explained
from tests.worlds import World

from neurovoyance.chain.events import ChainEvent, EventCursor
from neurovoyance.chain.reverts import JobMarketNothingEarned, JobMarketWrongState
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState, effective_state
from neurovoyance.tokenomics.books import Books

CAP_WEI = 10**27
OWNER, CLIENT = 1, 3
READS = 5
"""A node may move money between the reading of events and of balances; then both are read again."""


async def books_of(world: World) -> Books:
    """Return the books of all events so far."""
    cursor = EventCursor(
        world.chain,
        world.contracts.deployment.contract_addresses(),
        "books",
        state_path=world.folder / f"books-{os.urandom(4).hex()}.sqlite",
        start_block=world.contracts.deployment.deploy_block,
    )
    books = (
        Books(audit_court=world.contracts.deployment.audit_court)
        if world.contracts.has_audits
        else Books()
    )
    batch = await cursor.read()
    cursor.close()
    for item in batch.items:
        if isinstance(item, ChainEvent):
            books.apply(item.solidity_name, item)
    return books


async def assert_balanced(world: World) -> Books:
    """The contracts hold what the books say, to the wei."""
    token, deployment = world.contracts.token, world.contracts.deployment
    for _ in range(READS):
        books = await books_of(world)
        owed = (books.market_wei, books.stake_manager_wei, CAP_WEI - books.burned_wei)
        held = (
            await token.balance_of_wei(deployment.market),
            await token.balance_of_wei(deployment.stake_manager),
            await token.total_supply_wei(),
        )
        if held == owed:
            break
    assert held == owed
    for party in (world.provider, *world.auditors):
        await explained(world.contracts, party.address)
    return books


async def everybody_leaves(world: World) -> Books:
    """End what can end, take out everything; the contracts are empty but for insurance."""
    books = await assert_balanced(world)
    market, stakes = world.contracts.market, world.contracts.stakes
    anyone, owner, client = (world.devnet.wallet(index) for index in (0, OWNER, CLIENT))
    await world.control.increase_time(8 * 86_400)
    for key, job in books.jobs.items():
        job_id = JobId(key)
        if job.ended_in is None:
            record = await market.job(job_id)
            now = effective_state(record.state, record.deadline_s, await world.chain.time_s())
            end = market.settle if now is JobState.ACCEPTED else market.expire
            try:
                await end(anyone, job_id)
            except JobMarketWrongState:
                # A node that still runs was quicker.
                assert (await market.job(job_id)).state.is_final
    books = await assert_balanced(world)
    if books.free_wei[client.address]:
        await market.withdraw(client, books.free_wei[client.address])
    if books.earned_wei[owner.address]:
        try:
            await market.harvest(owner, owner.address)
        except JobMarketNothingEarned:
            assert await market.earned_of_wei(owner.address) == 0  # the node was quicker
    await stakes.request_unbonding(owner, books.stake_of(owner.address).own_wei)
    await world.control.increase_time(22 * 86_400)
    await stakes.withdraw_unbonded(owner)
    books = await assert_balanced(world)
    assert books.market_wei == 0
    assert books.stake_manager_wei == books.insurance_wei
    return books
