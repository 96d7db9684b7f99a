"""A devnet with courts, a registered model, a provider, an auditor and a client, for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chains import connect, devnet
from tests.unit.node.content import publish_certified

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.contracts import BeaconStatus, Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.enrolment import enrol, take_seats
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import ModelManifest, parse_manifest
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.params import default_of

BANK, CLIENT, OWNER, OPERATOR, AUDITOR, AUDITOR_KEY = (devnet_wallet(index) for index in range(6))
PRICE_WEI, LOCK_WEI = nvy("1"), nvy("20")
STAKE_WEI, CLIENT_WEI = nvy("5000"), nvy("200")
CPU = pool_of("cpu")
SEATS = 2
SHIFT = 16
"""With it a projection of nothing but zeros is a valid answer."""
ENVELOPE = b"\x01\x55\x1b\x20" + b"\x0e" * 32


@dataclass
class CourtWorld:
    """The contracts, and jobs on the one registered model."""

    contracts: Contracts
    control: ChainControl
    spec: JobSpec
    manifest: ModelManifest
    jobs: int = 0

    async def posted(self) -> tuple[JobId, bytes]:
        """List a job for an hour; return its id and salt."""
        market, self.jobs = self.contracts.market, self.jobs + 1
        salt = self.jobs.to_bytes(32, "big")
        now_s = await self.contracts.client.time_s()
        await market.post(
            CLIENT,
            self.spec,
            salt,
            max_price_wei=PRICE_WEI,
            min_lock_wei=0,
            deadline_s=now_s + 3_600,
        )
        return await market.job_id_of(CLIENT.address, salt, self.spec.spec_hash()), salt

    async def committed(self) -> tuple[JobId, bytes, Opening, bytes]:
        """List, accept and commit; return id, salt, opening without a seed, and commitment."""
        market, (job_id, salt) = self.contracts.market, await self.posted()
        await market.accept(
            OPERATOR,
            job_id,
            self.spec,
            salt,
            OWNER.address,
            price_wei=PRICE_WEI,
            lock_wei=LOCK_WEI,
        )
        opening = Opening(bytes(32), b"\x0a" * 32, ENVELOPE, b"\x0b" * 32, SHIFT, b"\x0c" * 32)
        c0 = commitment_of(
            chain_id=self.contracts.client.chain_id,
            market=market.address,
            job_id=job_id,
            provider=OWNER.address,
            opening=opening,
        )
        await market.commit(OPERATOR, job_id, c0, opening.shift, opening.envelope_cid)
        await self.control.mine(3)
        beacon_round = (await market.job(job_id)).beacon_round
        assert await self.contracts.beacon.status(beacon_round) is BeaconStatus.READY
        return job_id, salt, opening, c0


@asynccontextmanager
async def court_world(folder: Path, settings: AuditSettings) -> AsyncIterator[CourtWorld]:
    """Make the world on a chain of its own."""
    async with devnet() as chain, await connect(chain, folder / "state") as client:
        contracts = Contracts(client, await deploy(client, BANK, audits=settings))
        for wallet in (OWNER, AUDITOR):
            await contracts.token.transfer(BANK, wallet.address, STAKE_WEI)
        await contracts.token.transfer(BANK, CLIENT.address, CLIENT_WEI)
        await contracts.token.approve(CLIENT, contracts.deployment.market, CLIENT_WEI)
        await contracts.market.deposit(CLIENT, CLIENT_WEI)
        await enrol(contracts, OWNER, OPERATOR.address, "http://127.0.0.1:1", STAKE_WEI)
        await enrol(contracts, AUDITOR, AUDITOR_KEY.address, "http://127.0.0.1:2", STAKE_WEI)
        await take_seats(contracts, AUDITOR, [CPU], SEATS)
        control = ChainControl(client.rpc)
        await control.increase_time(1)  # a job committed in the second of the seats has none
        async with EmbeddedBackend(folder / "store") as storage:
            spec = await publish_certified(storage)
            document = await storage.get_block(cid_of_keccak(spec.model_id))
        bond_wei = default_of("registrantBondWei")
        await contracts.token.approve(BANK, contracts.deployment.registry, bond_wei)
        await contracts.registry.register(BANK, document)
        manifest = parse_manifest(document, spec.model_id)
        yield CourtWorld(contracts, control, spec, manifest)


def struct_fields(contract: str, function: str) -> list[str]:
    """Return the names of the fields of the struct that a function returns."""
    (output,) = contract_abi(contract).function(function)["outputs"]
    return [str(item["name"]) for item in output["components"]]
