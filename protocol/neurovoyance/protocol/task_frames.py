"""The framing of a batch on the wire: length-prefixed, so that both sides can stream it.

Place: L0, under the node's ``task_api`` and the client's ``task_wire``. A frame is its length as
uint32 big-endian, one byte of kind, and the payload; the length counts kind and payload. Every kind
has a largest size, which is refused from the length alone. Never: I/O.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.tasks import INLINE_MAX_BYTES, OUTPUT_MAX_BYTES

_HEAD: Final = struct.Struct(">IB")
_TASK: Final = struct.Struct(">12sIB")
_INDEX: Final = struct.Struct(">I")
_INLINE, _BY_CID = 0, 1


class Kind(IntEnum):
    """What a frame holds."""

    REQUEST = 1
    TASK = 2
    END = 3
    PROGRESS = 16
    COMMITMENT = 17
    OUTPUT = 18
    FAILURE = 19


LARGEST: Final = {
    Kind.REQUEST: 65_536,
    Kind.TASK: INLINE_MAX_BYTES + _TASK.size,
    Kind.END: 0,
    Kind.PROGRESS: _INDEX.size,
    Kind.COMMITMENT: 16_384,
    Kind.OUTPUT: OUTPUT_MAX_BYTES + _INDEX.size,
    Kind.FAILURE: 65_536,
}
"""Longest payload of each kind, in bytes."""


class Frame(NamedTuple):
    """One frame."""

    kind: Kind
    payload: bytes


class TaskFrame(NamedTuple):
    """A task on the wire: ``given`` is its input, or the binary CID of it."""

    price_wei: int
    rows: int
    given: bytes
    is_inline: bool


class FrameReader:
    """Cuts a stream of bytes into frames; holds at most one incomplete frame."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take more bytes and yield the frames that are complete.

        Raises:
            SpecError: an unknown kind, or a frame longer than its kind may be.
        """
        self._held += data
        while len(self._held) >= _HEAD.size:
            length, code = _HEAD.unpack_from(self._held)
            kind = _kind_of(code)
            if not 1 <= length <= LARGEST[kind] + 1:
                raise SpecError(
                    f"A frame of kind {kind.name} has at most {LARGEST[kind]:,} bytes.",
                    size_bytes=length,
                )
            end = 4 + length
            if len(self._held) < end:
                return
            payload = bytes(self._held[_HEAD.size : end])
            del self._held[:end]
            yield Frame(kind, payload)

    def close(self) -> None:
        """Check that the stream ended between two frames.

        Raises:
            SpecError: it ended within one.
        """
        if self._held:
            raise SpecError("The stream ended within a frame.", left_bytes=len(self._held))


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a frame's bytes.

    Raises:
        SpecError: the payload is longer than the kind may be.
    """
    if len(payload) > LARGEST[kind]:
        raise SpecError(
            f"A frame of kind {kind.name} has at most {LARGEST[kind]:,} bytes; "
            f"this one would have {len(payload):,}.",
            size_bytes=len(payload),
        )
    return _HEAD.pack(len(payload) + 1, kind) + payload


def encode_task(task: TaskFrame) -> bytes:
    """Return the frame of one task: price, rows, how the input is given, the input."""
    mark = _INLINE if task.is_inline else _BY_CID
    head = _TASK.pack(task.price_wei.to_bytes(12, "big"), task.rows, mark)
    return encode(Kind.TASK, head + task.given)


def decode_task(payload: bytes) -> TaskFrame:
    """Return the task in a frame.

    Raises:
        SpecError: too short, or the input is given in an unknown way.
    """
    if len(payload) < _TASK.size:
        raise SpecError("A task's frame is too short.")
    price, rows, mark = _TASK.unpack_from(payload)
    if mark not in (_INLINE, _BY_CID):
        raise SpecError(f"A task's input is given in an unknown way ({mark}).")
    return TaskFrame(int.from_bytes(price, "big"), rows, payload[_TASK.size :], mark == _INLINE)


def encode_output(index: int, data: bytes) -> bytes:
    """Return the frame of one output, counted from 0."""
    return encode(Kind.OUTPUT, _INDEX.pack(index) + data)


def decode_output(payload: bytes) -> tuple[int, bytes]:
    """Return number and bytes of an output.

    Raises:
        SpecError: too short.
    """
    if len(payload) < _INDEX.size:
        raise SpecError("An output's frame is too short.")
    return _INDEX.unpack_from(payload)[0], payload[_INDEX.size :]


def encode_progress(done: int) -> bytes:
    """Return the frame that says how many tasks are computed."""
    return encode(Kind.PROGRESS, _INDEX.pack(done))


def decode_progress(payload: bytes) -> int:
    """Return how many tasks are computed.

    Raises:
        SpecError: of another length.
    """
    if len(payload) != _INDEX.size:
        raise SpecError("A progress frame has 4 bytes.")
    return int(_INDEX.unpack(payload)[0])


def _kind_of(code: int) -> Kind:
    try:
        return Kind(code)
    except ValueError as error:
        raise SpecError(f"There is no frame of kind {code}.") from error
