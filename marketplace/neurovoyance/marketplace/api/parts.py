"""What the routes work with, and who asks: one object an application, found through the request.

Place: made by ``app``, used by every route module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from neurovoyance.chain.deployment import Deployment
from neurovoyance.marketplace.api.accounts import Accounts, Caller
from neurovoyance.marketplace.api.answering import Answers
from neurovoyance.marketplace.api.guarding import Limiter
from neurovoyance.marketplace.api.metrics import Metrics
from neurovoyance.marketplace.api.offers import OfferBoard
from neurovoyance.marketplace.api.quoting import Matcher
from neurovoyance.marketplace.api.reading import PAGE_MAX, Reading
from neurovoyance.marketplace.api.stream import Changes
from neurovoyance.marketplace.dapp.side import DappSide
from neurovoyance.marketplace.errors import SignInNeeded
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.matching import StandingMarket
from neurovoyance.marketplace.settings import MarketSettings
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import Address, parse_address


@dataclass(slots=True)
class Parts:
    """Everything behind the routes.

    Attributes:
        domains: hosts that people may sign in to; known when the port is.
        chain_time_s: the chain's own time, unix seconds, as far as the service knows.
        matcher: ranks offers, if there is one.
        standing: the standing offers that were heard, if the service keeps any.
        dapp: what stands behind the web pages.
    """

    settings: MarketSettings
    deployment: Deployment
    reading: Reading
    answers: Answers
    accounts: Accounts
    offers: OfferBoard
    changes: Changes
    metrics: Metrics
    limiter: Limiter
    progress: Progress
    domains: frozenset[str]
    chain_time_s: Callable[[], int]
    matcher: Matcher | None = None
    standing: StandingMarket | None = None
    dapp: DappSide = field(default_factory=DappSide)


_bearer = HTTPBearer(auto_error=False, description="A session or an API key.")
_CALLER = "neurovoyance.caller"


def parts_in(request: Request) -> Parts:
    """Return the parts of the application that serves a request."""
    parts: Parts = request.app.state.parts
    return parts


# The dependencies of every request are coroutines: others would each cost a trip to a thread.
async def parts_of(request: Request) -> Parts:
    """Return the parts of the application that serves a request."""
    return parts_in(request)


PartsNeeded = Annotated[Parts, Depends(parts_of)]


async def admit(request: Request, parts: Parts) -> Caller | None:
    """Return who asks, if they say so, and count the request, once however often it is called.

    Raises:
        SignInNeeded: the session or key is not valid.
        RateLimited: too many requests.
    """
    if _CALLER in request.scope:
        known: Caller | None = request.scope[_CALLER]
        return known
    bearer = await _bearer(request)
    caller = None
    if bearer is None:
        parts.limiter.count(request)
    else:
        try:
            caller = await asyncio.to_thread(parts.accounts.caller, bearer.credentials)
        except SignInNeeded:
            # Guessing costs the guesser's own allowance.
            parts.limiter.count(request)
            raise
        parts.limiter.count(request, caller.address)
    request.scope[_CALLER] = caller
    return caller


async def caller_of(
    request: Request,
    parts: PartsNeeded,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller | None:
    """Return who asks; see :func:`admit`, which reads the header that is declared here."""
    return await admit(request, parts)


AnyCaller = Annotated[Caller | None, Depends(caller_of)]


async def signed_in(caller: AnyCaller) -> Caller:
    """Return who asks; SignInNeeded when nobody signed in."""
    if caller is None:
        raise SignInNeeded("This request needs a session or an API key.")
    return caller


SignedIn = Annotated[Caller, Depends(signed_in)]
Cursor = Annotated[str | None, Query(max_length=256, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Rows of a page.")]
Hash32 = Annotated[str, Query(pattern="^0x[0-9a-fA-F]{64}$")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern="^[\\x21-\\x7e]{1,64}$",
        description="Repeating a request with the same key repeats its answer, not its effect.",
    ),
]


def address_or_none(text: str | None, field: str) -> Address | None:
    """Return a checksummed address; SpecError naming the field when it is none."""
    if text is None:
        return None
    try:
        return parse_address(text)
    except SpecError as error:
        raise SpecError(f"{field}: {error.message}", hint=error.hint) from error
