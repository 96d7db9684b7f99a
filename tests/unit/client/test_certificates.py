"""Registering on a real chain: one bond, once; refusals before money moves; challenges."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.unit.node.content import publish_certified as certified_content

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.registry import ModelState
from neurovoyance.client.certificates import (
    challenge,
    register,
    registered_manifest,
    registration_of,
    require_certificate,
)
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import find_model, publish_certified
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ConfigError, InsufficientFunds, SpecError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.tokenomics.params import default_of

BOND_WEI = default_of("registrantBondWei")


@pytest.fixture
def devnet() -> Iterator[DevnetThread]:
    with DevnetThread(block_interval_s=0.2) as running:
        yield running


@pytest.fixture
async def client(devnet: DevnetThread, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A client on a market with audits; its account holds one bond."""
    async with await ChainClient.connect([devnet.url], state_dir=tmp_path / "setup") as chain:
        bank, path = devnet_wallet(0), tmp_path / "deployment.json"
        deployment = await deploy(chain, bank, path=path, audits=AuditSettings.local())
        token = Contracts(chain, deployment).token
        await token.transfer(bank, devnet_wallet(1).address, BOND_WEI)
    profile = NetworkProfile(
        name="test",
        chain_id=31337,
        rpc_urls=[devnet.url],
        deployment=str(path),
        devnet_account=1,
        poll_s=0.05,
    )
    save_profile(profile, tmp_path / "home" / "network.json")
    async with await open_from_profile(tmp_path / "home") as opened:
        yield opened


async def certified(client: AsyncClient) -> ModelManifest:
    """Return a certified model whose content lies in the client's storage."""
    storage = client.session.storage
    spec = await certified_content(storage)
    inputs = await storage.add(b"inputs", pin_name="inputs")
    raw = await client.session.storage.get_block(_block(spec.model_id))
    manifest = ModelManifest.model_validate_json(raw)
    certificate = require_certificate(manifest).model_copy(update={"inputs_cid": str(inputs)})
    return manifest.model_copy(update={"certificate": certificate, "name": "certified"})


def _block(model_id: bytes) -> Cid:
    from neurovoyance.ipfs.cid import cid_of_keccak

    return cid_of_keccak(model_id)


async def test_a_model_is_registered_once_with_one_bond(client: AsyncClient) -> None:
    session, manifest = client.session, await certified(client)
    asked: list[int] = []
    await publish_certified(session.storage, manifest)
    before = await registration_of(session.contracts, manifest.model_id())
    assert not before.is_registered
    assert before.pools == ()
    assert await registered_manifest(session, manifest.model_id()) is None

    assert await register(session, manifest, asked.append)
    assert not await register(session, manifest, asked.append)
    assert asked == [BOND_WEI]
    assert await session.contracts.token.balance_of_wei(session.address) == 0

    found = await registration_of(session.contracts, manifest.model_id())
    assert (found.record.state, found.bond_wei) == (ModelState.REGISTERED, BOND_WEI)
    assert found.registrant == session.address
    assert found.is_active
    [pool] = found.pools
    assert (pool.job_class, pool.pool, pool.name) == (JobClass.TENSOR, pool_of("cpu"), "cpu")
    # Nobody has a seat in the pool yet.
    assert (pool.is_enough, found.job_classes()) == (False, ())
    assert await registered_manifest(session, manifest.model_id()) == manifest
    assert (await find_model(session.storage, "certified")).manifest == manifest


async def test_without_the_bond_nothing_is_sent(client: AsyncClient) -> None:
    session, manifest = client.session, await certified(client)
    await session.contracts.token.transfer(session.wallet, devnet_wallet(2).address, 1)
    with pytest.raises(InsufficientFunds, match=r"The bond is 100 NVY and the wallet holds 99\.9"):
        await register(session, manifest)
    assert await session.contracts.token.allowance_wei(
        session.address, session.deployment.registry
    ) == 0  # fmt: skip


async def test_a_challenge_binds_a_bond_and_stores_its_evidence(client: AsyncClient) -> None:
    session, manifest = client.session, await certified(client)
    await register(session, manifest)
    await session.contracts.token.transfer(devnet_wallet(0), session.address, BOND_WEI)
    cid = await challenge(session, manifest.model_id(), b'{"holds": false}')
    assert await session.storage.served_block(cid) is not None
    found = await registration_of(session.contracts, manifest.model_id())
    assert found.record.state is ModelState.CHALLENGED
    assert found.is_active, "a challenged model takes jobs until the arbiter rules"


async def test_a_model_without_a_certificate_is_refused(client: AsyncClient) -> None:
    manifest = (await certified(client)).model_copy(update={"certificate": None})
    for work in (
        register(client.session, manifest),
        publish_certified(client.session.storage, manifest),
    ):
        with pytest.raises(SpecError, match="carries no certificate"):
            await work


async def test_a_market_without_audits_has_no_registry(client: AsyncClient) -> None:
    from dataclasses import replace

    session, zero = client.session, "0x" + "00" * 20
    bare = replace(session.deployment, registry=zero, audit_court=zero, dispute_court=zero)
    with pytest.raises(ConfigError, match="has no registry of models"):
        await registration_of(Contracts(session.chain, bare), (await certified(client)).model_id())
