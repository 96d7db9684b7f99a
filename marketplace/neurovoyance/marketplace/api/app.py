"""The application: routes, guards and parts put together; it starts nothing by itself.

Place: made by ``serving`` for a server, and by tests without one. Cross-origin calls are off unless
origins are named; documentation pages load scripts from elsewhere and are off, the description at
``/openapi.json`` is there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from neurovoyance.chain.deployment import Deployment
from neurovoyance.marketplace.api import (
    account_routes,
    offer_routes,
    read_routes,
    standing_routes,
    stream_routes,
)
from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.api.answering import Answers
from neurovoyance.marketplace.api.guarding import BodyLimit, Deadline, KnownHosts, Limiter
from neurovoyance.marketplace.api.metrics import Measured, Metrics
from neurovoyance.marketplace.api.offers import OfferBoard
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.problems import MEDIA_TYPE, Problem, answer_problems
from neurovoyance.marketplace.api.quoting import Matcher
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.api.stream import Changes
from neurovoyance.marketplace.dapp.mounting import larger_bodies, mount_dapp, patient_paths
from neurovoyance.marketplace.dapp.side import DappSide
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.matching import StandingMarket
from neurovoyance.marketplace.settings import MarketSettings

_PROBLEM: dict[str, Any] = {
    "description": "The request failed.",
    "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
}
_RESPONSES: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}
_QUIET: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_parts(
    settings: MarketSettings,
    deployment: Deployment,
    database: Database,
    progress: Progress,
    *,
    port: int,
    matcher: Matcher | None = None,
    standing: StandingMarket | None = None,
    accounts: Accounts | None = None,
    dapp: DappSide | None = None,
) -> Parts:
    """Return what the routes work with, over a database with an index in it."""

    def chain_time_s() -> int:
        return progress.chain_time_s

    return Parts(
        settings=settings,
        deployment=deployment,
        reading=Reading(database),
        answers=Answers(progress.position),
        accounts=accounts or Accounts(database),
        offers=OfferBoard(database, deployment, chain_time_s),
        changes=Changes(),
        metrics=Metrics(progress),
        limiter=Limiter(settings.reads_per_minute, settings.writes_per_minute),
        progress=progress,
        domains=settings.domains(port),
        chain_time_s=chain_time_s,
        matcher=matcher,
        standing=standing,
        dapp=dapp or DappSide(),
    )


def make_app(parts: Parts, lifespan: Lifespan | None = None) -> FastAPI:
    """Return the application."""
    settings = parts.settings
    guards = [
        Middleware(KnownHosts, hosts=parts.domains),
        Middleware(Measured, metrics=parts.metrics),
        Middleware(BodyLimit, max_bytes=settings.body_max_bytes, larger=larger_bodies(parts)),
        Middleware(Deadline, seconds=settings.request_timeout_s, patient=patient_paths()),
    ]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
        )
        guards.insert(1, cors)
    app = FastAPI(
        title="Neurovoyance market",
        version=version("neurovoyance"),
        docs_url=None,
        redoc_url=None,
        middleware=guards,
        responses=_RESPONSES,
        lifespan=lifespan,
        telemetry=_QUIET,
    )
    app.state.parts = parts
    answer_problems(app)
    for module in (read_routes, account_routes, standing_routes, offer_routes, stream_routes):
        app.include_router(module.router)
    mount_dapp(app, parts)
    return app
