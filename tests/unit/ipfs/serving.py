"""Real HTTP servers on loopback for the tests of this folder."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.ipfs.cid import Cid

Answer = Callable[[Cid, Request], Response]


class Served:
    """An ASGI app in its own thread and event loop; ``url`` is its base URL."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", ws="none", lifespan="off", http="h11")
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve([self._socket]))

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()


class Scripted:
    """A peer that answers block requests with ``answer`` and counts them."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[str] = []
        self._answer = answer
        self.app = Starlette(
            routes=[
                Route("/ipfs/{cid}", self._block, methods=["GET", "HEAD"]),
                Route("/routing/v1/providers/{cid}", self._routing),
            ]
        )
        self.routing_answer = '{"Providers": []}'

    def _block(self, request: Request) -> Response:
        cid = Cid.from_text(request.path_params["cid"])
        self.requests.append(str(cid))
        return self._answer(cid, request)

    def _routing(self, request: Request) -> Response:
        return Response(self.routing_answer, media_type="application/json")


def serving_blocks(blocks: dict[Cid, bytes]) -> Scripted:
    """Return a peer that has ``blocks`` and does not check them."""

    def answer(cid: Cid, request: Request) -> Response:
        return Response(blocks[cid]) if cid in blocks else Response(status_code=404)

    return Scripted(answer)
