"""Which nodes there are, and what they ask for a job.

Place: stage 3, the client's side. Endpoints are read from the chain's announcements; every node is
asked at once, and an answer is believed only after its signature, terms and signer were checked.
Never: let one slow or hostile node delay, enlarge or fail the question to the others.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from pydantic import ValidationError

from neurovoyance.chain.contracts import Contracts
from neurovoyance.client.journal import Journal
from neurovoyance.ipfs.peers import PolicyResolver, check_url
from neurovoyance.matching.candidates import Candidate
from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import (
    OfferReply,
    OfferRequest,
    Refusal,
    RefusalCause,
    summarise,
)
from neurovoyance.protocol.signing import OFFER_MAX_S, Offer, recover_offer_signer
from neurovoyance.tokenomics.params import default_of

LOCK_MIN_MULTIPLE = default_of("lockMinMultiple")
REPLY_MAX_BYTES = 65_536
EXECUTIONS_MAX_BYTES = 262_144
MAX_NODES = 500
_TAKE_MARGIN_S = 5
_PHASE_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MarketId:
    """Which market: the chain's id and the contract's address; signatures bind both."""

    chain_id: int
    address: str


@dataclass(frozen=True, slots=True)
class Node:
    """A provider that announced where its node answers; the claim is checked by its signature."""

    provider: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What one node said: a checked offer with its signature, or a refusal."""

    node: Node
    offer: Offer | None = None
    signature: bytes = b""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Every node's answer to one job; nothing was signed by the client and nothing is bound.

    Attributes:
        answers: best first by the preset asked for (by price before that), refusals last.
        spec: the job that was asked about.
        candidates: what is known of each provider that made an offer, for the ranking.
    """

    answers: tuple[NodeAnswer, ...]
    spec: JobSpec | None = None
    candidates: Mapping[str, Candidate] = field(default_factory=dict)

    @property
    def offers(self) -> tuple[NodeAnswer, ...]:
        """The answers that are offers, best first."""
        return tuple(answer for answer in self.answers if answer.offer is not None)

    @property
    def summary(self) -> str:
        """One line that counts causes, such as ``0 of 3 nodes: 2 price, 1 memory``."""
        refusals = [answer.refusal for answer in self.answers if answer.refusal]
        return summarise(refusals, len(self.answers))


def known_nodes(journal: Journal, extra: Sequence[Node] = ()) -> list[Node]:
    """Return the newest announced endpoint of every provider, and ``extra`` ones."""
    endpoints: dict[str, str] = {}
    for event in journal.events_named("EndpointChanged"):
        provider = str(event.body["provider"])
        endpoints.pop(provider, None)
        endpoints[provider] = str(event.body["endpoint"])
    nodes = [Node(provider, url) for provider, url in endpoints.items() if url]
    urls = {node.endpoint for node in nodes}
    nodes += [node for node in extra if node.endpoint not in urls]
    return nodes[-MAX_NODES:]


class Asker:
    """Asks nodes for offers and checks what they answer.

    Args:
        contracts: to look up who may sign for a provider.
        market: the market that offers have to be signed for.
        allow_private: whether nodes at private addresses may be asked (devnet, LAN).
        timeout_s: seconds that one node has to answer; after that it counts as unreachable.
    """

    def __init__(
        self, contracts: Contracts, market: MarketId, *, allow_private: bool, timeout_s: float
    ) -> None:
        self.contracts = contracts
        self.market = market
        self._allow_private = allow_private
        self._timeout_s = timeout_s

    def url(self, endpoint: str, path: str) -> str:
        """Return where a path of a node lies.

        Raises:
            NeurovoyanceError: the address may not be asked.
        """
        return check_url(endpoint, self._allow_private) + path

    def http(self, timeout_s: float) -> aiohttp.ClientSession:
        """Return an HTTP session that asks allowed addresses alone; close it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PolicyResolver(self._allow_private), limit=64),
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=5),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def ask(self, nodes: Sequence[Node], request: OfferRequest, *, now_s: int) -> Quote:
        """Return every node's answer; a node that misbehaves becomes a refusal.

        Args:
            nodes: whom to ask.
            request: the job, its client and the highest price.
            now_s: chain time, unix seconds.
        """
        body = request.model_dump_json().encode()
        async with self.http(self._timeout_s) as session:
            answers = await asyncio.gather(
                *(self._ask_one(session, node, request, body, now_s) for node in nodes)
            )
        return Quote(tuple(sorted(answers, key=_rank)), request.spec)

    async def get(self, endpoint: str, path: str, limit_bytes: int) -> bytes:
        """Return what a node answers to a question, bounded in size and time.

        Raises:
            NeurovoyanceError: the address may not be asked.
            ClientError, TimeoutError, OSError: no answer, or one of refusal.
            ValueError: the answer is too long.
        """
        url = check_url(endpoint, self._allow_private) + path
        async with (
            self.http(self._timeout_s) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            response.raise_for_status()
            return await _bounded(response, limit_bytes)

    async def execution_phase(self, endpoint: str, job_id: str) -> str:
        """Return what a node says it does with a job; empty when it does not say.

        A claim of the node, for people to read; nothing is decided by it.
        """
        try:
            url = check_url(endpoint, self._allow_private) + "/v1/executions"
            async with (
                self.http(_PHASE_TIMEOUT_S) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                listed = json.loads(await _bounded(response, EXECUTIONS_MAX_BYTES))
            for entry in listed["executions"]:
                if entry["job_id"] == job_id:
                    return str(entry["phase"])
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
            pass
        except NeurovoyanceError as error:
            log.info("node.phase code=%s", error.code)
        return ""

    async def _ask_one(
        self,
        session: aiohttp.ClientSession,
        node: Node,
        request: OfferRequest,
        body: bytes,
        now_s: int,
    ) -> NodeAnswer:
        try:
            reply = await self._post(session, node, body)
        except NeurovoyanceError as error:
            return _refused(node, RefusalCause.UNREACHABLE, error.message)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = str(error) or type(error).__name__
            return _refused(node, RefusalCause.UNREACHABLE, f"The node did not answer: {said}.")
        except (ValidationError, ValueError):
            return _refused(node, RefusalCause.SPEC, "The node's answer is not a valid reply.")
        if reply.refusal is not None:
            return NodeAnswer(node, refusal=reply.refusal)
        offer, signature = reply.offer, reply.signature
        if offer is None or signature is None:
            return _refused(node, RefusalCause.SPEC, "The node's answer is empty.")
        fault = _terms_fault(node, request, offer, now_s) or await self._signer_fault(
            offer, signature
        )
        if fault is not None:
            return _refused(node, *fault)
        return NodeAnswer(Node(offer.provider, node.endpoint), offer, signature)

    async def _post(self, session: aiohttp.ClientSession, node: Node, body: bytes) -> OfferReply:
        url = check_url(node.endpoint, self._allow_private) + "/v1/offers"
        async with session.post(
            url,
            data=body,
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
        ) as response:
            raw = await _bounded(response, REPLY_MAX_BYTES)
            if response.status != 200:
                raise aiohttp.ClientError(_said(raw) or f"status {response.status}")
            return OfferReply.model_validate_json(raw)

    async def _signer_fault(
        self, offer: Offer, signature: bytes
    ) -> tuple[RefusalCause, str] | None:
        try:
            signer = recover_offer_signer(
                offer, signature, chain_id=self.market.chain_id, market=self.market.address
            )
            operator = await self.contracts.stakes.operator_of(offer.provider)
        except NeurovoyanceError as error:
            return RefusalCause.SPEC, error.message
        if signer != operator:
            return RefusalCause.SPEC, "The offer is not signed by the provider's operator."
        return None


def _terms_fault(
    node: Node, request: OfferRequest, offer: Offer, now_s: int
) -> tuple[RefusalCause, str] | None:
    if offer.spec_hash != request.spec.spec_hash():
        return RefusalCause.SPEC, "The offer is for another job."
    if offer.client not in (ZERO_ADDRESS, request.client):
        return RefusalCause.SPEC, "The offer is made to another client."
    if node.provider != ZERO_ADDRESS and offer.provider != node.provider:
        return RefusalCause.SPEC, "The offer is in the name of another provider."
    if not 0 < offer.price_wei <= request.max_price_wei:
        return RefusalCause.PRICE, "The offer's price is zero or above the maximum asked for."
    if offer.lock_wei < LOCK_MIN_MULTIPLE * offer.price_wei:
        return RefusalCause.STAKE, "The offer puts less stake behind the job than the rules ask."
    if not now_s + _TAKE_MARGIN_S <= offer.valid_until_s <= now_s + OFFER_MAX_S:
        return RefusalCause.TIME, "The offer is over already, or valid for longer than allowed."
    return None


async def _bounded(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > limit_bytes:
            raise ValueError("the answer is too long")
    return bytes(raw)


def _said(raw: bytes) -> str:
    """Return the sentence in a node's error answer, shortened."""
    try:
        return str(json.loads(raw)["message"])[:300].rstrip(".")
    except (ValueError, KeyError, TypeError):
        return ""


def _refused(node: Node, cause: RefusalCause, message: str) -> NodeAnswer:
    return NodeAnswer(node, refusal=Refusal(cause=cause, message=message[:1_000]))


def _rank(answer: NodeAnswer) -> tuple[int, int, str]:
    if answer.offer is None:
        return (1, 0, answer.node.endpoint)
    return (0, answer.offer.price_wei, answer.node.endpoint)
