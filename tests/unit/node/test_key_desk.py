"""A private input is opened for the client that gave its key; keys go to nobody without a right."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.unit.node.conftest import AUDITOR, AUDITOR_KEY, CLIENT, LIMITS, OTHER, Station
from tests.unit.node.content import input_file

from neurovoyance.ipfs.encryption import encrypt
from neurovoyance.ipfs.private_input import encrypt_input, input_context
from neurovoyance.ipfs.sealing import seal_key
from neurovoyance.node.fitting import InputKeyMissing
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.key_desk import KeyDesk
from neurovoyance.protocol.errors import AccessDenied
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.privacy import offer_context, recover_node_key_signer, sign_key_request
from neurovoyance.protocol.units import nvy

KEY = secrets.token_bytes(32)
SEALED = encrypt_input(input_file(), KEY)


@dataclass
class Private:
    """A station that takes private inputs."""

    station: Station
    book: KeyBook
    desk: KeyDesk
    intake: Intake

    async def asked(
        self,
        spec: JobSpec,
        *,
        key: bytes = KEY,
        recipient: bytes | None = None,
        client: str = CLIENT.address,
        sealed_for: str = CLIENT.address,
    ) -> str:
        """Return the cause and sentence of a refusal, or nothing when an offer is made."""
        context = offer_context(spec.spec_hash(), sealed_for, self.station.chain.provider)
        request = OfferRequest(
            spec=spec,
            client=Address(client),
            max_price_wei=nvy("1"),
            sources=[],
            sealed_key=seal_key(key, recipient or self.book.public_key, context),
        )
        refusal = (await self.station.desk.answer(request)).refusal
        return f"{refusal.cause.value}: {refusal.message}" if refusal else ""


@pytest.fixture
async def private(station: Station) -> AsyncIterator[Private]:
    book = KeyBook(station.folder / "keys.sqlite", {"market": station.chain.market})
    intake = Intake(
        station.storage,
        station.runtime,
        LIMITS,
        station.folder / "private",
        allow_private_addresses=True,
        keys=book,
    )
    desk = KeyDesk(station.chain, book)
    station.desk.keys, station.desk._intake = desk, intake
    yield Private(station, book, desk, intake)
    book.close()


async def test_a_private_input_is_offered_on_and_opened_for_its_client_alone(
    private: Private,
) -> None:
    spec = await private.station.publish(given=SEALED)
    assert await private.asked(spec) == ""
    held = await private.intake.hold(spec, client=CLIENT.address)
    assert isinstance(held, HeldJob)
    assert held.input_path.read_bytes() == input_file()
    assert held.input_path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputKeyMissing):  # somebody else lists a job on the same input
        await private.intake.hold(spec, client=OTHER.address)
    blocks = [path for path in (private.station.folder / "store").rglob("*") if path.is_file()]
    assert not any(input_file()[-24:] in path.read_bytes() for path in blocks)
    await private.intake.release(spec)
    assert not held.input_path.exists()


async def test_a_key_for_another_node_job_or_client_is_refused_in_words(private: Private) -> None:
    spec = await private.station.publish(given=SEALED)
    foreign = KeyBook(private.station.folder / "foreign.sqlite", {"market": "x"})
    for said in (
        await private.asked(spec, recipient=foreign.public_key),
        await private.asked(spec, client=OTHER.address),
    ):
        assert "not sealed to this node, this job and this client" in said
    assert "has to name its client" in await private.asked(
        spec, client=ZERO_ADDRESS, sealed_for=ZERO_ADDRESS
    )
    foreign.close()
    assert "does not belong" in await private.asked(spec, key=secrets.token_bytes(32))
    assert private.book.input_key(spec.input_cid, CLIENT.address) is None
    request = OfferRequest(
        spec=spec, client=Address(CLIENT.address), max_price_wei=nvy("1"), sources=[]
    )
    refusal = (await private.station.desk.answer(request)).refusal
    assert refusal is not None
    assert (refusal.cause, "no key came" in refusal.message) == (RefusalCause.INPUT, True)


@pytest.mark.parametrize(
    "given",
    [
        SEALED[:-1],
        SEALED[:-30] + bytes([SEALED[-30] ^ 1]) + SEALED[-29:],
        encrypt(input_file(), secrets.token_bytes(32), input_context(KEY)),
        encrypt_input(b"no tensors at all", KEY),
    ],
    ids=["cut", "altered", "another key", "no tensors"],
)
async def test_what_does_not_open_is_refused_and_leaves_nothing(
    private: Private, given: bytes
) -> None:
    spec = await private.station.publish(given=given)
    assert (await private.asked(spec)).startswith("input: ")
    names = {path.suffix for path in (private.station.folder / "private" / "inputs").iterdir()}
    assert names <= {".safetensors"}


async def test_a_node_without_keys_refuses_every_private_input(station: Station) -> None:
    refused = await station.intake.hold(await station.publish(given=SEALED))
    assert isinstance(refused, Refusal)
    assert (refused.cause, "no encrypted" in refused.message) == (RefusalCause.INPUT, True)


async def test_our_key_is_signed_by_our_operator(private: Private) -> None:
    chain = private.station.chain
    signer = recover_node_key_signer(
        private.desk.node_key(),
        provider=chain.provider,
        chain_id=chain.chain_id,
        market=chain.market,
    )
    assert signer == chain.wallet.address


async def test_without_a_right_there_is_no_key(private: Private) -> None:
    station, chain = private.station, private.station.chain
    spec = await station.publish(given=SEALED)
    job_id = await station.post(spec)
    request = sign_key_request(
        AUDITOR_KEY.account,
        job_id,
        owner=Address(AUDITOR.address),
        public_key=private.book.public_key,
        chain_id=chain.chain_id,
        market=chain.market,
    )
    with pytest.raises(AccessDenied):
        await private.desk.input_key(job_id, request)
    with pytest.raises(AccessDenied):
        await private.desk.result_key(job_id)
    with pytest.raises(AccessDenied):
        await private.desk.result_key(JobId(bytes(32)))
