"""Routes that read nothing but the index: each request is counted, then answered from memory.

Place: the ``route_class`` of ``read_routes``. A route becomes one by declaration, so a new route is
never kept by accident. Whoever asks is admitted before any answer is looked up: limits count and a
session or key is checked for kept answers as for new ones.

Never: a route that signs in, changes something, streams, or tells two people different things.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from neurovoyance.marketplace.api.answering import Answer, question_of
from neurovoyance.marketplace.api.parts import admit, parts_in

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IndexRoute(APIRoute):
    """A GET route whose answer follows from its address and the index alone."""

    def get_route_handler(self) -> Handler:
        """Return the handler: admit, then a kept answer or a new one."""
        make = super().get_route_handler()

        async def handle(request: Request) -> Response:
            parts = parts_in(request)
            await admit(request, parts)
            question, at = question_of(request), parts.answers.position()
            found = None if question is None else parts.answers.find(question)
            if found is not None:
                return found.to(request)
            made = await make(request)
            if made.status_code != 200:
                return made
            answer = Answer.of(bytes(made.body))
            if question is not None:
                parts.answers.keep(question, answer, at)
            return answer.to(request)

        return handle
