"""A stand-in for an IPFS daemon: speaks its RPC as documented, in a process of its own.

Run: ``python -m tests.unit.ipfs.kubo_standin PORT FOLDER [AUTHORIZATION]``. Blocks and pins lie in
FOLDER, so it may be killed and started again. Faults are switched on by ``POST /fault`` with a JSON
object: ``slow_s`` before each answer, ``truncate`` (bodies are cut), ``lie`` (bytes are changed),
``misname`` (another root is reported). Restarting is killing the process and starting another.
Documented at https://docs.ipfs.tech/reference/kubo/rpc/; errors as Kubo 0.39 words them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from neurovoyance.ipfs.car import decode_header, encode_header, encode_section, read_car
from neurovoyance.ipfs.cid import DAG_PB, Cid
from neurovoyance.ipfs.dagpb import decode_node

PEER_ID = "12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"


class Absent(Exception):
    """A block is not there."""


class Daemon:
    """Blocks by multihash, as Kubo keeps them, and recursive pins."""

    def __init__(self, folder: Path) -> None:
        self.blocks, self._pins = folder / "blocks", folder / "pins.json"
        self.blocks.mkdir(parents=True, exist_ok=True)
        self.faults: dict[str, float] = {}
        self.calls: list[str] = []
        self.provided: list[str] = []

    @property
    def pins(self) -> dict[str, str]:
        return json.loads(self._pins.read_text()) if self._pins.exists() else {}

    @pins.setter
    def pins(self, value: dict[str, str]) -> None:
        self._pins.write_text(json.dumps(value))

    def path(self, cid: Cid) -> Path:
        return self.blocks / f"{cid.hash_code:x}-{cid.digest.hex()}"

    def get(self, cid: Cid) -> bytes:
        try:
            data = self.path(cid).read_bytes()
        except FileNotFoundError as gone:
            words = f"block was not found locally (offline): ipld: could not find {cid}"
            raise Absent(words) from gone
        if self.faults.get("lie") and data:
            data = bytes((data[0] ^ 1,)) + data[1:]
        return data

    def walk(self, root: Cid) -> list[Cid]:
        order, seen, stack = [], set(), [root]
        while stack:
            cid = stack.pop()
            if cid.binary in seen:
                continue
            seen.add(cid.binary)
            order.append(cid)
            data = self.get(cid)
            if cid.codec == DAG_PB and not self.faults.get("lie"):
                stack.extend(link.cid for link in reversed(decode_node(data).links))
        return order


def error(message: str, status: int = 500) -> Response:
    return JSONResponse({"Message": message, "Code": 0, "Type": "error"}, status)


def lines(*items: dict[str, Any]) -> Response:
    body = "".join(json.dumps(item) + "\n" for item in items)
    return Response(body, media_type="application/json")


class Commands:
    """One method a command; ``/`` becomes ``_``."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon

    async def id(self, request: Request) -> Response:
        return JSONResponse(
            {"ID": PEER_ID, "AgentVersion": "kubo/0.39.0/", "Addresses": [], "Protocols": []}
        )

    async def block_get(self, request: Request) -> Response:
        data = self.daemon.get(arg(request))
        if self.daemon.faults.get("truncate"):
            return cut(data)
        return Response(data, media_type="text/plain")

    async def block_stat(self, request: Request) -> Response:
        cid = arg(request)
        return JSONResponse({"Key": str(cid), "Size": len(self.daemon.get(cid))})

    async def dag_import(self, request: Request) -> Response:
        roots: list[Cid] = []
        async for cid, data in read_car(part(request)):
            if cid is None:
                roots = decode_header(data)
            elif not cid.is_hash_of(data):
                return error("mismatch in content integrity")
            else:
                path = self.daemon.path(cid)
                temp = path.with_suffix(".temp")
                temp.write_bytes(data)
                temp.replace(path)
        if request.query_params.get("pin-roots") == "false":
            return lines()
        answers = []
        for root in roots:
            self.daemon.walk(root)
            self.daemon.pins = {**self.daemon.pins, str(root): ""}
            shown = "bafkqaaa" if self.daemon.faults.get("misname") else str(root)
            answers.append({"Root": {"Cid": {"/": shown}, "PinErrorMsg": ""}})
        return lines(*answers)

    async def dag_export(self, request: Request) -> Response:
        root = arg(request)
        order = self.daemon.walk(root)
        if self.daemon.faults.get("truncate"):
            order = order[:-1]

        async def archive() -> AsyncIterator[bytes]:
            yield encode_header([root])
            for cid in order:
                yield encode_section(cid, self.daemon.get(cid))

        return StreamingResponse(archive(), media_type="application/vnd.ipld.car")

    async def pin_add(self, request: Request) -> Response:
        cid = arg(request)
        self.daemon.walk(cid)
        self.daemon.pins = {**self.daemon.pins, str(cid): request.query_params.get("name", "")}
        return JSONResponse({"Pins": [str(cid)]})

    async def pin_rm(self, request: Request) -> Response:
        pins, cid = self.daemon.pins, str(arg(request))
        if cid not in pins:
            return error("not pinned or pinned indirectly")
        del pins[cid]
        self.daemon.pins = pins
        return JSONResponse({"Pins": [cid]})

    async def pin_ls(self, request: Request) -> Response:
        named = request.query_params.get("names") == "true"
        return lines(
            *(
                {"Cid": cid, "Type": "recursive", "Name": name if named else ""}
                for cid, name in self.daemon.pins.items()
            )
        )

    async def repo_gc(self, request: Request) -> Response:
        kept = {
            self.daemon.path(cid).name
            for root in self.daemon.pins
            for cid in self.daemon.walk(Cid.from_text(root))
        }
        removed = []
        for path in self.daemon.blocks.iterdir():
            if path.name not in kept:
                removed.append({"Key": {"/": str(cid_of(path.name))}})
                path.unlink()
        return lines(*removed)

    async def repo_stat(self, request: Request) -> Response:
        size = sum(path.stat().st_size for path in self.daemon.blocks.iterdir())
        return JSONResponse({"RepoSize": size, "StorageMax": 10**10})

    async def refs_local(self, request: Request) -> Response:
        names = [cid_of(path.name) for path in self.daemon.blocks.iterdir()]
        return lines(*({"Ref": str(cid), "Err": ""} for cid in names))

    async def routing_provide(self, request: Request) -> Response:
        self.daemon.provided.append(request.query_params["arg"])
        return lines({"ID": PEER_ID, "Type": 6, "Responses": None, "Extra": ""})

    async def routing_findprovs(self, request: Request) -> Response:
        addresses = ["/ip4/192.0.2.7/tcp/4001", "/dns4/gateway.example/tcp/443/https"]
        found = [{"ID": PEER_ID, "Addrs": addresses}]
        held = request.query_params["arg"] in self.daemon.provided
        return lines(
            {"ID": PEER_ID, "Type": 6, "Responses": None},
            {"ID": "", "Type": 4, "Responses": found if held else []},
        )

    async def swarm_connect(self, request: Request) -> Response:
        address = request.query_params["arg"]
        if "/p2p/" not in address:
            return error("invalid peer address")
        return JSONResponse({"Strings": [f"connect {address.rsplit('/', 1)[1]} success"]})


def arg(request: Request) -> Cid:
    return Cid.from_text(request.query_params["arg"])


def cid_of(name: str) -> Cid:
    code, digest = name.split("-")
    return Cid(0x55, int(code, 16), bytes.fromhex(digest))


def cut(data: bytes) -> Response:
    """Half of a body whose length is stated in full."""

    async def half() -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        raise ConnectionResetError

    return StreamingResponse(half(), headers={"Content-Length": str(len(data))})


async def part(request: Request) -> AsyncIterator[bytes]:
    """The one part of a multipart body, as a stream."""
    match = re.search(r"boundary=([^;]+)", request.headers["content-type"])
    assert match
    end, held, is_begun = b"\r\n--" + match[1].strip('"').encode(), b"", False
    async for piece in request.stream():
        held += piece
        if not is_begun:
            if b"\r\n\r\n" not in held:
                continue
            held, is_begun = held.split(b"\r\n\r\n", 1)[1], True
        if len(held) > len(end) + 64 and end not in held:
            yield held[: -len(end) - 64]
            held = held[-len(end) - 64 :]
    yield held.split(end)[0]


def faulty(app: ASGIApp, daemon: Daemon) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if (slow_s := daemon.faults.get("slow_s")) and scope["path"] != "/fault":
            await asyncio.sleep(slow_s)
        await app(scope, receive, send)

    return wrapped


def standin(folder: Path, authorization: str = "") -> ASGIApp:
    daemon = Daemon(folder)
    commands = Commands(daemon)

    async def command(request: Request) -> Response:
        name = request.path_params["name"]
        daemon.calls.append(name)
        if authorization and request.headers.get("authorization") != authorization:
            return PlainTextResponse("403 - Forbidden", 403)
        method = getattr(commands, name.replace("/", "_"), None)
        if method is None:
            return PlainTextResponse("404 page not found", 404)
        try:
            answer: Response = await method(request)
        except Absent as absent:
            return error(str(absent))
        return answer

    async def fault(request: Request) -> Response:
        daemon.faults = await request.json()
        return JSONResponse(daemon.calls)

    routes = [
        Route("/api/v0/{name:path}", command, methods=["POST"]),
        Route("/fault", fault, methods=["POST"]),
    ]
    return faulty(Starlette(routes=routes), daemon)


def main() -> None:
    port, folder, *rest = sys.argv[1:]
    app = standin(Path(folder), *rest)
    config = uvicorn.Config(
        app, port=int(port), log_level="critical", ws="none", lifespan="off", access_log=False
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
