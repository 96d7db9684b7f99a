"""The devnet: a whole chain in this process, served as JSON-RPC on the loopback interface.

Place: what ``neurovoyance up`` and the tests run; the engine is ``evm_engine``. Blocks come with
every transaction and once a second, since the randomness beacon needs blocks to pass. Nothing is
kept: ending the process ends the chain, and its deployment file is then refused by its genesis.

The funded keys are public (``devnet_keys``). No CORS headers are sent and the Host header must name
this machine, so no web page can use the port behind the user's back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.chain.devnet_json import RpcFault
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.devnet_rpc import DevnetRpc
from neurovoyance.chain.evm_engine import EvmEngine
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet
from neurovoyance.protocol.errors import ConfigError

ACCOUNTS = 10
MAX_BODY_BYTES = 4 * 2**20
MAX_BATCH = 1_000
_KEEP_ALIVE_S = 75
_START_S = 30.0
_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program; it stops the devnet by leaving its context."""
        yield


class Devnet:
    """A devnet on the running event loop: ``async with Devnet() as devnet: devnet.url``.

    Args:
        port: TCP port; 0 takes a free one.
        host: interface; anything but loopback shows a chain with public keys to others.
        block_interval_s: a block at least this often; None for one per transaction only.
    """

    def __init__(
        self, port: int = 0, *, host: str = "127.0.0.1", block_interval_s: float | None = 1.0
    ) -> None:
        wallets = [devnet_wallet(index) for index in range(ACCOUNTS)]
        addresses = [wallet.address for wallet in wallets]
        self.engine = EvmEngine(
            chain_id=DEVNET_CHAIN_ID, funded=[bytes.fromhex(a[2:]) for a in addresses]
        )
        self._rpc = DevnetRpc(self.engine, addresses, f"neurovoyance-devnet/{_version()}/py-evm")
        self._host = host
        self._wanted_port = port
        self._interval_s = block_interval_s
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        # One thread: the engine is not thread-safe, and the event loop stays responsive.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="devnet")

    @property
    def port(self) -> int:
        """The TCP port in use; ConfigError before the start."""
        if self._socket is None:
            raise ConfigError("The devnet is not running.")
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """The RPC address."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "") else self._host  # noqa: S104
        return f"http://{host}:{self.port}"

    @staticmethod
    def wallet(index: int) -> Wallet:
        """Return a funded key; see :func:`devnet_wallet`."""
        return devnet_wallet(index)

    async def start(self) -> None:
        """Listen and mine; ConfigError when the port is taken."""
        # Naming TCP makes asyncio set TCP_NODELAY; without it each answer takes 40 ms longer.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._wanted_port))
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"The devnet cannot listen on {self._host}:{self._wanted_port}: {error.strerror}.",
                hint="Another devnet may run there; choose another port.",
            ) from error
        self._socket = listener
        config = uvicorn.Config(
            self.app(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            server_header=False,
            # Longer than clients keep a resting connection: they must be the first to close it, or
            # a request meets a connection that is being closed.
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._tasks.append(asyncio.create_task(self._server.serve(sockets=[listener])))
        async with asyncio.timeout(_START_S):
            while not self._server.started:
                if self._tasks[0].done():
                    self._tasks[0].result()
                await asyncio.sleep(0.005)
        if self._interval_s is not None:
            self._tasks.append(asyncio.create_task(self._mine_regularly(self._interval_s)))
        _log.info("devnet_started url=%s", self.url)

    async def stop(self) -> None:
        """Stop listening and mining; the chain is gone."""
        if self._server is not None:
            self._server.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._socket is not None:
            self._socket.close()
        self._thread.shutdown(wait=True)

    async def __aenter__(self) -> Devnet:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _mine_regularly(self, interval_s: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(interval_s)
            await loop.run_in_executor(self._thread, self.engine.mine)

    def app(self) -> Starlette:
        """Return the ASGI application: one route, POST only."""
        return Starlette(routes=[Route("/", self._handle, methods=["POST"])])

    async def _handle(self, request: Request) -> Response:
        if not self._is_allowed_host(request.headers.get("host", "")):
            return Response("Host not allowed\n", status_code=403)
        try:
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return Response("Body too large\n", status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._thread, self._answer_body, bytes(body))
        return Response(answer, media_type="application/json")

    def _is_allowed_host(self, header: str) -> bool:
        """Whether the Host header names this machine: a page elsewhere that rebinds DNS cannot."""
        name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
        return name in ("127.0.0.1", "localhost", self._host)

    def _answer_body(self, body: bytes) -> bytes:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return json.dumps(_fault(None, RpcFault(-32700, "parse error"))).encode()
        if isinstance(document, list):
            if not 0 < len(document) <= MAX_BATCH:
                return json.dumps(_fault(None, RpcFault(-32600, "invalid batch"))).encode()
            answers = [self._answer_one(item) for item in document]
            return json.dumps([item for item in answers if item is not None]).encode()
        answer = self._answer_one(document)
        return b"" if answer is None else json.dumps(answer).encode()

    def _answer_one(self, item: Any) -> dict[str, Any] | None:
        if not isinstance(item, dict) or not isinstance(item.get("method"), str):
            return _fault(None, RpcFault(-32600, "invalid request"))
        params = item.get("params", [])
        try:
            if not isinstance(params, list):
                raise RpcFault(-32602, "params must be a list")
            result = self._rpc.answer(item["method"], params)
        except RpcFault as fault:
            answer = _fault(item.get("id"), fault)
        except Exception:  # noqa: BLE001 - logged, and answered as what it is
            # A devnet that dies from one odd request would take every test with it.
            _log.exception("devnet_defect method=%s", item["method"])
            answer = _fault(item.get("id"), RpcFault(-32603, "internal error"))
        else:
            answer = {"jsonrpc": "2.0", "id": item.get("id"), "result": result}
        return answer if "id" in item else None


def _fault(request_id: Any, fault: RpcFault) -> dict[str, Any]:
    error: dict[str, Any] = {"code": fault.code, "message": str(fault)}
    if fault.data is not None:
        error["data"] = fault.data
    return {"jsonrpc": "2.0", "id": request_id, "error": error}


def _version() -> str:
    try:
        return version("neurovoyance")
    except PackageNotFoundError:
        return "0"


class DevnetThread:
    """A devnet on its own thread, for synchronous callers: ``with DevnetThread() as devnet``."""

    def __init__(self, port: int = 0, *, block_interval_s: float | None = 1.0) -> None:
        self._devnet = Devnet(port, block_interval_s=block_interval_s)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="devnet-loop", daemon=True)

    @property
    def url(self) -> str:
        """The RPC address."""
        return self._devnet.url

    @staticmethod
    def wallet(index: int) -> Wallet:
        """Return a funded key; see :func:`devnet_wallet`."""
        return devnet_wallet(index)

    def start(self) -> None:
        """Start and wait until it answers; raises what the start raised."""
        self._thread.start()
        if not self._started.wait(_START_S):
            raise ConfigError(f"The devnet did not start within {_START_S:g} s.")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop and wait for the end of the thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_S)

    def __enter__(self) -> DevnetThread:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._devnet.start()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits in start()
            self._failure = error
            self._started.set()
            return
        self._started.set()
        await self._stop.wait()
        await self._devnet.stop()
