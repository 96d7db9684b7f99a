from __future__ import annotations

import io
from http.client import HTTPResponse
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from tests.unit.ipfs.conftest import Serve
from tests.unit.ipfs.dags import file_blocks, file_node, pb, random_bytes
from tests.unit.ipfs.serving import (
    CAR,
    Scripted,
    Section,
    archive,
    run_of,
    serving_blocks,
    streaming_blocks,
)

from neurovoyance.ipfs.archive_client import (
    ArchiveConnection,
    ArchiveEnded,
    FalseArchive,
    KnowsNoArchives,
    _Sections,
)
from neurovoyance.ipfs.car import encode_header
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.gateway_client import PeerFailed, PeerIsBusy, PeerLacksBlock, Timeouts
from neurovoyance.ipfs.runs import Run, Want
from neurovoyance.ipfs.unixfs import FileNode, Profile, read_node
from neurovoyance.ipfs.varint import encode_varint
from neurovoyance.protocol.errors import StorageIntegrityError

WIDE = Profile("test-wide", 16, 10)
ROOT, BLOCKS = file_blocks(random_bytes(150), WIDE)
FAST = Timeouts(10, 30, 60)


def leaves_of(root: Cid, blocks: dict[Cid, bytes]) -> tuple[Want, ...]:
    node = read_node(root, blocks[root])
    assert isinstance(node, FileNode)
    at, wants = 0, []
    for child in node.children:
        wants.append(Want(child.cid, child.file_size, 1, root, at))
        at += child.file_size
    return tuple(wants)


LEAVES = leaves_of(ROOT, BLOCKS)
RUN = Run(ROOT, LEAVES[2:7])
SECTIONS: list[Section] = [(ROOT, BLOCKS[ROOT]), *((w.cid, BLOCKS[w.cid]) for w in RUN.leaves)]


class Kept(dict[Cid, bytes]):
    """Verifies and keeps blocks as a store does."""

    def keep(self, cid: Cid, data: memoryview) -> None:
        if not cid.is_hash_of(data):
            raise StorageIntegrityError("wrong bytes")
        assert cid not in self, "a block was handed out twice"
        self[cid] = bytes(data)


class Answer(io.BytesIO):
    """What is used of an HTTP response whose body is ``body``, of which ``cut`` never came."""

    chunked = False

    def __init__(self, body: bytes, cut: int = 0) -> None:
        super().__init__(body)
        self._stated = len(body) + cut

    @property
    def length(self) -> int:
        return self._stated - self.tell()


def receive(body: bytes, run: Run = RUN, cut: int = 0) -> Kept:
    kept = Kept()
    try:
        answer = cast(HTTPResponse, Answer(body, cut))
        _Sections(answer, lambda size: memoryview(bytearray(size))).receive(
            run, kept.keep, lambda: None
        )
    finally:
        assert all(kept[cid] == BLOCKS[cid] for cid in kept)
    return kept


def test_an_honest_archive_gives_every_leaf_in_whatever_order() -> None:
    expected = {want.cid: BLOCKS[want.cid] for want in RUN.leaves}
    assert receive(archive(SECTIONS)) == expected
    assert receive(archive(SECTIONS[::-1])) == expected
    assert receive(archive(SECTIONS[1:])) == expected


def test_a_node_named_by_a_version_0_identifier_is_the_same_node() -> None:
    old = ROOT.binary[2:] + BLOCKS[ROOT]
    body = archive(SECTIONS[1:]) + encode_varint(len(old)) + old
    assert len(receive(body)) == len(RUN.leaves)


FOREIGN = (Cid.of(b"foreign"), b"foreign")
LIES: dict[str, bytes] = {
    "nothing": b"",
    "no header": archive(SECTIONS)[len(encode_header([ROOT])) :],
    "a header without a root or version": b"\x01\xa0",
    "an endless header": b"\xff\xff\xff\x7f" + bytes(100),
    "a duplicate": archive([*SECTIONS, SECTIONS[2]]),
    "the node twice": archive([SECTIONS[0], *SECTIONS]),
    "a foreign block": archive([*SECTIONS[:3], FOREIGN, *SECTIONS[3:]]),
    "a block after the last": archive([*SECTIONS, FOREIGN]),
    "a leaf outside the range": archive([*SECTIONS, (LEAVES[0].cid, BLOCKS[LEAVES[0].cid])]),
    "an early end": archive(SECTIONS[:-1]),
    "an end inside a block": archive(SECTIONS)[:-3],
    "an end inside an identifier": archive(SECTIONS[:-1]) + b"\x34\x01\x55",
    "an end inside a length": archive(SECTIONS) + b"\xff",
    "an endless length": archive(SECTIONS[:2]) + b"\xff" * 20,
    "a block of no bytes at all": archive(SECTIONS[:2]) + b"\x00",
    "a block above two MiB": archive(SECTIONS[:2]) + b"\xff\xff\xff\x7f" + bytes(100),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_no_honest_peer_sends_is_a_lie(lie: str) -> None:
    with pytest.raises(FalseArchive):
        receive(LIES[lie])


@pytest.mark.parametrize("index", [0, 1, 3, 5])
def test_wrong_bytes_are_a_lie(index: int) -> None:
    cid, data = SECTIONS[index]
    body = archive([*SECTIONS[:index], (cid, bytes(len(data))), *SECTIONS[index + 1 :]])
    with pytest.raises(StorageIntegrityError):
        receive(body)


def test_a_cut_connection_is_no_lie() -> None:
    body = archive(SECTIONS)
    for size in range(len(body)):
        with pytest.raises(ArchiveEnded):
            receive(body[:size], cut=len(body) - size)


def test_a_leaf_of_another_size_than_stated_is_its_authors_fault() -> None:
    block = file_node([])
    run = Run(pb(block), (Want(LEAVES[0].cid, 5, 1, pb(block), 0), LEAVES[1]))
    with pytest.raises(ArchiveEnded, match="not 5"):
        receive(archive([(LEAVES[0].cid, BLOCKS[LEAVES[0].cid])]), run)


@given(st.data())
def test_a_mutated_archive_is_never_believed(draw: st.DataObject) -> None:
    body = bytearray(archive(SECTIONS))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(body) - 1))
        kind = draw.draw(st.sampled_from(("flip", "insert", "delete", "end")))
        if kind == "flip":
            body[at] ^= draw.draw(st.integers(1, 255))
        elif kind == "insert":
            body[at:at] = draw.draw(st.binary(min_size=1, max_size=40))
        else:
            del body[at : at + draw.draw(st.integers(1, 40)) if kind == "delete" else None]
        if not body:
            break
    try:
        kept = receive(bytes(body))
    except (FalseArchive, ArchiveEnded, StorageIntegrityError):
        return
    assert set(kept) == {want.cid for want in RUN.leaves}


def fetch(url: str, run: Run = RUN, allow_private: bool = True) -> Kept:
    kept = Kept()
    connection = ArchiveConnection(url, allow_private, FAST)
    try:
        connection.fetch(run, kept.keep)
        assert connection.stored_count == len(kept)
    finally:
        connection.close()
    return kept


def test_a_range_is_asked_for_over_http_and_a_connection_used_again(serve: Serve) -> None:
    peer = streaming_blocks(BLOCKS)
    connection, kept = ArchiveConnection(serve(peer.app), True, FAST), Kept()
    for part in (LEAVES[:2], LEAVES[2:9], LEAVES[9:]):
        connection.fetch(Run(ROOT, part), kept.keep)
    connection.close()
    assert kept == {want.cid: BLOCKS[want.cid] for want in LEAVES}
    assert peer.runs == [str(ROOT)] * 3


@pytest.mark.parametrize(
    ("status", "headers", "fault"),
    [
        (200, {}, KnowsNoArchives),
        (200, {"Content-Type": "application/vnd.ipld.raw"}, KnowsNoArchives),
        (200, {"Content-Type": CAR.replace("dups=n", "dups=y")}, KnowsNoArchives),
        (200, {"Content-Type": CAR.replace("version=1", "version=2")}, KnowsNoArchives),
        (200, {"Content-Type": "application/vnd.ipld.car"}, KnowsNoArchives),
        (200, {"Content-Type": CAR, "Content-Encoding": "gzip"}, KnowsNoArchives),
        (206, {"Content-Type": CAR}, KnowsNoArchives),
        (302, {"Location": "http://127.0.0.1:1/", "Content-Type": CAR}, KnowsNoArchives),
        (400, {}, KnowsNoArchives),
        (406, {}, KnowsNoArchives),
        (501, {}, KnowsNoArchives),
        (404, {}, PeerLacksBlock),
        (429, {"Retry-After": "7"}, PeerIsBusy),
        (500, {}, PeerFailed),
    ],
)
def test_other_answers(
    serve: Serve, status: int, headers: dict[str, str], fault: type[Exception]
) -> None:
    def answer(cid: Cid, request: Request) -> Response:
        return Response(archive(run_of(BLOCKS, cid, request)), status, headers)

    with pytest.raises(fault):
        fetch(serve(Scripted(answer, answer).app))


def test_private_names_and_silent_ports_are_failures(serve: Serve) -> None:
    peer = streaming_blocks(BLOCKS)
    url = serve(peer.app).replace("127.0.0.1", "localhost")
    with pytest.raises(PeerFailed, match="private"):
        fetch(url, allow_private=False)
    with pytest.raises(PeerFailed, match="Refused"):
        fetch("http://127.0.0.1:9")
    assert peer.runs == []


def test_a_stopped_connection_fetches_nothing_more(serve: Serve) -> None:
    peer = serving_blocks(BLOCKS)
    connection = ArchiveConnection(serve(peer.app), True, FAST)
    connection.stop()
    with pytest.raises(PeerFailed):
        connection.fetch(RUN, Kept().keep)
    assert peer.runs == []


def test_the_largest_block_fits() -> None:
    data = random_bytes(MAX_BLOCK_BYTES)
    cid = Cid.of(data)
    run = Run(ROOT, (Want(cid, len(data), 1, ROOT, 0),))
    BLOCKS[cid] = data
    assert receive(archive([(cid, data)]), run) == {cid: data}
