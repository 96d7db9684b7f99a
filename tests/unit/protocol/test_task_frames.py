"""Frames survive any cutting of the stream, and nothing longer than its kind allows is held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.task_frames import (
    LARGEST,
    Frame,
    FrameReader,
    Kind,
    TaskFrame,
    decode_output,
    decode_progress,
    decode_task,
    encode,
    encode_output,
    encode_progress,
    encode_task,
)

TASK = TaskFrame(7, 2, b"input", is_inline=True)


@given(
    payloads=st.lists(st.binary(max_size=40), max_size=8),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=60),
)
def test_any_cutting_gives_the_same_frames(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(encode(Kind.FAILURE, payload) for payload in payloads) + encode(Kind.END)
    reader, found, at = FrameReader(), [], 0
    for size in [*cuts, len(stream)]:
        found += list(reader.feed(stream[at : at + size]))
        at += size
    reader.close()
    assert found == [*(Frame(Kind.FAILURE, item) for item in payloads), Frame(Kind.END, b"")]


def test_values_come_back_as_they_went() -> None:
    [frame] = FrameReader().feed(encode_task(TASK))
    assert decode_task(frame.payload) == TASK
    [frame] = FrameReader().feed(encode_output(3, b"xyz"))
    assert decode_output(frame.payload) == (3, b"xyz")
    [frame] = FrameReader().feed(encode_progress(9))
    assert decode_progress(frame.payload) == 9


@pytest.mark.parametrize(
    "stream",
    [
        (LARGEST[Kind.TASK] + 2).to_bytes(4, "big") + bytes((Kind.TASK,)),
        b"\0\0\0\0\x02",
        b"\0\0\0\x01\x63",
        b"\xff\xff\xff\xff\x10",
    ],
)
def test_a_frame_is_refused_from_its_head(stream: bytes) -> None:
    with pytest.raises(SpecError):
        list(FrameReader().feed(stream))


def test_a_stream_that_ends_within_a_frame_is_refused() -> None:
    reader = FrameReader()
    assert list(reader.feed(encode_task(TASK)[:-1])) == []
    with pytest.raises(SpecError, match="within a frame"):
        reader.close()


def test_what_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(SpecError, match="at most"):
        encode(Kind.END, b"1")
    for decode, payload in (
        (decode_task, b"1"),
        (decode_task, bytes(16) + b"\x07"),
        (decode_output, b"1"),
        (decode_progress, b"12345"),
    ):
        with pytest.raises(SpecError):
            decode(payload)  # type: ignore[operator]
