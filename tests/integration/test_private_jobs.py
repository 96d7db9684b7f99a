"""A private job with real nodes on an audited chain: audited, settled, read by nobody else."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from safetensors.numpy import load
from tests.unit.node.content import certified_input, publish_certified
from tests.worlds import (
    Start,
    World,
    audit_settings,
    audited_world,
    nodes,
    register,
    window_passes,
)

from neurovoyance.chain.events import AuditorDrawn, AuditRevealed
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.private_input import is_encrypted
from neurovoyance.ipfs.sealing import open_key
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.errors import StorageDecryptError
from neurovoyance.protocol.ids import Address, JobId, ModelId, hex_of
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import parse_manifest
from neurovoyance.protocol.privacy import (
    InputKeyReply,
    drawn_context,
    sign_key_request,
)
from neurovoyance.protocol.units import nvy

__all__ = ["audit_settings", "audited_world", "nodes"]

pytestmark = [
    pytest.mark.parametrize("audited_world", [2], indirect=True),
    pytest.mark.timeout(600),
]


PRIVATE_SEED = 12


@pytest.fixture
async def client(audited_world: World, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    world = audited_world
    profile = NetworkProfile(
        name="test",
        chain_id=31337,
        rpc_urls=[world.devnet.url],
        deployment=str(world.folder / "deployment.json"),
        devnet_account=3,
        poll_s=0.05,
    )
    save_profile(profile, tmp_path / "home" / "network.json")
    async with await open_from_profile(tmp_path / "home") as opened:
        yield opened


async def key_asked(
    world: World, job_id: JobId, owner: Address, signer: Wallet, public_key: bytes
) -> tuple[int, bytes]:
    """Ask the provider for the key of a job's input; return status and body."""
    deployment = world.contracts.deployment
    request = sign_key_request(
        signer.account,
        job_id,
        owner=owner,
        public_key=public_key,
        chain_id=deployment.chain_id,
        market=deployment.market,
    )
    url = f"{world.provider.url}/v1/jobs/{hex_of(job_id)}/input-key"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=request.model_dump_json()) as response,
    ):
        return response.status, await response.read()


async def hired(world: World, client: AsyncClient, start: Start) -> AsyncJob:
    """Submit a private job on the certified model to the world's nodes."""
    spec = await publish_certified(client.session.storage)
    document = await client.session.storage.get_block(cid_of_keccak(spec.model_id))
    await world.storage.put_block(cid_of_keccak(spec.model_id), document)
    await register(world, spec)
    for party in (world.provider, *world.auditors):
        await start(None, party)
        await party.get("/v1/status")
    while len(await client.nodes()) < 3:
        await asyncio.sleep(0.1)
    model = PublishedModel(ModelId(spec.model_id), parse_manifest(document, spec.model_id))
    return await client.submit(
        model,
        load(certified_input(PRIVATE_SEED)),
        private=True,
        max_price_wei=nvy("1"),
        window_s=600,
    )


def assert_no_plaintext(folder: Path, data: bytes) -> None:
    """No block, log or journal of a node or client holds a piece of the input."""
    piece = data[-512:-256]
    assert len(set(piece)) > 32
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        with suppress(FileNotFoundError):  # the node lets go what its ended job needed
            if "files" in path.parts:  # what the engine reads, mode 0600, gone when the job ends
                assert path.stat().st_mode & 0o077 == 0 or path.suffix != ".safetensors"
                continue
            assert piece not in path.read_bytes(), path


async def test_a_private_job_is_computed_audited_settled_and_read_by_nobody_else(
    audited_world: World, nodes: Start, client: AsyncClient, tmp_path: Path
) -> None:
    world = audited_world
    job = await hired(world, client, nodes)
    job_id = JobId(job.current.job_id)
    stored = client.session.storage.open(Cid.from_bytes(job.current.spec.input_cid))
    assert is_encrypted(b"".join([piece async for piece in stored]))

    await world.wait_for(job_id, JobState.DRAWN, JobState.AUDITED, JobState.REVEALED)
    await client.session.follower.reach(await client.session.chain.block_number())
    early = await job.early_result()
    assert not early.is_verified

    stranger = X25519PrivateKey.generate()
    public_key = stranger.public_key().public_bytes_raw()
    bank = world.devnet.wallet(0)
    for owner, signer in (
        (Address(bank.address), bank),
        (world.provider.address, bank),
        (world.auditors[0].address, bank),
        (world.auditors[1].address, world.auditors[0].operator),
    ):
        status, body = await key_asked(world, job_id, owner, signer, public_key)
        assert (status, b"request.denied" in body) == (403, True), body

    waiting = asyncio.create_task(job.wait())
    await world.wait_for(job_id, JobState.REVEALED)
    await window_passes(world, job_id)
    receipt = await waiting
    assert receipt["job_id"] == hex_of(job_id)
    await world.wait_for(job_id, JobState.SETTLED)
    checked = await job.result()
    for name, array in checked.items():
        np.testing.assert_array_equal(array, early.arrays[name])

    events = await world.events(job_id)
    outcomes = {event.outcome for event in events if isinstance(event, AuditRevealed)}
    assert outcomes == {Outcome.PASS}, world.log()
    drawn = {event.auditor for event in events if isinstance(event, AuditorDrawn)}
    for party in world.auditors:
        status, body = await key_asked(world, job_id, party.address, party.operator, public_key)
        assert (status == 200) == (party.address in drawn), body
        if status == 200:
            sealed = InputKeyReply.model_validate_json(body).sealed_key
            key = open_key(
                sealed, stranger.private_bytes_raw(), drawn_context(job_id, party.address)
            )
            assert key == client.session.keys.input_key(job.current.spec.input_cid)
            assert key.hex() not in world.log()
            with pytest.raises(StorageDecryptError):
                open_key(sealed, secrets.token_bytes(32), drawn_context(job_id, party.address))
    for folder in (world.folder / "node", tmp_path / "home"):
        assert_no_plaintext(folder, certified_input(PRIVATE_SEED))
