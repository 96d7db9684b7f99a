"""Answers as bytes, kept while the index stands still, with an ETag each.

Place: under the routes that read the index alone, see ``index_route``. An answer belongs to the
index's position at the moment when its making began: a later position drops it, so nothing is kept
that the index has overtaken. Where another process follows the chain this one hears of it when it
looks next, so no answer is kept longer than :data:`KEPT_S`.

Never: an answer that depends on who asks, or a failure.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import Response

KEPT_S = 2.0
KEPT_BYTES = 32 << 20
QUERY_MAX_CHARS = 512
"""Longer questions are answered, and their answers not kept."""
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "As `If-None-Match` has it."}}
"""What a description says of routes that answer with an ETag."""
_OVERHEAD_BYTES = 1_024
_HEADERS = {"Cache-Control": "no-cache"}  # keep it, but ask whether it still holds

Question: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON document and the name of its content."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Answer:
        """Return a body with its name: half of its SHA-256."""
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def to(self, request: Request) -> Response:
        """Return the response: the body, or 304 for somebody who has it already.

        Each is made anew: the layers around the routes write into a response's headers.
        """
        headers = {**_HEADERS, "ETag": self.etag}
        if _names(request.headers.get("if-none-match"), self.etag):
            return Response(None, 304, headers)
        return Response(self.body, 200, headers, media_type="application/json")


def _names(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    named = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return any(part in (etag, "*") for part in named)


def question_of(request: Request) -> Question | None:
    """Return what is asked, the same for every order of its parts; None if it is too long to keep.

    Parts of one name keep their order, since the last of them counts.
    """
    if len(request.scope["path"]) + len(request.scope["query_string"]) > QUERY_MAX_CHARS:
        return None
    items = sorted(request.query_params.multi_items(), key=lambda item: item[0])
    return request.scope["path"], tuple(items)


class Answers:
    """The answers that still hold, least recently used ones dropped first.

    Args:
        position: tells where the index is; equal values mean that nothing changed.
        clock: seconds, monotonic.
        max_bytes: of all bodies together.
    """

    def __init__(
        self,
        position: Callable[[], Hashable],
        *,
        clock: Callable[[], float] = time.monotonic,
        max_bytes: int = KEPT_BYTES,
    ) -> None:
        self.position = position
        self._max_bytes = max_bytes
        self._at = position()
        self._kept: TTLCache[Question, Answer] = TTLCache(
            max_bytes, KEPT_S, timer=clock, getsizeof=_size_of
        )

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, question: Question) -> Answer | None:
        """Return the answer of a question, if one still holds."""
        self._follow()
        return self._kept.get(question)

    def keep(self, question: Question, answer: Answer, made_at: Hashable) -> None:
        """Keep an answer whose making began at a position, unless the index moved since."""
        self._follow()
        if made_at == self._at and _size_of(answer) <= self._max_bytes:
            self._kept[question] = answer

    def _follow(self) -> None:
        now = self.position()
        if now != self._at:
            self._kept.clear()
            self._at = now


def _size_of(answer: Answer) -> int:
    return len(answer.body) + _OVERHEAD_BYTES
