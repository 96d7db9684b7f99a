"""Asks one peer for neighbouring leaves as a CAR stream, over a blocking socket in a thread.

Place: under :mod:`.streams`, which runs it in threads: a block goes from the socket into one
buffer, is hashed and written from there, while the event loop sleeps and the interpreter is free.
What is taken in is bounded before it is: only the blocks asked for are expected, each once and of
the size that their parent states. Never: hand out a block that was not expected, follow a redirect,
use a proxy, or connect to an address that the policy refuses.

Source: https://specs.ipfs.tech/http-gateways/trustless-gateway/
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from neurovoyance.ipfs.car import (
    CAR_TYPE,
    MAX_CID_BYTES,
    MAX_HEADER_BYTES,
    InvalidCar,
    decode_header,
)
from neurovoyance.ipfs.cid import DAG_PB, DIGEST_BYTES, SHA2_256, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.gateway_client import (
    PeerFailed,
    PeerIsBusy,
    PeerLacksBlock,
    Timeouts,
    wait_s,
)
from neurovoyance.ipfs.peers import is_allowed
from neurovoyance.ipfs.runs import Run, Want
from neurovoyance.protocol.errors import StorageIntegrityError

_ACCEPT = f"{CAR_TYPE}; version=1; order=dfs; dups=n"
_VERSION_0_HEAD = bytes((SHA2_256, DIGEST_BYTES))
_VERSION_0_BYTES = 34
_CID_BYTES = 36
_MAX_LENGTH_BYTES = 4  # of a section's length, which is below 2**28

Keep = Callable[[Cid, memoryview], object]
"""Verifies and stores a block before it returns; must not keep the view."""


class KnowsNoArchives(Exception):
    """The peer does not answer with archives as they are needed here."""


class ArchiveEnded(Exception):
    """The connection was cut, or the sizes are not those stated: what is left is asked for raw."""


class FalseArchive(Exception):
    """The peer sent an archive that no honest peer sends; the text says how."""


class ArchiveConnection:
    """A connection to the gateway at ``base_url``; used by one thread, stopped by any.

    Attributes:
        stored_count: blocks stored so far, over all runs.
    """

    def __init__(self, base_url: str, allow_private: bool, timeouts: Timeouts) -> None:
        self._parts = urlsplit(base_url)
        self._allow_private = allow_private
        self._timeouts = timeouts
        self._http: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._buffer = memoryview(bytearray())
        self._guard = threading.Lock()
        self._is_stopped = self._is_fresh = self._is_answering = False
        self.stored_count = 0

    def stop(self) -> None:
        """Make the thread that uses this connection end soon; nothing can be fetched after."""
        with self._guard:
            self._is_stopped = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not SSLSocket's own, which would take the session from the reading thread.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        with self._guard:
            if self._http is not None:
                self._http.close()
            self._http = self._socket = None

    def fetch(self, run: Run, keep: Keep) -> None:
        """Receive the leaves of ``run`` and ``keep`` each before the next is read.

        Raises:
            KnowsNoArchives, PeerLacksBlock, PeerIsBusy, PeerFailed: before the first block.
            ArchiveEnded: what was not kept has to be asked for otherwise.
            FalseArchive, StorageIntegrityError: the peer lied.
            StorageError: a block could not be stored.
        """
        is_sound = False
        try:
            response = self._ask(run)
            _Sections(response, self._room).receive(run, keep, self._count)
            is_sound = not response.will_close
        except (http.client.HTTPException, OSError, UnicodeError) as error:
            kind = ArchiveEnded if self._is_answering else PeerFailed
            raise kind(f"{type(error).__name__}: {error}"[:200]) from error
        finally:
            if not is_sound:
                self.close()

    def _count(self) -> None:
        self.stored_count += 1

    def _room(self, size_bytes: int) -> memoryview:
        """Return a buffer of ``size_bytes``, the same memory each time."""
        if len(self._buffer) < size_bytes:
            self._buffer = memoryview(bytearray(size_bytes))
        return self._buffer[:size_bytes]

    def _ask(self, run: Run) -> http.client.HTTPResponse:
        self._is_answering = False
        target = (
            f"{self._parts.path}/ipfs/{run.node}?format=car&dag-scope=entity"
            f"&entity-bytes={run.start}:{run.stop - 1}"
        )
        headers = {"Accept": _ACCEPT, "User-Agent": "neurovoyance"}
        connection = self._http or self._connect()
        try:
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if self._is_fresh or self._is_stopped:
                raise
            self.close()  # the peer had closed an idle connection
            connection = self._connect()
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
        self._is_fresh = False
        _check_answer(response)
        self._is_answering = True
        return response

    def _connect(self) -> http.client.HTTPConnection:
        host, is_secure = self._parts.hostname or "", self._parts.scheme == "https"
        port = self._parts.port or (443 if is_secure else 80)
        kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = kind(host, port, timeout=self._timeouts.read_s)
        plain = self._open_socket(host, port)
        if is_secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        plain.settimeout(self._timeouts.read_s)
        connection.sock = plain
        with self._guard:
            if self._is_stopped:
                plain.close()
                raise PeerFailed("stopped")
            self._http, self._socket, self._is_fresh = connection, plain, True
        return connection

    def _open_socket(self, host: str, port: int) -> socket.socket:
        """Connect to the first allowed address of ``host`` that answers."""
        failure = OSError(f"{host} resolves to private addresses only, which are refused")
        for family, kind, number, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            if not is_allowed(str(address[0]), self._allow_private):
                continue
            found = socket.socket(family, kind, number)
            try:
                found.settimeout(self._timeouts.connect_s)
                found.connect(address)
                return found
            except OSError as error:
                found.close()
                failure = error
        raise failure


def _check_answer(response: http.client.HTTPResponse) -> None:
    """Refuse every answer that is not an archive in which each block stands once."""
    if response.status in (429, 503):
        raise PeerIsBusy(wait_s(response.headers.get("Retry-After")))
    if response.status in (404, 410, 412, 451):
        raise PeerLacksBlock(f"HTTP {response.status}")
    headers = response.headers
    is_archive = response.status == 200 and headers.get_content_type() == CAR_TYPE
    is_plain = headers.get("Content-Encoding", "identity") == "identity"
    is_single = headers.get_param("dups") == "n" and headers.get_param("version", "1") == "1"
    if response.status >= 500 and response.status != 501:
        raise PeerFailed(f"HTTP {response.status}")
    if not (is_archive and is_plain and is_single):
        raise KnowsNoArchives(f"HTTP {response.status}, {headers.get_content_type()[:64]}")


class _Sections:
    """Reads one answer section by section into a buffer that is used again and again."""

    def __init__(
        self, response: http.client.HTTPResponse, room: Callable[[int], memoryview]
    ) -> None:
        self._response = response
        self._room = room

    def receive(self, run: Run, keep: Keep, count: Callable[[], None]) -> None:
        """Keep every leaf of ``run``; see :meth:`ArchiveConnection.fetch`."""
        self._header()
        missing = {leaf.cid.binary: leaf for leaf in run.leaves}
        is_node_due = True
        while (length := self._length()) is not None:
            key, size_bytes = self._cid(length)
            if key == run.node.binary and is_node_due:
                is_node_due = False
                self._node(run.node, size_bytes)
                continue
            leaf = missing.pop(key, None)
            if leaf is None:
                raise FalseArchive("sent a block that was not asked for, or twice")
            keep(leaf.cid, self._leaf(leaf, size_bytes))
            count()
        if missing:
            raise FalseArchive("ended its archive before it was whole")

    def _header(self) -> None:
        length = self._length()
        if length is None or not 0 < length <= MAX_HEADER_BYTES:
            raise FalseArchive("sent an archive without a header")
        try:
            decode_header(bytes(self._read(length)))
        except InvalidCar as error:
            raise FalseArchive("sent an archive with a malformed header") from error

    def _node(self, node: Cid, size_bytes: int) -> None:
        """Check the node that is held already."""
        if not node.is_hash_of(self._read(size_bytes)):
            raise StorageIntegrityError(f"The bytes do not match {node}.", cid=str(node))

    def _leaf(self, leaf: Want, size_bytes: int) -> memoryview:
        if size_bytes != leaf.size_bytes:
            # The tree's author may have misstated it, so this proves nothing about the peer.
            raise ArchiveEnded(f"{leaf.cid} has {size_bytes} bytes, not {leaf.size_bytes}")
        return self._read(size_bytes)

    def _cid(self, length: int) -> tuple[bytes, int]:
        """Return the binary CIDv1 of the next section, and the bytes of its block."""
        if not _CID_BYTES <= length <= MAX_BLOCK_BYTES + MAX_CID_BYTES:
            raise FalseArchive(f"sent a section of {length} bytes")
        head = bytes(self._read(_VERSION_0_BYTES))
        if head[:2] == _VERSION_0_HEAD:
            return bytes((1, DAG_PB)) + head, length - len(head)
        head += bytes(self._read(_CID_BYTES - _VERSION_0_BYTES))
        return head, length - len(head)

    def _length(self) -> int | None:
        """Return the next section's length; ``None`` at the answer's proper end."""
        value = 0
        for index in range(_MAX_LENGTH_BYTES):
            read = self._read(1, may_end=index == 0)
            if not read:
                return None
            value |= (read[0] & 0x7F) << (7 * index)
            if read[0] < 0x80:
                return value
        raise FalseArchive("sent a malformed length")

    def _read(self, size_bytes: int, *, may_end: bool = False) -> memoryview:
        """Return the next bytes, valid until the next call; none only at a proper end."""
        view = self._room(size_bytes)
        at = 0
        while at < size_bytes:
            count = self._response.readinto(view[at:])
            if count:
                at += count
                continue
            # A chunked answer that is cut raises IncompleteRead; one without a length cannot tell.
            if not (self._response.chunked or self._response.length == 0):
                raise ArchiveEnded("the connection ended inside the archive")
            if may_end and at == 0:
                return view[:0]
            raise FalseArchive("sent an archive that ends inside a block")
        return view
