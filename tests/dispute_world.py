"""What tests of disputes share: a challenger with money, judging owners, and waiting for phases."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.unit.node.content import publish_certified
from tests.worlds import WAIT_S, Party, Start, World, register

from neurovoyance.chain.challenging import challenge, public_case
from neurovoyance.chain.events import ChainEvent, CourtPaid, DisputeOpened, TracePosted
from neurovoyance.chain.history import history
from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.audit import DisputeFacts, DisputeKind, DisputePhase, TraceRow
from neurovoyance.protocol.errors import StorageNotFound
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.audits import challenge_bond_of
from neurovoyance.verification.trace import parse_trace_manifest

BOND_WEI = challenge_bond_of(nvy("1"))
CHALLENGER = 14
"""Number of the devnet wallet of somebody who is no provider."""


async def funded(world: World, wallet: Wallet, amount_wei: int = BOND_WEI) -> None:
    """Give a wallet free balance in the market."""
    bank, contracts = world.devnet.wallet(0), world.contracts
    await world.chain.transfer_native(bank, wallet.address, 10**18)
    await contracts.token.transfer(bank, wallet.address, amount_wei)
    await contracts.token.approve(wallet, contracts.market.address, amount_wei)
    await contracts.market.deposit(wallet, amount_wei)


async def posted_job(world: World) -> JobId:
    """List a TENSOR job on a certified model."""
    spec = await publish_certified(world.storage)
    await register(world, spec)
    return await world.post(spec)


async def challenged(
    world: World, job_id: JobId, kind: DisputeKind = DisputeKind.WRONG_OUTPUT
) -> DisputeFacts:
    """Challenge a job as somebody who is no provider."""
    wallet = world.devnet.wallet(CHALLENGER)
    await funded(world, wallet)
    case = await public_case(world.contracts, job_id)
    return await challenge(world.contracts, wallet, case, kind)


async def wait_for_phase(
    world: World, facts: DisputeFacts, *phases: DisputePhase, step_s: int = 0
) -> DisputePhase:
    """Wait until a dispute is in one of the phases.

    Args:
        step_s: chain time passes by so much in every look, for waits of hours.
    """
    async with asyncio.timeout(WAIT_S):
        while True:
            record = await world.contracts.disputes.dispute_of(facts.dispute_id)
            if record.phase in phases:
                return record.phase
            if step_s:
                await world.control.increase_time(step_s)
            await asyncio.sleep(0.2)


async def proven_row(
    world: World, facts: DisputeFacts, row: int
) -> tuple[TraceRow, tuple[bytes, ...]]:
    """Return a row of the posted trace, as the provider serves it, with its proof."""
    deployment = world.contracts.deployment
    addresses = deployment.contract_addresses()
    events = await history(
        world.chain, addresses, facts.dispute_id, start_block=deployment.deploy_block
    )
    [posted] = [event for event in events if isinstance(event, TracePosted)]
    cid = Cid.from_bytes(posted.manifest_cid)
    async with asyncio.timeout(WAIT_S):
        while not await world.storage.has(cid):
            # The provider may be starting again just now.
            with suppress(StorageNotFound):
                await world.storage.ensure(cid, sources=[world.node_url], max_bytes=1 << 20)
            await asyncio.sleep(0.3)
    raw = b"".join([piece async for piece in world.storage.open(cid)])
    listed = parse_trace_manifest(
        raw, dispute_id=facts.dispute_id, rows=facts.rows, root=posted.root
    )
    return listed.trace.rows[row], tuple(listed.trace.proof(row))


async def all_referees_closed(world: World, facts: DisputeFacts) -> None:
    """Wait until every referee of the first level was paid or penalised."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await world.contracts.disputes.referees_of(facts.dispute_id, 0)
            if found and all(one.is_paid for one in found):
                return
            await asyncio.sleep(0.2)


def told(party: Party, data_dir: Path | None = None) -> list[str]:
    """Return what a node's casebook says, in words."""
    path = (data_dir or party.folder / "node") / "disputes.sqlite"
    with sqlite3.connect(path) as db, suppress(sqlite3.OperationalError):  # not begun yet
        return [row[0] for row in db.execute("SELECT text FROM dispute_steps ORDER BY number")]
    return []


async def court_payments(world: World) -> dict[str, int]:
    """Return what the DisputeCourt paid to everybody, in wei."""
    paid: dict[str, int] = defaultdict(int)
    for event in await events_of(world, world.contracts.deployment.dispute_court):
        if isinstance(event, CourtPaid):
            paid[event.to] += event.amount_wei
    return paid


async def events_of(world: World, subject: str) -> list[ChainEvent]:
    """Return all events about an address, a job or a dispute."""
    deployment = world.contracts.deployment
    word = bytes.fromhex(subject.removeprefix("0x")).rjust(32, b"\0")
    return await history(
        world.chain,
        deployment.contract_addresses(),
        word,
        start_block=deployment.deploy_block,
    )


async def disputes_of(world: World, job_id: JobId) -> list[DisputeFacts]:
    """Return the facts of all disputes about a job."""
    events = await events_of(world, job_id.hex())
    return [event.facts for event in events if isinstance(event, DisputeOpened)]


async def wait_for_dispute(world: World, job_id: JobId) -> DisputeFacts:
    """Wait until there is a dispute about a job, and return its facts."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if found := await disputes_of(world, job_id):
                return found[0]
            await asyncio.sleep(0.3)


async def judged_guilty(world: World, all_facts: list[DisputeFacts]) -> DisputeFacts:
    """Return the dispute of a job that convicted its provider."""
    for facts in all_facts:
        record = await world.contracts.disputes.dispute_of(facts.dispute_id)
        if record.phase is DisputePhase.GUILTY:
            return facts
    raise AssertionError("nobody was convicted")


async def wait_until_told(parties: Sequence[Party], text: str) -> None:
    """Wait until the casebook of one of these nodes says something."""
    async with asyncio.timeout(WAIT_S):
        while not any(text in line for party in parties for line in told(party)):
            await asyncio.sleep(0.3)


DEATHS = {
    "provider": (
        *("before:trace", "after:trace", "before:post_trace", "after:post_trace"),
        *("before:draw_referees", "after:draw_referees", "before:advance", "after:advance"),
    ),
    "referee": (
        *("before:judge", "after:judge", "before:commit_vote", "after:commit_vote"),
        *("before:reveal_vote", "after:reveal_vote", "before:close_referee"),
        "after:close_referee",
    ),
}
FEW_DEATHS = {
    "provider": ("before:trace", "after:post_trace", "before:advance"),
    "referee": ("after:judge", "after:commit_vote", "before:close_referee"),
}
"""One death in every part of a dispute; a start takes seconds of a processor."""


@asynccontextmanager
async def dying(
    world: World,
    nodes: Start,
    alive: Sequence[asyncio.subprocess.Process],
    deaths: Mapping[str, tuple[str, ...]],
) -> AsyncIterator[list[str]]:
    """Replace all nodes by ones that die at one point after the other; gives the points reached.

    A node that died is started again, to die at the next point of its list.
    """
    reached: list[str] = []
    for process in alive:
        process.kill()
        await process.wait()
    parties = [(world.provider, "provider"), *((party, "referee") for party in world.auditors)]
    keepers = [
        asyncio.create_task(_keep_alive(nodes, party, deaths[kind], reached))
        for party, kind in parties
    ]
    try:
        yield reached
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep_alive(
    nodes: Start, party: Party, points: tuple[str, ...], reached: list[str]
) -> None:
    for point in points:
        process = await nodes(point, party)
        await process.wait()
        reached.append(point)
    process = await nodes(None, party)
    await process.wait()
