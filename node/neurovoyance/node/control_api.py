"""The owner's part of the node's API: ``/v1/control``, closed to everybody without the token.

Place: beside ``api``, on the same listener. The token is made anew at every start and lies in the
data directory, readable for the owner of the files alone; a web page can read neither it nor the
answers. Never: an answer to anybody else, or the token in a log or in the settings.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurovoyance.node.control import Control, Wish
from neurovoyance.protocol.errors import AccessDenied, NeurovoyanceError, SpecError

TOKEN_NAME = "control.token"  # noqa: S105 - a file's name
PATH = "/v1/control"
_WISH_MAX_BYTES = 4_096


def make_token(data_dir: Path) -> str:
    """Write a new token for the owner's programs and return it."""
    token = secrets.token_hex(32)
    path = data_dir / TOKEN_NAME
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return token


class ControlApi:
    """The handlers, bound to one node."""

    def __init__(self, control: Control, token: str) -> None:
        self._control = control
        self._token = token

    def routes(self) -> list[Route]:
        """Return the routes of the owner."""
        return [Route(PATH, self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Answer ``GET /v1/control``, and ``POST`` of a :class:`Wish`, with the state after it."""
        try:
            self._require_owner(request)
            if request.method == "POST":
                self._control.obey(await _wish(request))
            return JSONResponse(self._control.state())
        except NeurovoyanceError as error:
            return JSONResponse(error.to_wire(), status_code=error.http_status)

    def _require_owner(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise AccessDenied(
                "Only the owner of the node may ask this.",
                hint=f"Send the token that lies in the node's data directory as {TOKEN_NAME}.",
            )


async def _wish(request: Request) -> Wish:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _WISH_MAX_BYTES:
            raise SpecError("The request is longer than any valid one; nothing was changed.")
    try:
        return Wish.model_validate_json(bytes(body))
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise SpecError(
            "The request is not valid and changed nothing: " + "; ".join(faults)[:500],
            faults=faults[:20],
        ) from error
