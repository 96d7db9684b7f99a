"""The node's HTTP API: what it is, what it asks, what it does, and the content it offers.

Place: the outside of the node; listens on the loopback interface unless told otherwise. Everything
served is public: prices, counts, job ids, encrypted results; keys leave only sealed to those who
have a right to them. Errors are
``{code, message, hint, context}``. Requests are bounded in size and number, and have to name a
host that the owner allowed, so that no web page can reach a node behind its user's back. Never: a
call that changes the node (those are the owner's, see ``control_api``), an answer that names an
input, or why the node rests, which would tell strangers when its owner is away.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_routes
from neurovoyance.ipfs.rate import RateLimit, RateLimiter
from neurovoyance.node.agent import Agent
from neurovoyance.node.audit_slots import AuditView
from neurovoyance.node.execution_values import OCCUPYING, Phase
from neurovoyance.node.journal import Entry
from neurovoyance.node.key_desk import KeyDesk
from neurovoyance.node.offering import SUPPORTED_CLASSES
from neurovoyance.protocol.errors import (
    AccessDenied,
    NeurovoyanceError,
    RateLimited,
    RequestError,
    SpecError,
)
from neurovoyance.protocol.ids import JobId, hex_of, parse_job_id
from neurovoyance.protocol.offer_exchange import REQUEST_MAX_BYTES, OfferRequest
from neurovoyance.protocol.privacy import KEY_REQUEST_MAX_BYTES, InputKeyRequest

API_VERSION = "1"
EXECUTIONS_MAX = 100
STATUS_KEEP_S = 1.0
READ_LIMIT = RateLimit(requests_per_s=50.0, burst=100)
OFFER_LIMIT = RateLimit(requests_per_s=2.0, burst=20)
KEY_LIMIT = RateLimit(requests_per_s=1.0, burst=10)

Handler = Callable[[Request], Awaitable[Response]]


class BodyTooLarge(RequestError):
    """The body of a request is longer than any valid one; the rest was not read."""

    code = "request.too_large"
    http_status = 413


class NothingOffered(RequestError):
    """A node publishes no standing offer at the moment: it starts, stops, or has no address."""

    code = "request.nothing_offered"
    http_status = 404
    default_hint = "Ask for the price of a job by POST /v1/offers; nothing depends on this."


class NodeApi:
    """The handlers, bound to one agent."""

    def __init__(self, agent: Agent, operator: str, numeric_class: bytes | None = None) -> None:
        self._agent = agent
        self._operator = operator
        self._numeric_class = numeric_class
        self._reads = RateLimiter(READ_LIMIT)
        self._offers = RateLimiter(OFFER_LIMIT)
        self._keys = RateLimiter(KEY_LIMIT)
        self._reading = asyncio.Lock()
        self._known: dict[str, object] | None = None
        self._known_at_s = 0.0

    def routes(self) -> list[Route]:
        """Return the routes of the API, without the gateway."""
        return [
            Route("/v1/status", _answered(self.status), methods=["GET"]),
            Route("/v1/offers", _answered(self.offers), methods=["POST"]),
            Route("/v1/offers/standing", _answered(self.standing), methods=["GET"]),
            Route("/v1/executions", _answered(self.executions), methods=["GET"]),
            Route("/v1/jobs/{job_id}/input-key", _answered(self.input_key), methods=["POST"]),
            Route("/v1/jobs/{job_id}/result-key", _answered(self.result_key), methods=["GET"]),
        ]

    async def status(self, request: Request) -> Response:
        """Answer ``GET /v1/status``: public facts; amounts in wei as decimal strings."""
        _refuse_flood(self._reads, request)
        return JSONResponse(await self._facts())

    async def _facts(self) -> dict[str, object]:
        """Return the status, read anew when the last one is old: asking costs the owner's RPC."""
        async with self._reading:
            now_s = time.monotonic()
            if self._known is None or now_s - self._known_at_s >= STATUS_KEEP_S:
                self._known, self._known_at_s = await self._read_facts(), now_s
            return self._known

    async def _read_facts(self) -> dict[str, object]:
        agent, policy = self._agent, self._agent.desk.policy
        room, keys = await agent.desk.room(), agent.desk.keys
        stake = await agent.chain.stake()
        return {
            "api": API_VERSION,
            "provider": agent.chain.provider,
            "operator": self._operator,
            "chain_id": agent.chain.chain_id,
            "market": agent.chain.market,
            "chain_time_s": agent.shell.time_s,
            "is_draining": agent.desk.is_draining,
            "is_paused": agent.desk.is_paused,
            "lend": policy.lending.mode.value,
            "prices": {
                "base_price_wei": str(policy.base_price_wei),
                "price_per_second_wei": str(policy.price_per_second_wei),
                "lock_multiple": policy.lock_multiple,
                "min_lock_wei": str(policy.min_lock_wei),
            },
            "capabilities": {
                "job_classes": sorted(item.name for item in SUPPORTED_CLASSES),
                "formats": ["onnx"],
                "max_runtime_s": policy.max_runtime_s,
                "max_jobs": agent.desk.max_jobs,
                "numeric_class": hex_of(self._numeric_class) if self._numeric_class else None,
            },
            "jobs": {
                "live": agent.shell.count(frozenset(Phase) - {Phase.ENDED}),
                "occupied": room.occupied,
                "promised": room.promised,
            },
            "duties": {
                "occupied": sum(duty.occupied() for duty in agent.duties),
                "due": sum(duty.due() for duty in agent.duties),
                "live": {duty.name: duty.live() for duty in agent.duties},
            },
            "stake": {
                "own_wei": str(stake.own_wei),
                "locked_wei": str(stake.locked_wei),
                "seats": stake.seats,
            },
            "input_key": keys.node_key().model_dump(mode="json") if keys else None,
            "earned_wei": str(await agent.chain.earned_wei()),
            "refused": dict(agent.watch.refused),
            "failed_turns": agent.failed_turns,
        }

    async def offers(self, request: Request) -> Response:
        """Answer ``POST /v1/offers``: an ``OfferRequest`` in, an ``OfferReply`` out."""
        _refuse_flood(self._offers, request)
        body = await _body(request, REQUEST_MAX_BYTES)
        try:
            wanted = OfferRequest.model_validate_json(body)
        except ValidationError as error:
            faults = [
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_url=False, include_input=False)
            ]
            raise SpecError(
                "The request for an offer is not valid: " + "; ".join(faults)[:900],
                hint="Nothing was promised. Mend the fields named and ask again.",
                faults=faults[:20],
            ) from error
        reply = await self._agent.desk.answer(wanted)
        return Response(reply.model_dump_json(), media_type="application/json")

    async def standing(self, request: Request) -> Response:
        """Answer ``GET /v1/offers/standing``: the signed standing offer, or 404 while none is."""
        _refuse_flood(self._reads, request)
        signed = self._agent.desk.standing()
        if signed is None:
            raise NothingOffered("This node publishes no standing offer now.")
        return Response(signed.wire_bytes(), media_type="application/json")

    async def input_key(self, request: Request) -> Response:
        """Answer ``POST /v1/jobs/{job_id}/input-key``; see :meth:`.KeyDesk.input_key`."""
        _refuse_flood(self._keys, request)
        body = await _body(request, KEY_REQUEST_MAX_BYTES)
        try:
            wanted = InputKeyRequest.model_validate_json(body)
        except ValidationError as error:
            raise SpecError("The request for a key is not valid.") from error
        reply = await self._key_desk().input_key(_job_id(request), wanted)
        return Response(reply.model_dump_json(), media_type="application/json")

    async def result_key(self, request: Request) -> Response:
        """Answer ``GET /v1/jobs/{job_id}/result-key``; see :meth:`.KeyDesk.result_key`."""
        _refuse_flood(self._keys, request)
        reply = await self._key_desk().result_key(_job_id(request))
        return Response(reply.model_dump_json(), media_type="application/json")

    def _key_desk(self) -> KeyDesk:
        if self._agent.desk.keys is None:
            raise AccessDenied("This node takes no private jobs.")
        return self._agent.desk.keys

    async def executions(self, request: Request) -> Response:
        """Answer ``GET /v1/executions``: the executions that changed last, newest first."""
        _refuse_flood(self._reads, request)
        entries = self._agent.chain.journal.recent(EXECUTIONS_MAX)
        return JSONResponse({"executions": [_public(entry) for entry in entries]})


def node_app(
    agent: Agent,
    operator: str,
    storage: EmbeddedBackend,
    *,
    endpoint: str,
    allowed_hosts: Sequence[str] = (),
    numeric_class: bytes | None = None,
    owner_routes: Sequence[Route] = (),
) -> Starlette:
    """Return the ASGI application of a node: API and gateway.

    Args:
        agent: what it speaks for.
        operator: address of the operator key.
        storage: whose offered content the gateway serves.
        endpoint: public base URL, also of the gateway.
        allowed_hosts: names that requests may address, besides the endpoint's and this machine.
        numeric_class: of this machine, 32 bytes, if it was found out.
        owner_routes: those of ``control_api``.
    """
    hosts = {"localhost", "127.0.0.1", "::1", *allowed_hosts}
    hosts.add(urlsplit(endpoint).hostname or "")
    routes = [
        *NodeApi(agent, operator, numeric_class).routes(),
        *owner_routes,
        *gateway_routes(storage, public_urls=(endpoint,)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_AllowedHosts, hosts=frozenset(hosts))],
    )


class _AllowedHosts:
    """Refuses requests for other host names: a page on the web that resolves to this machine."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Request(scope).headers.get("host", "") if scope["type"] == "http" else "localhost"
        if _host_of(host) not in self._hosts:
            error = AccessDenied(
                "This node does not answer under the host name of the request.",
                hint="The owner can add the name to allowed_hosts.",
            )
            await _error(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host_of(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _answered(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except NeurovoyanceError as error:
            return _error(error)

    return answer


def _error(error: NeurovoyanceError) -> JSONResponse:
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.context.get("wait_s", 1))
    return JSONResponse(error.to_wire(), status_code=error.http_status, headers=headers)


def _refuse_flood(limiter: RateLimiter, request: Request) -> None:
    wait_s = limiter.wait_s(request.client.host if request.client else "unknown")
    if wait_s:
        raise RateLimited(
            "Too many requests from this address.",
            hint="Wait as long as Retry-After says.",
            wait_s=math.ceil(wait_s),
        )


async def _body(request: Request, limit_bytes: int) -> bytes:
    """Return the body, reading no more than the limit."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit_bytes:
                raise BodyTooLarge(
                    f"The request is longer than {limit_bytes:,} bytes.", size_bytes=limit_bytes
                )
    except ClientDisconnect as error:
        raise RequestError("The request ended before its body was complete.") from error
    return bytes(body)


def _job_id(request: Request) -> JobId:
    return parse_job_id(str(request.path_params["job_id"]))


def _public(entry: Entry) -> dict[str, object]:
    execution = entry.execution
    terms = execution.terms
    return {
        "job_id": hex_of(execution.job_id),
        "client": entry.job.client,
        "model_id": hex_of(entry.job.spec.model_id),
        "job_class": entry.job.spec.job_class.name,
        "phase": execution.phase.value,
        "is_occupying": execution.phase in OCCUPYING,
        "outcome": execution.outcome.value if execution.outcome else None,
        "refusal": execution.refusal.model_dump(mode="json") if execution.refusal else None,
        "price_wei": str(terms.price_wei if terms else entry.job.max_price_wei),
        "deadline_s": execution.view.deadline_s,
        "audit": _public_audit(execution.view.audit) if execution.view.audit else None,
        "stands": execution.stands,
        "changed_s": entry.changed_s,
    }


def _public_audit(audit: AuditView) -> dict[str, object]:
    slots = [
        {
            "phase": slot.phase.name.lower(),
            "round": slot.round,
            "auditor": slot.auditor,
            "deadline_s": slot.deadline_s,
        }
        for slot in audit.slots
    ]
    return {"slots": slots, "contest_deadline_s": audit.contest_deadline_s}
