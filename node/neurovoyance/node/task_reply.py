"""The file that answers a batch: the commitment, then every output, framed as it is sent.

Place: under ``task_desk`` (written once, before the batch is sealed) and ``task_api`` (streamed, as
often as asked for). Never: a reply that is partly there under its final name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from neurovoyance.protocol.task_frames import Kind, encode, encode_output
from neurovoyance.protocol.tasks import SignedCommitment

_PIECE_BYTES = 1 << 18


def write_reply(path: Path, signed: SignedCommitment, outputs: Sequence[Path]) -> None:
    """Write a reply, whole and on disk; blocking."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        file.write(encode(Kind.COMMITMENT, signed.model_dump_json().encode()))
        for index, output in enumerate(outputs):
            file.write(encode_output(index, output.read_bytes()))
        file.write(encode(Kind.END))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def keep_only(path: Path) -> None:
    """Remove what else is in the folder of a reply: inputs, and outputs that it repeats; blocking.

    Nobody waits for it; what a crash leaves is removed when the node starts.
    """
    for other in path.parent.iterdir():
        if other != path:
            other.unlink()


async def read_reply(path: Path) -> AsyncIterator[bytes]:
    """Yield the bytes of a reply."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
