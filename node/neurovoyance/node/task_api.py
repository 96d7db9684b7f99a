"""The routes of tasks: terms, vouchers, batches; streamed both ways.

Place: beside ``api``, on the same listener; see ``docs/spec/tasks.md``. An order needs the
signature of a channel's client before anything of it is kept. Who knows the hash of an order, which
holds 32 random bytes, may fetch its outputs. Never: more of a request in memory
than one frame and the piece that ended it.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from neurovoyance.ipfs.rate import RateLimit, RateLimiter
from neurovoyance.node.task_book import TaskAction
from neurovoyance.node.task_desk import Running, TaskDesk
from neurovoyance.node.task_reply import read_reply
from neurovoyance.node.task_runs import HeldTask
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    RateLimited,
    RequestError,
    SpecError,
)
from neurovoyance.protocol.task_frames import (
    Frame,
    FrameReader,
    Kind,
    decode_task,
    encode,
    encode_progress,
)
from neurovoyance.protocol.tasks import (
    REQUEST_MAX_BYTES,
    TASKS_MAX,
    BatchRequest,
    parse,
    raw_cid,
)
from neurovoyance.protocol.vouchers import VOUCHER_MAX_BYTES, parse_signed_voucher

LIMIT: Final = RateLimit(requests_per_s=20.0, burst=60)
PROGRESS_S: Final = 1.0
"""A reply under way says at least so often that it is."""
MEDIA_TYPE: Final = "application/vnd.neurovoyance.tasks"

_Handler = Callable[[Request], Awaitable[Response]]


class TaskApi:
    """The handlers, bound to one desk."""

    def __init__(self, desk: TaskDesk) -> None:
        self._desk = desk
        self._crash = desk.crash
        self._limiter = RateLimiter(LIMIT)

    def routes(self) -> list[Route]:
        """Return the routes of tasks."""
        return [
            Route("/v1/channels/{channel_id}", self._answered(self.terms), methods=["GET"]),
            Route("/v1/vouchers", self._answered(self.voucher), methods=["POST"]),
            Route("/v1/batches", self._answered(self.order), methods=["POST"]),
            Route("/v1/batches/{order_hash}", self._answered(self.again), methods=["GET"]),
        ]

    async def terms(self, request: Request) -> Response:
        """Answer ``GET /v1/channels/{channel_id}``: prices of tasks, and how the channel stands."""
        terms = await self._desk.terms(_hash_in(request, "channel_id"))
        return Response(terms.model_dump_json(), media_type="application/json")

    async def voucher(self, request: Request) -> Response:
        """Answer ``POST /v1/vouchers``: a signed voucher in, what is promised now out."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > VOUCHER_MAX_BYTES:
                raise SpecError(f"A signed voucher has at most {VOUCHER_MAX_BYTES} bytes.")
        promised_wei = await self._desk.take_voucher(parse_signed_voucher(bytes(body)))
        return JSONResponse({"promised_wei": str(promised_wei)})

    async def order(self, request: Request) -> Response:
        """Answer ``POST /v1/batches``: frames of an order in, frames of its outputs out."""
        batch: Running | None = None
        try:
            async with aclosing(_frames(request)) as pieces:
                order, frames = await _first(pieces)
                batch = await self._desk.admit(order)
                if not self._desk.is_known(batch):
                    await _read_tasks(batch, frames, pieces)
            if not self._desk.is_known(batch):
                await self._desk.begin(batch)
        except ClientDisconnect as error:
            raise RequestError("The request ended before its last frame.") from error
        finally:
            if batch is not None:
                self._desk.drop(batch)
        batch = self._desk.running.get(batch.order_hash, batch)
        if batch.work is None:
            self._desk.reply_path(batch.order_hash)
        return StreamingResponse(self._reply(batch), media_type=MEDIA_TYPE)

    async def again(self, request: Request) -> Response:
        """Answer ``GET /v1/batches/{order_hash}``: the outputs of a batch once more."""
        order_hash = _hash_in(request, "order_hash")
        batch = self._desk.running.get(order_hash)
        if batch is not None:
            return StreamingResponse(self._reply(batch), media_type=MEDIA_TYPE)
        path = self._desk.reply_path(order_hash)
        return StreamingResponse(read_reply(path), media_type=MEDIA_TYPE)

    async def _reply(self, batch: Running) -> AsyncIterator[bytes]:
        """Tell progress until the batch is over, then send what came of it."""
        while batch.work is not None and not batch.is_over:
            batch.changed.clear()
            sleeping = asyncio.create_task(batch.changed.wait())
            await asyncio.wait({sleeping, batch.work}, timeout=PROGRESS_S)
            sleeping.cancel()
            if not batch.is_over:
                yield encode_progress(batch.done)
        if batch.failure is not None:
            yield encode(Kind.FAILURE, _wire(batch.failure))
            return
        self._crash.reach("before", TaskAction.DELIVER)
        async for piece in read_reply(self._desk.reply_path(batch.order_hash)):
            yield piece
        self._crash.reach("after", TaskAction.DELIVER)

    def _answered(self, handler: _Handler) -> _Handler:
        async def answer(request: Request) -> Response:
            wait_s = self._limiter.wait_s(request.client.host if request.client else "unknown")
            try:
                if wait_s:
                    raise RateLimited(
                        "Too many requests from this address.",
                        hint="Wait as long as Retry-After says.",
                        wait_s=math.ceil(wait_s),
                    )
                return await handler(request)
            except NeurovoyanceError as error:
                waits = {"Retry-After": str(math.ceil(wait_s))} if wait_s else None
                return JSONResponse(error.to_wire(), error.http_status, waits)

        return answer


async def _frames(request: Request) -> AsyncGenerator[list[Frame], None]:
    """Yield what each piece of a request completes; never nothing."""
    reader, size_bytes = FrameReader(), 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > REQUEST_MAX_BYTES:
            raise SpecError(f"A batch has at most {REQUEST_MAX_BYTES:,} bytes; send two.")
        if frames := list(reader.feed(piece)):
            yield frames
    reader.close()


async def _first(pieces: AsyncIterator[list[Frame]]) -> tuple[BatchRequest, list[Frame]]:
    """Return the order, and the frames that came in one piece with it."""
    async for first, *others in pieces:
        if first.kind is Kind.REQUEST:
            return parse(BatchRequest, first.payload), others
        break
    raise SpecError("A batch begins with its order.")


async def _read_tasks(
    batch: Running, frames: list[Frame], pieces: AsyncIterator[list[Frame]]
) -> None:
    """Put the tasks of a batch into its folder, those of a piece at once."""
    if await asyncio.to_thread(_keep_tasks, batch, frames):
        return
    async for more in pieces:
        if await asyncio.to_thread(_keep_tasks, batch, more):
            return
    raise SpecError("The batch ended without its last frame.")


def _keep_tasks(batch: Running, frames: list[Frame]) -> bool:
    """Put tasks into the folder of their batch; True at its end; blocking."""
    for frame in frames:
        if frame.kind is Kind.END:
            return True
        if frame.kind is not Kind.TASK or len(batch.tasks) >= TASKS_MAX:
            raise SpecError(f"A batch is an order, at most {TASKS_MAX} tasks, and its end.")
        sent = decode_task(frame.payload)
        given = batch.folder / f"{len(batch.tasks)}.safetensors" if sent.is_inline else None
        if given is not None:
            given.write_bytes(sent.given)
        cid = raw_cid(sent.given) if sent.is_inline else sent.given
        task = batch.request.task(cid, sent.rows, sent.price_wei)
        batch.tasks.append(HeldTask(task, task.hash(), given))
    return False


def _hash_in(request: Request, name: str) -> bytes:
    text = str(request.path_params[name])
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise SpecError(f"{text[:80]!r} is not 0x and 64 hexadecimal digits.")
    return found


def _wire(error: NeurovoyanceError) -> bytes:
    return json.dumps(error.to_wire()).encode()[: 1 << 16]
