"""Gets the key of a private input that this node has to audit or judge.

Place: between the duties and intake. The job is held as any other; where its input turns out to be
encrypted, the sources, the provider's node among them, are asked for the key with our operator's
signature. A key is believed once it fits the container, so a source can only be silent, not lie.
Never: a request for a job that we were not drawn for; the duties see to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from neurovoyance.ipfs.peers import PolicyResolver, check_url
from neurovoyance.ipfs.private_input import key_fits
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.fitting import InputKeyMissing
from neurovoyance.node.intake import KEEP_S, HeldJob, Intake
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.records import PostedJob
from neurovoyance.protocol.errors import NeurovoyanceError, Unreachable
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.offer_exchange import Refusal
from neurovoyance.protocol.privacy import (
    InputKeyReply,
    InputKeyRequest,
    drawn_context,
    sign_key_request,
)

ASK_TIMEOUT_S = 10.0
REPLY_MAX_BYTES = 4_096


class KeyNotGiven(Unreachable):
    """No source gave the key of a private input; its provider has it and owes it."""

    code = "network.key_not_given"


@dataclass(frozen=True, slots=True)
class KeySeeker:
    """Holds jobs of others, private ones among them.

    Attributes:
        allow_private: whether sources may lie in private networks.
    """

    chain: ChainSide
    intake: Intake
    book: KeyBook
    allow_private: bool

    async def hold(self, job: PostedJob, sources: Sequence[str]) -> HeldJob | Refusal:
        """Hold a job, asking for the key of its input if it needs one.

        Raises:
            KeyNotGiven: no source gave the key; asking again may help.
            StorageError, ExecutionError: see :meth:`.Intake.hold`.
        """
        try:
            return await self.intake.hold(job.spec, sources, KEEP_S, client=job.client)
        except InputKeyMissing as missing:
            key = await self._key(job, sources, missing.head)
        return await self.intake.hold(job.spec, sources, KEEP_S, client=job.client, key=key)

    async def _key(self, job: PostedJob, sources: Sequence[str], head: bytes) -> bytes:
        chain = self.chain
        request = sign_key_request(
            chain.wallet.account,
            job.job_id,
            owner=chain.provider,
            public_key=self.book.public_key,
            chain_id=chain.chain_id,
            market=chain.market,
        )
        for source in dict.fromkeys(sources):
            key = await self._ask(source, job, request)
            if key is not None and key_fits(head, key):
                return key
        raise KeyNotGiven(
            "No source gave us the key of the job's private input.", job_id=hex_of(job.job_id)
        )

    async def _ask(self, source: str, job: PostedJob, request: InputKeyRequest) -> bytes | None:
        """Return the key that a source gives, or None; it may be a gateway that has no keys."""
        try:
            base = check_url(source, self.allow_private)
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=PolicyResolver(self.allow_private)),
                    timeout=aiohttp.ClientTimeout(total=ASK_TIMEOUT_S),
                    trust_env=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(
                    f"{base}/v1/jobs/{hex_of(job.job_id)}/input-key",
                    data=request.model_dump_json(),
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:
                    return None
                raw = await response.content.read(REPLY_MAX_BYTES)
            reply = InputKeyReply.model_validate_json(raw)
            return self.book.open(reply.sealed_key, drawn_context(job.job_id, request.owner))
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError, NeurovoyanceError):
            return None
