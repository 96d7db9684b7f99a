from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.dags import pieces_of
from tests.unit.ipfs.test_cid import CIDS

from neurovoyance.ipfs.car import (
    PIECE_BYTES,
    InvalidCar,
    decode_header,
    encode_header,
    encode_section,
    read_car,
    section_pieces,
)
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.varint import encode_varint
from neurovoyance.protocol.errors import SpecError


async def read_all(data: bytes, piece_bytes: int = 7) -> list[tuple[Cid | None, bytes]]:
    return [item async for item in read_car(pieces_of(data, piece_bytes))]


@given(st.lists(CIDS, max_size=30))
def test_headers_round_trip(roots: list[Cid]) -> None:
    framed = encode_header(roots)
    body = framed[2:] if len(framed) > 129 else framed[1:]
    assert decode_header(body) == roots


def test_the_header_has_the_bytes_of_the_specification() -> None:
    cid = Cid.of(b"x")
    assert encode_header([cid]).hex() == (
        "3aa265726f6f747381d82a58250001551220" + cid.digest.hex() + "6776657273696f6e01"
    )


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 40))
async def test_sections_round_trip_in_pieces_of_any_size(data: list[bytes], size: int) -> None:
    archive = encode_header([]) + b"".join(encode_section(Cid.of(d), d) for d in data)
    assert (await read_all(archive, size))[1:] == [(Cid.of(d), d) for d in data]


@pytest.mark.parametrize(
    "size_bytes", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 1 << 20]
)
def test_pieces_of_a_section_are_the_section_and_none_is_long(size_bytes: int) -> None:
    data = bytes(range(256)) * (size_bytes // 256) + bytes(size_bytes % 256)
    pieces = list(section_pieces(Cid.of(data), data))
    assert b"".join(pieces) == encode_section(Cid.of(data), data)
    assert all(0 < len(piece) < 128 * 1024 for piece in pieces)


async def test_every_truncation_is_noticed_unless_it_falls_between_sections() -> None:
    sections = [encode_header([]), encode_section(Cid.of(b"abc"), b"abc")]
    archive = b"".join(sections)
    for size in range(len(archive)):
        if size == len(sections[0]):
            continue
        with pytest.raises(InvalidCar):
            await read_all(archive[:size])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        encode_varint(1 << 40),
        encode_varint(70_000) + bytes(70_000),
        encode_header([]) + encode_varint(3 << 20) + bytes(3 << 20),
        b"\xff" * 12,
    ],
    ids=["empty", "zero", "huge", "long header", "long section", "endless length"],
)
async def test_malformed_frames_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidCar):
        await read_all(data)


@given(st.binary(max_size=80))
def test_random_headers_are_refused_or_read(data: bytes) -> None:
    try:
        decode_header(data)
    except InvalidCar:
        return


@given(st.binary(max_size=200))
async def test_random_archives_never_crash(data: bytes) -> None:
    try:
        await read_all(data)
    except SpecError:
        return
