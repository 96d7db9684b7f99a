"""An auditor gets the key of a private input from the provider's node, and nothing from others."""

from __future__ import annotations

import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest
from tests.unit.node.audited import Auditor, auditor_of, until_phase
from tests.unit.node.conftest import CLIENT, OPERATOR, OTHER, Station
from tests.unit.node.content import certified_input, publish_certified

from neurovoyance.ipfs.encryption import new_key
from neurovoyance.ipfs.private_input import encrypt_input
from neurovoyance.node.api import node_app
from neurovoyance.node.audit_work import AuditWork
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.execution_values import Phase
from neurovoyance.node.intake import HeldJob
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.key_desk import KeyDesk
from neurovoyance.node.key_seeker import KeyNotGiven, KeySeeker
from neurovoyance.node.process import served
from neurovoyance.protocol.errors import AccessDenied
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.privacy import (
    InputKeyRequest,
    drawn_context,
    result_context,
    sign_key_request,
)

KEY = new_key()


@dataclass
class Drawn:
    """A committed private job under audit, its provider's API, and the auditor that was drawn."""

    station: Station
    job_id: JobId
    desk: KeyDesk
    url: str
    auditor: Auditor
    own: KeyBook
    seeker: KeySeeker
    client: KeyBook


def books(stack: AsyncExitStack, station: Station) -> Iterator[KeyBook]:
    for name in ("provider", "auditor", "client"):
        book = KeyBook(station.folder / name / "keys.sqlite", {"of": name})
        stack.callback(book.close)
        yield book


@pytest.fixture
async def drawn(court_station: Station) -> AsyncIterator[Drawn]:
    station = court_station
    async with AsyncExitStack() as stack:
        ours, own, client = books(stack, station)
        station.intake._keys = ours
        desk = station.desk.keys = KeyDesk(station.chain, ours)
        cid = await station.storage.add(encrypt_input(certified_input(), KEY))
        await station.storage.provide(cid)
        spec = await publish_certified(
            station.storage, input_cid=cid.to_bytes(), client_key=client.public_key
        )
        ours.add(spec.input_cid, CLIENT.address, KEY)
        job_id = await station.post(spec)
        with pytest.raises(AccessDenied):
            await desk.result_key(job_id)
        await until_phase(station, job_id, Phase.AUDITED)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = node_app(station.agent, OPERATOR.address, station.storage, endpoint=url)
        await stack.enter_async_context(served(app, listener))
        auditor = await stack.enter_async_context(auditor_of(station))
        auditor.work.bench.intake._keys = own
        seeker = KeySeeker(auditor.chain, auditor.work.bench.intake, own, allow_private=True)
        yield Drawn(station, job_id, desk, url, auditor, own, seeker, client)


async def test_the_drawn_auditor_gets_the_key_and_holds_the_plaintext(drawn: Drawn) -> None:
    job = drawn.station.posted[drawn.job_id]
    work = replace(drawn.auditor.work, seeker=drawn.seeker)
    assert isinstance(work, AuditWork)
    with pytest.raises(KeyNotGiven, match="No source gave us the key"):
        await drawn.seeker.hold(job, ["http://127.0.0.1:9"])
    held = await work._held(job, ["http://127.0.0.1:9", "not a url", drawn.url])
    assert isinstance(held, HeldJob)
    assert held.input_path.read_bytes() == certified_input()
    assert drawn.own.input_key(job.spec.input_cid, CLIENT.address) == KEY
    # The client's key opens the committed result, and nobody else's.
    reply = await drawn.desk.result_key(drawn.job_id)
    sealed = drawn.station.journal.sealed(drawn.job_id)
    assert sealed is not None
    assert reply.envelope_cid == sealed.opening.envelope_cid
    context = result_context(drawn.job_id)
    assert drawn.client.open(reply.sealed_key, context) == sealed.opening.result_key


async def test_others_and_other_jobs_are_denied(drawn: Drawn) -> None:
    station, chain = drawn.station, drawn.auditor.chain

    def request(side: ChainSide, owner: Address, job_id: JobId = drawn.job_id) -> InputKeyRequest:
        return sign_key_request(
            side.wallet.account,
            job_id,
            owner=owner,
            public_key=drawn.own.public_key,
            chain_id=side.chain_id,
            market=side.market,
        )

    good = request(chain, chain.provider)
    reply = await drawn.desk.input_key(drawn.job_id, good)
    context = drawn_context(drawn.job_id, chain.provider)
    assert drawn.own.open(reply.sealed_key, context) == KEY
    other = JobId(secrets.token_bytes(32))
    for job_id, asked in (
        (drawn.job_id, request(chain, station.chain.provider)),  # not its operator
        (drawn.job_id, request(station.chain, station.chain.provider)),  # not drawn
        (drawn.job_id, request(station.chain, chain.provider)),  # signed by another
        (drawn.job_id, request(chain, Address(OTHER.address))),  # no provider at all
        (drawn.job_id, request(chain, chain.provider, other)),  # signed for another job
        (other, request(chain, chain.provider, other)),  # not a job of this node
        (drawn.job_id, good.model_copy(update={"signature": b"\xff" * 65})),
    ):
        with pytest.raises(AccessDenied):
            await drawn.desk.input_key(job_id, asked)
