"""Speaks to a node about tasks: terms, vouchers, batches; bounded in size, streamed to disk.

Place: between :mod:`.tasks` and HTTP. A reply lies on disk, whole, before anything of it is
believed. Never: a check of what a reply says, or an unbounded read.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.nodes import Asker
from neurovoyance.protocol.errors import NeurovoyanceError, SpecError, Unreachable
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.task_frames import (
    Frame,
    FrameReader,
    Kind,
    decode_output,
    decode_progress,
)
from neurovoyance.protocol.tasks import REPLY_MAX_BYTES, SignedCommitment, TaskTerms, parse
from neurovoyance.protocol.vouchers import SignedVoucher

OnDone = Callable[[int], None]
"""Told how many tasks of the batch are computed."""

SHORT_S = 15.0
SILENCE_S = 60.0
_ANSWER_MAX_BYTES = 65_536
_PIECE_BYTES = 1 << 18
_REPLY_MOST_BYTES = REPLY_MAX_BYTES + (1 << 20)
_UNKNOWN = "request.batch_unknown"


class TaskWire:
    """One node, as far as tasks go.

    Args:
        asker: holds the rules about which addresses may be asked.
        endpoint: base URL of the node.
    """

    def __init__(self, asker: Asker, endpoint: str) -> None:
        self._asker = asker
        self._endpoint = endpoint

    async def terms(self, channel_id: bytes) -> TaskTerms:
        """Return what the node asks, and how it sees a channel.

        Raises:
            TasksRefused: it takes no tasks.
            Unreachable: it does not answer.
        """
        async with self._answer("GET", f"/v1/channels/{hex_of(channel_id)}", SHORT_S) as response:
            return parse(TaskTerms, await _short(response))

    async def voucher(self, signed: SignedVoucher) -> None:
        """Hand a voucher over; the same one may be handed over again.

        Raises:
            TasksRefused: the node does not take it.
            Unreachable: it does not answer.
        """
        body = signed.model_dump_json().encode()
        async with self._answer("POST", "/v1/vouchers", SHORT_S, body) as response:
            await _short(response)

    async def order(self, request: Path, reply: Path, longest_s: float, on_done: OnDone) -> None:
        """Send the frames in a file, and keep those that come back in another.

        Raises:
            TasksRefused: the node does not take the batch, or could deliver nothing of it.
            Unreachable: it does not answer, or stopped in the middle: :meth:`again` asks once more.
        """
        async with self._answer("POST", "/v1/batches", longest_s, _pieces(request)) as response:
            await _kept(response, reply, on_done)

    async def again(
        self, order_hash: bytes, reply: Path, longest_s: float, on_done: OnDone
    ) -> bool:
        """Fetch a batch that was ordered before; False if the node knows nothing of it.

        Raises:
            TasksRefused, Unreachable: see :meth:`order`.
        """
        try:
            path = f"/v1/batches/{hex_of(order_hash)}"
            async with self._answer("GET", path, longest_s) as response:
                await _kept(response, reply, on_done)
        except TasksRefused as error:
            if error.context.get("reported_code") == _UNKNOWN:
                return False
            raise
        return True

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, longest_s: float, body: Any = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        url = self._asker.url(self._endpoint, path)
        timeout = aiohttp.ClientTimeout(total=longest_s, sock_connect=5, sock_read=SILENCE_S)
        try:
            async with (
                self._asker.http(longest_s) as session,
                session.request(
                    method, url, data=body, timeout=timeout, allow_redirects=False
                ) as response,
            ):
                if response.status != 200:
                    raise _said(await _short(response), response.status)
                yield response
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unreachable(
                f"The node at {self._endpoint} did not answer: "
                f"{str(error) or type(error).__name__}.",
                hint="What was ordered is kept; ask again, or close the channel.",
            ) from error


def read_reply(path: Path) -> tuple[SignedCommitment, list[bytes]]:
    """Return commitment and outputs in a file of frames; blocking.

    Raises:
        SpecError: it is not a whole reply.
    """
    signed: SignedCommitment | None = None
    outputs: list[bytes] = []
    is_whole = False
    for frame in _frames_of(path):
        if frame.kind is Kind.COMMITMENT and signed is None:
            signed = parse(SignedCommitment, frame.payload)
        elif frame.kind is Kind.OUTPUT:
            index, data = decode_output(frame.payload)
            if index != len(outputs):
                raise SpecError("The outputs of the batch came in another order.")
            outputs.append(data)
        elif frame.kind is Kind.END:
            is_whole = True
    if signed is None or not is_whole:
        raise SpecError("The reply of the node is not whole.")
    return signed, outputs


def _frames_of(path: Path) -> Iterator[Frame]:
    reader = FrameReader()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield from reader.feed(piece)
    reader.close()


async def _kept(response: aiohttp.ClientResponse, path: Path, on_done: OnDone) -> None:
    """Write commitment and outputs to a file, whole or not at all."""
    partial, reader, size_bytes, is_whole = path.with_suffix(".part"), FrameReader(), 0, False
    try:
        with partial.open("wb") as file:
            async for piece in response.content.iter_chunked(_PIECE_BYTES):
                size_bytes += len(piece)
                if size_bytes > _REPLY_MOST_BYTES:
                    raise TasksRefused("The node's reply is longer than any valid one.")
                kept = bytearray()
                for frame in reader.feed(piece):
                    if frame.kind is Kind.PROGRESS:
                        on_done(decode_progress(frame.payload))
                    elif frame.kind is Kind.FAILURE:
                        raise _said(frame.payload, 409)
                    else:
                        kept += _again(frame)
                    is_whole = is_whole or frame.kind is Kind.END
                file.write(kept)
            if not is_whole:
                raise Unreachable(
                    "The node stopped in the middle of its reply.",
                    hint="What was ordered is kept; ask again.",
                )
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _again(frame: Frame) -> bytes:
    return (len(frame.payload) + 1).to_bytes(4, "big") + bytes((frame.kind,)) + frame.payload


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece


async def _short(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_chunked(_ANSWER_MAX_BYTES):
        raw += piece
        if len(raw) > _ANSWER_MAX_BYTES:
            raise TasksRefused("The node's answer is longer than any valid one.")
    return bytes(raw)


def _said(raw: bytes, status: int) -> NeurovoyanceError:
    """Return a node's error as ours: what it says is shown, and believed in nothing else."""
    try:
        said = dict(json.loads(raw))
    except (ValueError, TypeError, RecursionError):
        return TasksRefused(f"The node answered with status {status} and no reason.")
    return TasksRefused(
        f"The provider refuses: {str(said.get('message'))[:1_000]}",
        hint=str(said.get("hint", ""))[:500],
        reported_code=str(said.get("code", ""))[:100],
    )
