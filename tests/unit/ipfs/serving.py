"""Real HTTP servers on loopback for the tests of this folder."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.cli.local_ports import free_port
from neurovoyance.ipfs.car import encode_header, encode_section
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.unixfs import FileNode, read_node

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
    """A peer that answers block requests with ``answer`` and counts them.

    Archives it knows only if ``answer_run`` is given; requests for them are in ``runs``.
    """

    def __init__(self, answer: Answer, answer_run: Answer | None = None) -> None:
        self.requests: list[str] = []
        self.runs: list[str] = []
        self._answer = answer
        self._answer_run = answer_run
        self.app = Starlette(
            routes=[
                Route("/ipfs/{cid}", self._block, methods=["GET", "HEAD"]),
                Route("/routing/v1/providers/{cid}", self._routing),
            ]
        )
        self.routing_answer = '{"Providers": []}'

    def _block(self, request: Request) -> Response:
        cid = Cid.from_text(request.path_params["cid"])
        if request.query_params.get("format") == "car":
            self.runs.append(str(cid))
            if self._answer_run is None:
                return Response("raw blocks only", status_code=406)
            return self._answer_run(cid, request)
        self.requests.append(str(cid))
        return self._answer(cid, request)

    def _routing(self, request: Request) -> Response:
        return Response(self.routing_answer, media_type="application/json")


def serving_blocks(blocks: dict[Cid, bytes]) -> Scripted:
    """Return a peer that has ``blocks`` and does not check them."""

    def answer(cid: Cid, request: Request) -> Response:
        return Response(blocks[cid]) if cid in blocks else Response(status_code=404)

    return Scripted(answer)


class Standin:
    """The daemon's stand-in as a process of its own, on a port that stays when it restarts."""

    def __init__(self, folder: Path, authorization: str = "") -> None:
        self._folder, self._authorization = folder, authorization
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [str(self._port), str(self._folder), self._authorization]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.ipfs.kubo_standin", *arguments],
            cwd=Path(__file__).parents[3],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        deadline = time.monotonic() + 90
        while True:
            try:
                self.fault()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def fault(self, **faults: float) -> list[str]:
        """Switch faults; return the commands called so far."""
        request = urllib.request.Request(f"{self.url}/fault", json.dumps(faults).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return list(json.load(answer))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


Section = tuple[Cid, bytes]
CAR = "application/vnd.ipld.car; version=1; order=dfs; dups=n"


def run_of(blocks: dict[Cid, bytes], cid: Cid, request: Request) -> list[Section]:
    """Return what an honest peer sends of the leaves in a range of the node ``cid``."""
    first, last = map(int, request.query_params["entity-bytes"].split(":"))
    node = read_node(cid, blocks[cid])
    assert isinstance(node, FileNode)
    sections, at = [(cid, blocks[cid])], len(node.data)
    for child in node.children:
        if at <= last and at + child.file_size > first:
            sections.append((child.cid, blocks[child.cid]))
        at += child.file_size
    return sections


def archive(sections: Iterable[Section]) -> bytes:
    """Return an archive of the sections as they are, named after the first."""
    sections = list(sections)
    head = encode_header([cid for cid, _ in sections[:1]])
    return head + b"".join(encode_section(*section) for section in sections)


def streaming_blocks(
    blocks: dict[Cid, bytes], spoil: Callable[[list[Section]], bytes] = archive
) -> Scripted:
    """Return a peer that sends runs too, after ``spoil`` made an archive of them."""

    def answer_run(cid: Cid, request: Request) -> Response:
        return Response(spoil(run_of(blocks, cid, request)), headers={"Content-Type": CAR})

    def answer(cid: Cid, request: Request) -> Response:
        return Response(blocks[cid]) if cid in blocks else Response(status_code=404)

    return Scripted(answer, answer_run)


_FETCHER = """
import asyncio, resource, sys
from pathlib import Path
from neurovoyance.ipfs import Cid, EmbeddedBackend
if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
async def main():
    async with EmbeddedBackend(Path(sys.argv[1]), allow_private_addresses=True) as store:
        await store.ensure(Cid.from_text(sys.argv[2]), sources=[sys.argv[3]])
asyncio.run(main())
"""


def start_fetcher(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _FETCHER, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.PIPE,
    )
