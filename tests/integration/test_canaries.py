"""Canaries with real nodes on a real chain: drawn, expanded, answered, audited, scored, and paid.

The catalogue is that of the genesis, as on any network; canaries are requested and drawn by
somebody who has no part in them. What a node does about one drawn for its owner, it does by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.ledgers import explained
from tests.unit.node.content import ROWS, certified_model, publish_certified
from tests.worlds import WAIT_S, Party, World, built, enrolled, free_port, register

from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.emission import Canaries, CanaryRecord, CanaryState, Emission
from neurovoyance.chain.events import AuditRevealed, JobRevealed
from neurovoyance.chain.genesis import CanaryModel, EconomySettings
from neurovoyance.chain.rewards import EPOCH_S, Vault
from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.node.enrolment import take_seats
from neurovoyance.node.operations.ledger import Reason
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import parse_manifest
from neurovoyance.verification.canary_input import expand
from neurovoyance.verification.canonical import decode_tensors

POOL = pool_of("cpu")
PACE_S = EPOCH_S // 64
"""Longest pause between two canaries that the parameters allow."""

pytestmark = pytest.mark.timeout(300)


@dataclass
class Drawn:
    """A world with a catalogue of one small model, and two providers that sit in its pool."""

    world: World
    model_id: bytes
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        client, deployment = self.world.chain, self.world.contracts.deployment
        self.canaries = Canaries(client, deployment.canaries)
        self.emission = Emission(client, deployment.emission)
        self.vault = Vault(client, deployment.vault)

    @property
    def parties(self) -> list[Party]:
        return [self.world.provider, *self.world.auditors]

    @property
    def anybody(self) -> Wallet:
        return self.world.devnet.wallet(3)

    async def start(self, party: Party, *, collects: bool = False) -> None:
        """Start a party's node, or start it anew; it finds the model at the client's gateway."""
        await self.end(party)
        party.settings |= {"peers": [self.world.source], "collect_rewards": collects}
        self.running[party.address] = await self.world.start_node(party=party)

    async def end(self, party: Party) -> None:
        """Kill a party's node; it has to bear that at any time."""
        process = self.running.pop(party.address, None)
        if process is not None:
            process.kill()
            await process.wait()

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not await holds():
                dead = [p for p in self.running.values() if p.returncode is not None]
                assert not dead, self.world.log()
                await asyncio.sleep(0.1)

    async def to_time(self, time_s: int) -> None:
        missing_s = time_s - await self.world.chain.time_s()
        if missing_s > 0:
            await self.world.control.increase_time(missing_s)

    async def next_epoch(self) -> int:
        """Go to the next week, past the little that every node waits before common calls."""
        epoch = await self.world.chain.time_s() // EPOCH_S + 1
        await self.to_time(epoch * EPOCH_S + 150)
        return epoch

    async def draw(self, wanted: list[Party]) -> tuple[int, CanaryRecord]:
        """Have canaries drawn until one falls to one of these."""
        addresses = [party.address for party in wanted]
        async with asyncio.timeout(WAIT_S):
            while True:
                await self.world.control.increase_time(PACE_S)
                await self.canaries.request(self.anybody)
                await self.world.control.mine(3)
                canary_id = await self.canaries.count()
                await self.canaries.draw(self.anybody, canary_id)
                record = await self.canaries.canary_of(canary_id)
                assert record.state is CanaryState.DRAWN
                if record.provider in addresses:
                    return canary_id, record

    async def reaches(self, canary_id: int, state: CanaryState) -> CanaryRecord:
        async def holds() -> bool:
            return (await self.canaries.canary_of(canary_id)).state is state

        await self.until(holds)
        return await self.canaries.canary_of(canary_id)


@pytest.fixture
async def drawn(tmp_path: Path) -> AsyncIterator[Drawn]:
    """Genesis with a catalogue, a registered model, two seated providers; no node runs yet."""
    async with EmbeddedBackend(tmp_path / "catalogue") as storage:
        spec = await publish_certified(storage)
    model = CanaryModel(spec.model_id, POOL, ROWS, 60)
    economy = replace(EconomySettings.local(devnet_wallet(0).address), canary_models=[model])
    async with built(tmp_path, AuditSettings.local(), economy) as world:
        await publish_certified(world.storage)
        await register(world, spec)
        other = Party(
            tmp_path / "other", world.devnet.wallet(4), world.devnet.wallet(5), free_port()
        )
        await enrolled(world.contracts, world.devnet.wallet(0), other)
        world.auditors.append(other)
        made = Drawn(world, spec.model_id)
        for party in made.parties:
            await take_seats(world.contracts, party.owner, [POOL], 2)
        await made.next_epoch()  # the first whole one emits
        yield made
        for party in made.parties:
            await made.end(party)


async def test_a_canary_is_answered_audited_and_earns_its_week(drawn: Drawn) -> None:
    world = drawn.world
    assert [model.model_id for model in await drawn.canaries.models()] == [drawn.model_id]
    for party in drawn.parties:
        await drawn.start(party)
    canary_id, record = await drawn.draw(drawn.parties)
    taken = await drawn.reaches(canary_id, CanaryState.TAKEN)
    job_id = JobId(taken.job_id)
    mine = next(party for party in drawn.parties if party.address == record.provider)
    job = await world.wait_for(job_id, JobState.REVEALED)
    assert (job.client, job.p_bps) == (drawn.canaries.address, 10_000)
    await _assert_computed_from_the_seed(drawn, mine, record, job_id)

    await drawn.to_time(job.deadline_s + 2)
    await drawn.reaches(canary_id, CanaryState.PASSED)
    assert await drawn.canaries.score_of(mine.address, record.epoch) == (1, 1)
    await _assert_paid(drawn, mine, record.epoch)
    ledger = await explained(world.contracts, mine.address)
    income_wei = ledger.income_wei()
    assert income_wei[Reason.CANARY] > 0 and income_wei[Reason.EMISSION] > 0
    assert income_wei[Reason.JOB] == 0, "its only job was the canary"
    [other] = [party for party in drawn.parties if party is not mine]
    assert (await explained(world.contracts, other.address)).income_wei()[Reason.AUDIT] > 0


async def _assert_computed_from_the_seed(
    drawn: Drawn, mine: Party, record: CanaryRecord, job_id: JobId
) -> None:
    """The other provider's audit passed, and numpy finds the same from the seed on the chain."""
    world, events = drawn.world, await drawn.world.events(job_id)
    votes = [event for event in events if isinstance(event, AuditRevealed)]
    assert [(vote.auditor != mine.address, vote.outcome) for vote in votes] == [
        (True, Outcome.PASS)
    ]
    [revealed] = [event for event in events if isinstance(event, JobRevealed)]
    cid = Cid.from_bytes(revealed.envelope_cid)
    await world.storage.ensure(cid, sources=[mine.url], max_bytes=1 << 20)
    envelope = b"".join([piece async for piece in world.storage.open(cid)])
    *_verified, output = decode_tensors(decrypt(envelope, revealed.result_key, job_id))

    document = await world.storage.get_block(cid_of_keccak(drawn.model_id))
    given = expand(parse_manifest(document, drawn.model_id), record.seed, record.batch)["x"]
    graph = onnx.load_from_string(certified_model()).graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    hidden = np.maximum(given @ weights["A"] + weights["a"], 0)
    np.testing.assert_allclose(output, hidden @ weights["B"] + weights["b"], rtol=1e-3, atol=1e-3)


async def _assert_paid(drawn: Drawn, mine: Party, epoch: int) -> None:
    """The node registers in the next week and claims in the one after; most goes to the vault."""
    await drawn.start(mine, collects=True)
    await drawn.next_epoch()

    async def is_registered() -> bool:
        return (await drawn.emission.weight_of(mine.address, epoch)).is_registered

    await drawn.until(is_registered)
    weight = await drawn.emission.weight_of(mine.address, epoch)
    assert (weight.score_bps, weight.fees_wei > 0) == (10_000, True)
    reward = await drawn.emission.reward_of(mine.address, epoch)
    pool_wei = (await drawn.emission.epoch_of(epoch)).avail_pool_wei
    assert reward.avail_wei == pool_wei > 0, "nobody else was drawn in that week"
    held_wei = await drawn.vault.held_of_wei(mine.address)
    await drawn.next_epoch()

    async def is_claimed() -> bool:
        return not await is_registered()

    await drawn.until(is_claimed)
    paid_wei = reward.avail_wei + reward.work_wei
    assert await drawn.emission.paid_wei() == paid_wei
    assert await drawn.vault.held_of_wei(mine.address) - held_wei >= paid_wei * 3 // 4


async def test_a_node_that_sleeps_through_its_canary_earns_nothing(drawn: Drawn) -> None:
    asleep, other = drawn.parties
    canary_id, record = await drawn.draw([asleep])
    await drawn.to_time(record.take_by_s + 1)
    await drawn.start(asleep)  # comes back, sees that it is too late, and says so itself
    await drawn.reaches(canary_id, CanaryState.FAILED)
    score = await drawn.canaries.score_of(asleep.address, record.epoch)
    assert (score.passed, score.drawn, score.bps) == (0, 1, 0)
    await drawn.next_epoch()
    for party in (asleep, other):
        with pytest.raises(ContractRevert, match="neither fees nor passed canaries"):
            await drawn.emission.register(drawn.anybody, party.address)
    assert await drawn.emission.last_epoch() == 0 and await drawn.emission.paid_wei() == 0
    stake = await drawn.world.contracts.stakes.stake_of(asleep.address)
    assert stake.locked_wei == 0, "a canary missed costs the week's score, never stake"
