"""The part of the demo in which a cheat is hired, audited, caught and slashed.

Place: under :mod:`.demo_run`, on its network. What is told comes from the chain alone
(``client.job_story``). Chain time is moved on where the protocol waits: the challenge windows, and
the 48 hours for which a slash by verdict is held. Never: a verdict of the demo's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.reverts import StakeManagerSlashNotReady
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import LocalNode
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.job_story import job_facts
from neurovoyance.client.job_words import words_of
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.journal import Attempt
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

_PATIENCE_S = 90.0
_POLL_S = 0.2


@dataclass(slots=True)
class CheatStory:
    """What became of the node that computed with int8 weights.

    Attributes:
        name: of the node.
        facts: of the job that it was hired for, from the chain; empty if it was never hired.
        words: the same in sentences.
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    @property
    def distances(self) -> list[str]:
        """How far the auditors' results were from its own, in units of the tolerance."""
        audit = self.facts.get("audit") or {"rounds": []}
        return [one["distance_in_tau"] for one in audit["rounds"] if "distance_in_tau" in one]

    @property
    def slashed_wei(self) -> int:
        """What it lost."""
        return sum(int(slash["amount_wei"]) for slash in self.facts.get("slashes", []))


async def tell_cheat(client: AsyncClient, cheat: LocalNode, job: AsyncJob) -> CheatStory:
    """Return the story of the attempt that the cheat was hired for; split its slash first."""
    story = CheatStory(cheat.name)
    attempt = await _attempt_of(client, job, cheat.owner.address)
    if attempt is None:
        return story
    await _split_slash(client, attempt.job_id)
    story.facts = await job_facts(client.session.contracts, attempt.job_id)
    story.words = words_of(story.facts)
    return story


async def _attempt_of(client: AsyncClient, job: AsyncJob, provider: str) -> Attempt | None:
    for attempt in job.attempts:
        record = await client.session.contracts.market.job(attempt.job_id)
        if record.provider == provider:
            return attempt
    return None


async def _split_slash(client: AsyncClient, job_id: JobId) -> None:
    """Wait until the slash is booked, let its 48 hours pass, and have it split."""
    session, stakes = client.session, client.session.contracts.stakes

    async def is_booked() -> bool:
        return bool((await stakes.held_slash_of(job_id)).ready_at_s)

    await _until(is_booked)
    held = await stakes.held_slash_of(job_id)
    behind_s = held.ready_at_s - await session.chain.time_s()
    await ChainControl(session.chain.rpc).increase_time(max(1, behind_s + 1))
    with suppress(StakeManagerSlashNotReady):  # a node was quicker: anyone may split it
        await stakes.finalize_slash(devnet_wallet(0), job_id)


async def settle_all(network: LocalNetwork, client: AsyncClient, jobs: list[AsyncJob]) -> None:
    """Let the challenge windows of audited jobs end; the nodes settle and close their votes."""
    session = client.session
    market = session.contracts.market
    records = [await market.job(job.current.job_id) for job in jobs]
    ends = [record.deadline_s for record in records if record.state is JobState.REVEALED]
    if ends:
        behind_s = max(ends) - await session.chain.time_s()
        await ChainControl(session.chain.rpc).increase_time(max(1, behind_s + 1))
    ids = [job.current.job_id for job in jobs]
    owners = [node.owner.address for node in network.nodes]

    async def is_settled() -> bool:
        return all([(await market.job(one)).state is JobState.SETTLED for one in ids])

    async def is_free() -> bool:
        # Auditors close their votes once the jobs have ended; then all their stake is free.
        stakes = [await session.contracts.stakes.stake_of(owner) for owner in owners]
        return not any(stake.locked_wei for stake in stakes)

    await _until(is_settled)
    await _until(is_free)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - the chain tells nobody
            await asyncio.sleep(_POLL_S)
