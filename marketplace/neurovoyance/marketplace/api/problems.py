"""Failures as ``application/problem+json`` (RFC 9457), with our codes and hints.

Place: the one place of the service that turns errors into answers. Never: a traceback, a query or
an address of the database in an answer.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException

from neurovoyance.marketplace.errors import (
    DatabaseAway,
    MarketNotFound,
    RequestTooLarge,
    SignInNeeded,
    TookTooLong,
)
from neurovoyance.protocol.errors import (
    InternalError,
    NeurovoyanceError,
    RateLimited,
    RequestError,
    SpecError,
)

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_BY_STATUS: dict[int, type[RequestError]] = {
    404: MarketNotFound,
    413: RequestTooLarge,
    503: TookTooLong,
}


class Problem(BaseModel):
    """What every failed request answers.

    Attributes:
        type: where the code is explained.
        title: the HTTP status in words.
        status: the HTTP status.
        detail: what happened, one sentence.
        code: stable, see ``docs/errors.md``.
        hint: what to do.
        context: facts about this failure.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    context: dict[str, Any]


def problem(error: NeurovoyanceError, status: int | None = None) -> JSONResponse:
    """Return the answer for an error."""
    wire = error.to_wire()
    number = error.http_status if status is None else status
    body = Problem(
        type=f"urn:neurovoyance:error:{wire['code']}",
        title=HTTPStatus(number).phrase,
        status=number,
        detail=wire["message"],
        code=wire["code"],
        hint=wire["hint"],
        context=wire["context"],
    )
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(wire["context"].get("retry_after_s", 60))
    if isinstance(error, SignInNeeded):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), number, headers, media_type=MEDIA_TYPE)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NeurovoyanceError)  # noqa: S101 - registered for it alone
    if error.http_status >= 500:
        _log.error("request_failed path=%s code=%s", request.url.path, error.code)
    return problem(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    faults = [
        f"{'.'.join(str(part) for part in item['loc'])[:120]}: {str(item['msg'])[:200]}"
        for item in error.errors()[:20]
    ]
    spec = SpecError(
        "The request is not valid: " + "; ".join(faults)[:900],
        hint="Nothing was changed. Mend the fields named; /openapi.json describes them.",
        faults=faults,
    )
    return problem(spec)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    kind = _BY_STATUS.get(error.status_code, RequestError)
    answer = problem(kind(f"{error.detail}."), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _away(request: Request, error: Exception) -> JSONResponse:
    _log.error("database_away path=%s", request.url.path, exc_info=error)
    return problem(DatabaseAway("The database does not answer now."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    what = "The database" if isinstance(error, SQLAlchemyError) else "The service"
    _log.error(
        "request_broke path=%s kind=%s", request.url.path, type(error).__name__, exc_info=error
    )
    return problem(InternalError(f"{what} failed; the failure was logged."))


def answer_problems(app: FastAPI) -> None:
    """Let an application answer every failure as a problem."""
    app.add_exception_handler(NeurovoyanceError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _away)
    app.add_exception_handler(SQLAlchemyError, _unexpected)
    app.add_exception_handler(Exception, _unexpected)
