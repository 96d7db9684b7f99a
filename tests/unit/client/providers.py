"""A provider that the tests move by hand: real keys, stake, storage and HTTP, no node process."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.events import JobPosted
from neurovoyance.chain.history import history
from neurovoyance.chain.reverts import JobMarketRoundPending
from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import encrypt
from neurovoyance.ipfs.gateway import gateway_routes
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, sign_offer
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash

PRICE_WEI = 3 * 10**16
Twist = Callable[[OfferReply, OfferRequest], OfferReply | bytes]


@dataclass
class Provider:
    """Owner, operator, storage and an HTTP endpoint; ``twist`` changes its answers."""

    owner: Wallet
    operator: Wallet
    contracts: Contracts
    storage: EmbeddedBackend
    url: str = ""
    price_wei: int = PRICE_WEI
    twist: Twist = lambda reply, request: reply
    asked: list[OfferRequest] = field(default_factory=list)

    @property
    def address(self) -> Address:
        return Address(self.owner.address)

    async def answer(self, request: Request) -> Response:
        wanted = OfferRequest.model_validate_json(await request.body())
        self.asked.append(wanted)
        reply = self.twist(await self._reply(wanted), wanted)
        body = reply if isinstance(reply, bytes) else reply.model_dump_json().encode()
        return Response(body, media_type="application/json")

    async def _reply(self, wanted: OfferRequest) -> OfferReply:
        if wanted.max_price_wei < self.price_wei:
            refusal = Refusal(cause=RefusalCause.PRICE, message="The price is higher.")
            return OfferReply(refusal=refusal)
        offer = Offer(
            provider=self.address,
            client=wanted.client,
            spec_hash=wanted.spec.spec_hash(),
            price_wei=self.price_wei,
            lock_wei=5 * self.price_wei,
            valid_until_s=await self.contracts.client.time_s() + 300,
            nonce=secrets.randbits(256),
        )
        return OfferReply(offer=offer, signature=self.sign(offer))

    def sign(self, offer: Offer) -> bytes:
        deployment = self.contracts.deployment
        return sign_offer(
            offer, self.operator.account, chain_id=deployment.chain_id, market=deployment.market
        )

    async def accept(self, job_id: JobId, price_wei: int = PRICE_WEI) -> None:
        posted = await self._posted(job_id)
        await self.contracts.market.accept(
            self.operator,
            job_id,
            posted.spec.checked(),
            posted.salt,
            self.address,
            price_wei=price_wei,
            lock_wei=5 * price_wei,
        )

    async def hand_back(self, job_id: JobId) -> None:
        await self.contracts.market.cancel(self.operator, job_id)

    async def _posted(self, job_id: JobId) -> JobPosted:
        deployment = self.contracts.deployment
        events = await history(
            self.contracts.client,
            deployment.contract_addresses(),
            job_id,
            start_block=deployment.deploy_block,
        )
        return next(event for event in events if isinstance(event, JobPosted))

    async def deliver(
        self,
        job_id: JobId,
        arrays: Sequence[Any],
        *,
        committed: Sequence[Any] | None = None,
        key: bytes | None = None,
    ) -> None:
        """Commit and reveal; ``committed`` and ``key`` let the envelope differ from the promise."""
        used_key = secrets.token_bytes(32)
        envelope = encrypt(encode_tensors(arrays), used_key, job_id)
        cid = await self.storage.add(envelope)
        await self.storage.provide(cid)
        opening = Opening(
            seed0=bytes(32),
            out_root=output_root([tensor_hash(a) for a in (committed or arrays)]),
            envelope_cid=cid.to_bytes(),
            result_key=key or used_key,
            shift=0,
            salt=secrets.token_bytes(32),
        )
        deployment, market = self.contracts.deployment, self.contracts.market
        commitment = commitment_of(
            chain_id=deployment.chain_id,
            market=deployment.market,
            job_id=job_id,
            provider=self.address,
            opening=opening,
        )
        await market.commit(self.operator, job_id, commitment, 0, opening.envelope_cid)
        while True:
            try:
                await market.draw_and_reveal(self.operator, job_id, opening)
                return
            except JobMarketRoundPending:
                await self.contracts.client.wait_for_block(
                    await self.contracts.client.block_number() + 1, timeout_s=20
                )


class QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@asynccontextmanager
async def provider_at_work(
    contracts: Contracts, folder: Any, *, owner: int, operator: int
) -> AsyncIterator[Provider]:
    """Serve a provider that was registered before, and announce where."""
    async with EmbeddedBackend(folder, allow_private_addresses=True) as storage:
        made = Provider(devnet_wallet(owner), devnet_wallet(operator), contracts, storage)
        routes = [
            Route("/v1/offers", made.answer, methods=["POST"]),
            *gateway_routes(storage),
        ]
        async with served(Starlette(routes=routes)) as url:
            made.url = url
            await contracts.stakes.set_endpoint(made.operator, made.address, url)
            yield made


def output_of(x: Any) -> list[Any]:
    """The output of the model of ``matmul_model``: the sum over the last axis."""
    return [np.asarray(x, np.float32).sum(axis=-1, keepdims=True)]
