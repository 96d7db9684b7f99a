"""Only who can read the token may ask or change anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from neurovoyance.node.control import Wish
from neurovoyance.node.control_api import PATH, TOKEN_NAME, ControlApi, make_token


class Spy:
    """A control that notes what it is asked."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    def obey(self, wish: Wish) -> None:
        self.wishes.append(wish)

    def state(self) -> dict[str, Any]:
        return {"wishes": len(self.wishes)}


async def ask(api: ControlApi, token: str | None, body: bytes | None = None) -> tuple[int, bytes]:
    """Send a request through the routes; None for a body means GET."""
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http", "method": "GET" if body is None else "POST", "path": PATH,
        "headers": headers, "query_string": b"", "root_path": "", "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await Starlette(routes=api.routes())(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def api(spy: Spy) -> ControlApi:
    return ControlApi(spy, "t" * 64)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", [None, "", "t" * 63, "T" * 64, "é"])
async def test_strangers_learn_and_change_nothing(
    api: ControlApi, spy: Spy, token: str | None
) -> None:
    for body in (None, b'{"rest": true}'):
        status, answer = await ask(api, token, body)
        assert status == 403
        assert b"wishes" not in answer
    assert spy.wishes == []


async def test_the_owner_asks_and_is_obeyed(api: ControlApi, spy: Spy) -> None:
    assert await ask(api, "t" * 64) == (200, b'{"wishes":0}')
    assert await ask(api, "t" * 64, b'{"rest": true, "rest_s": 60}') == (200, b'{"wishes":1}')
    assert spy.wishes == [Wish(rest=True, rest_s=60)]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"rest": 1.5}', b" " * 5_000])
async def test_a_request_that_makes_no_sense_changes_nothing(
    api: ControlApi, spy: Spy, body: bytes
) -> None:
    status, _ = await ask(api, "t" * 64, body)
    assert status in (400, 422)
    assert spy.wishes == []


def test_a_token_is_new_at_every_start_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = make_token(tmp_path), make_token(tmp_path)
    path = tmp_path / TOKEN_NAME
    assert first != second == path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
