"""CARv1 archives: a header with roots, then blocks with their CIDs.

Place: export and import of whole DAGs, and the gateway's CAR answers. The header is a two-key
dag-cbor map, so the few bytes of CBOR are read and written here. Never: allocate by a length
that the archive states without bounding it first.

Source: https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.varint import MAX_VARINT_BYTES, InvalidVarint, decode_varint, encode_varint
from neurovoyance.protocol.errors import InvalidCid, SpecError

CAR_TYPE = "application/vnd.ipld.car"
MAX_HEADER_BYTES = 64 * 1024
MAX_CID_BYTES = 64
PIECE_BYTES = 120 * 1024
"""Of a section; with its frame still below 128 KiB, from where on allocators ask the kernel."""


class InvalidCar(SpecError):
    """An archive is truncated or malformed; blocks read before the fault were verified."""

    code = "spec.car"


def encode_header(roots: Iterable[Cid]) -> bytes:
    """Return the length-prefixed header: dag-cbor ``{"roots": [cid], "version": 1}``."""
    items = list(roots)
    body = b"\xa2" + b"\x65roots" + _cbor_head(4, len(items))
    for cid in items:
        body += b"\xd8\x2a" + _cbor_head(2, len(cid.binary) + 1) + b"\x00" + cid.binary
    body += b"\x67version\x01"
    return encode_varint(len(body)) + body


def encode_section(cid: Cid, data: bytes) -> bytes:
    """Return one length-prefixed section: CID, then the block."""
    return encode_varint(len(cid.binary) + len(data)) + cid.binary + data


def section_pieces(cid: Cid, data: bytes) -> Iterator[bytes | memoryview]:
    """Yield the bytes of :func:`encode_section` in pieces, for a sender that copies what it sends.

    A copy of a whole block is memory that the allocator fetches from the kernel, cleared, and gives
    back at once; pieces are copied into memory that is used again.
    """
    view, length = memoryview(data), encode_varint(len(cid.binary) + len(data))
    yield b"".join((length, cid.binary, view[:PIECE_BYTES]))
    for at in range(PIECE_BYTES, len(data), PIECE_BYTES):
        yield view[at : at + PIECE_BYTES]


async def read_car(stream: AsyncIterable[bytes]) -> AsyncGenerator[tuple[Cid | None, bytes], None]:
    """Yield ``(None, header)`` once, then ``(cid, block)`` of each section, not yet verified.

    Use :func:`decode_header` on the first item.

    Raises:
        InvalidCar: truncated, malformed, or a section above two MiB.
        InvalidCid: a section's CID is not accepted here.
    """
    buffer = _Buffer(stream)
    header = await buffer.section(MAX_HEADER_BYTES)
    if header is None:
        raise InvalidCar("The archive is empty.")
    yield None, header
    while (section := await buffer.section(MAX_BLOCK_BYTES + MAX_CID_BYTES)) is not None:
        cid, at = Cid.read_link(section)
        yield cid, section[at:]


def decode_header(header: bytes) -> list[Cid]:
    """Return the roots of a header.

    Raises:
        InvalidCar: not a CARv1 header.
    """
    try:
        return _decode_header(header)
    except (IndexError, InvalidCid) as error:
        raise InvalidCar("The archive has a malformed header.") from error


def _decode_header(header: bytes) -> list[Cid]:
    roots: list[Cid] | None = None
    version = None
    if header[0] != 0xA2:
        raise InvalidCar("The archive does not start with a CARv1 header.")
    at = 1
    for _ in range(2):
        length, at = _cbor_length(header, at, 3)
        key, at = header[at : at + length], at + length
        if key == b"version":
            version, at = header[at], at + 1
        elif key == b"roots":
            roots = []
            count, at = _cbor_length(header, at, 4)
            if count > len(header):
                raise InvalidCar("The archive states more roots than its header holds.")
            for _ in range(count):
                if header[at : at + 2] != b"\xd8\x2a":
                    raise InvalidCar("The archive has a root that is not a link.")
                length, at = _cbor_length(header, at + 2, 2)
                if header[at : at + 1] != b"\x00":
                    raise InvalidCar("The archive has a root that is not a link.")
                root, end = Cid.read_link(header[: at + length], at + 1)
                if end != at + length:
                    raise InvalidCar("The archive has a root with bytes after its digest.")
                roots.append(root)
                at += length
        else:
            raise InvalidCar("The archive's header has an unknown key.")
    if version != 1 or roots is None or at != len(header):
        raise InvalidCar("The archive is not CARv1.")
    return roots


def _cbor_head(major: int, value: int) -> bytes:
    if value < 24:
        return bytes((major << 5 | value,))
    if value < 256:
        return bytes((major << 5 | 24, value))
    return bytes((major << 5 | 25,)) + value.to_bytes(2, "big")


def _cbor_length(data: bytes, at: int, major: int) -> tuple[int, int]:
    first = data[at]
    if first >> 5 != major or first & 31 > 25:
        raise InvalidCar("The archive has a malformed header.")
    if first & 31 < 24:
        return first & 31, at + 1
    width = 1 << (first & 31) - 24
    return int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width


class _Buffer:
    """Cuts a stream of pieces into length-prefixed sections."""

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._pieces = aiter(stream)
        self._held = bytearray()

    async def section(self, limit_bytes: int) -> bytes | None:
        """Return the next section, or ``None`` at a clean end."""
        length = await self._length()
        if length is None:
            return None
        if not 0 < length <= limit_bytes:
            raise InvalidCar(f"The archive has a section of {length} bytes.")
        await self._fill(length)
        if len(self._held) < length:
            raise InvalidCar("The archive ends inside a section.")
        section = bytes(memoryview(self._held)[:length])
        del self._held[:length]
        return section

    async def _length(self) -> int | None:
        while True:
            window = bytes(self._held[:MAX_VARINT_BYTES])
            if any(byte < 0x80 for byte in window) or len(window) == MAX_VARINT_BYTES:
                try:
                    value, used = decode_varint(window)
                except InvalidVarint as error:
                    raise InvalidCar("The archive has a malformed length.") from error
                del self._held[:used]
                return value
            if not await self._more():
                if window:
                    raise InvalidCar("The archive ends inside a length.")
                return None

    async def _fill(self, length: int) -> None:
        while len(self._held) < length and await self._more():
            pass

    async def _more(self) -> bool:
        try:
            self._held += await anext(self._pieces)
        except StopAsyncIteration:
            return False
        return True
