"""Blocks on disk: a file each in two-character shards, or a reference into a file added.

Place: under :mod:`.embedded`; synchronous, called from worker threads. A block gets its final
name only when its bytes were hashed, written and flushed. Every read is hashed again: rotten
blocks are removed and count as missing, a changed source raises. What goes to a peer, who hashes
it too, is hashed once, and again when its file changed. Never: return unverified bytes.
"""

from __future__ import annotations

import errno
import os
import stat as stat_bits
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from neurovoyance.ipfs.cid import DAG_PB, PROBE, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, decode_node
from neurovoyance.ipfs.index import BlockIndex, BlockRow, SourceFile
from neurovoyance.ipfs.verified import Identity, VerifiedFiles, identity
from neurovoyance.protocol.errors import (
    SpecError,
    StorageError,
    StorageFull,
    StorageIntegrityError,
    StorageSourceChanged,
    StorageTooLarge,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_STALE_TEMP_S = 3600
_FLUSH_TOUCHES = 512

Reserve = Callable[[int], AbstractContextManager[None]]


class BlockStore:
    """Verified blocks in ``root``; ``reserve(size)`` is entered around every write."""

    def __init__(self, root: Path, reserve: Reserve | None = None) -> None:
        self._blocks = root / "blocks"
        self._temp = root / "temp"
        for folder in (self._blocks, self._temp):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.index = BlockIndex(root / "index.sqlite")
        self.reserve = reserve
        self.rotten_count = 0
        self._verified = VerifiedFiles()
        self._touched: set[bytes] = set()
        self._touch_lock = threading.Lock()

    def close(self) -> None:
        """Flush last uses and close the index."""
        self.flush_touches()
        self.index.close()

    def path_of(self, cid: Cid) -> Path:
        """Return where a block's own file is or would be."""
        return self._blocks / cid.text[-3:-1] / cid.text

    def put(self, cid: Cid, data: bytes | memoryview) -> bool:
        """Verify and store a block; return whether it was new. The bytes are not kept.

        Raises:
            StorageIntegrityError: the bytes do not have the hash.
            StorageTooLarge: more than two MiB.
            StorageFull: no room on the disk or in the budget; nothing was left behind.
        """
        if len(data) > MAX_BLOCK_BYTES:
            raise StorageTooLarge(
                f"The block {cid} has {len(data)} bytes; at most {MAX_BLOCK_BYTES} are stored.",
                cid=str(cid),
                size_bytes=len(data),
            )
        if not cid.is_hash_of(data):
            raise StorageIntegrityError(
                f"The bytes do not match the content identifier {cid}; they were thrown away.",
                cid=str(cid),
            )
        if cid == PROBE:
            return False
        if self.size_of(cid) is not None:
            # Written at once, then looked again: a collection of another process sees the use, or
            # is over and the block with it.
            self.index.touch([cid.binary], time.time_ns())
            if self.size_of(cid) is not None:
                return False
        with self.reserve(len(data)) if self.reserve else nullcontext():
            self._write(cid, data)
            self.index.put_block(cid.binary, len(data), time.time_ns())
        if cid.codec == DAG_PB and self.index.is_served(cid.binary):
            with suppress(SpecError):
                self.index.put_served(link.cid.binary for link in decode_node(bytes(data)).links)
        return True

    def put_references(self, source: SourceFile, leaves: Iterable[tuple[Cid, int, int]]) -> None:
        """Record leaves ``(cid, offset, size)`` of a file without copying them."""
        rows = ((cid.binary, offset, size) for cid, offset, size in leaves)
        self.index.put_references(source, rows, time.time_ns())

    def size_of(self, cid: Cid) -> int | None:
        """Return the size of a block that is held, in bytes, without reading it; else ``None``.

        A file without a row (the index lost its last writes in a crash) is adopted.
        """
        if cid == PROBE:
            return 0
        row = self.index.block(cid.binary)
        if row is not None and row.source is not None:
            return row.size_bytes if _is_unchanged(row.source) else None
        try:
            found = self.path_of(cid).stat().st_size
        except FileNotFoundError:
            return None
        if row is None:
            self.index.put_block(cid.binary, found, time.time_ns())
        elif row.size_bytes != found:
            return None
        return found

    def read(self, cid: Cid, *, for_peer: bool = False) -> bytes | None:
        """Return a block's verified bytes, or ``None`` when it is missing or was rotten.

        Args:
            cid: of the block.
            for_peer: they go to somebody who verifies them, so a block that was hashed before, in
                a file that has not changed since, is not hashed again.

        Raises:
            StorageSourceChanged: the file that it was added from is not the same any more.
        """
        if cid == PROBE:
            return b""
        row = self.index.block(cid.binary)
        if row is not None and row.source is not None:
            data = self._read_source(cid, row, row.source, for_peer)
        else:
            own = self._read_own(cid, for_peer)
            if own is None:
                return None
            data = own
        self.touch(cid)
        return data

    def remove(self, cids: Iterable[Cid]) -> None:
        """Remove blocks and their rows; sources are left alone."""
        gone = list(cids)
        for cid in gone:
            self.path_of(cid).unlink(missing_ok=True)
        self.index.forget(cid.binary for cid in gone)

    def touch(self, cid: Cid) -> None:
        """Note a use; written in groups."""
        with self._touch_lock:
            self._touched.add(cid.binary)
            is_due = len(self._touched) >= _FLUSH_TOUCHES
        if is_due:
            self.flush_touches()

    def flush_touches(self) -> None:
        """Write the last uses noted so far."""
        with self._touch_lock:
            touched, self._touched = self._touched, set()
        if touched:
            self.index.touch(touched, time.time_ns())

    def reconcile(self) -> None:
        """Adopt block files without a row and remove temporary files older than an hour."""
        for shard in self._blocks.iterdir():
            for path in shard.iterdir():
                with suppress(SpecError):
                    self.size_of(Cid.from_text(path.name))
        for path in self._temp.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _STALE_TEMP_S:
                    path.unlink()

    def _write(self, cid: Cid, data: bytes | memoryview) -> None:
        final = self.path_of(cid)
        temp = self._temp / uuid.uuid4().hex
        try:
            descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            final.parent.mkdir(exist_ok=True, mode=0o700)
            temp.replace(final)
        except OSError as error:
            temp.unlink(missing_ok=True)
            if full := disk_full(error, cid, len(data)):
                raise full from error
            raise StorageError(
                f"The block {cid} could not be written: {error.strerror}.", cid=str(cid)
            ) from error

    def _read_own(self, cid: Cid, for_peer: bool) -> bytes | None:
        try:
            with self.path_of(cid).open("rb", buffering=0) as file:
                found = identity(os.fstat(file.fileno()))
                data = file.read(min(found[2], MAX_BLOCK_BYTES) + 1)
        except FileNotFoundError:
            return None
        if len(data) <= MAX_BLOCK_BYTES and self._is_right(cid, data, 0, found, for_peer):
            return data
        self.rotten_count += 1
        self.remove([cid])
        return None

    def _read_source(self, cid: Cid, row: BlockRow, source: SourceFile, for_peer: bool) -> bytes:
        descriptor = open_regular(Path(source.path), missing=_changed(cid, source))
        try:
            found = os.fstat(descriptor)
            if not _is_same(found, source):
                raise _changed(cid, source)
            data = os.pread(descriptor, row.size_bytes, row.source_offset)
        finally:
            os.close(descriptor)
        if not self._is_right(cid, data, row.source_offset, identity(found), for_peer):
            raise _changed(cid, source)
        return data

    def _is_right(self, cid: Cid, data: bytes, offset: int, file: Identity, for_peer: bool) -> bool:
        """Return whether ``data`` has the hash; only a block that goes to a peer is remembered."""
        if not for_peer:
            return cid.is_hash_of(data)
        if self._verified.knows(cid.binary, offset, file):
            return True
        if is_right := cid.is_hash_of(data):
            self._verified.note(cid.binary, offset, file)
        return is_right


def disk_full(error: OSError, cid: Cid, missing_bytes: int = 0) -> StorageFull | None:
    """Return the :class:`StorageFull` that ``error`` means, if it means a full disk."""
    if error.errno not in _FULL:
        return None
    return StorageFull(
        f"The disk is full: {cid} could not be written. The blocks stored before are kept.",
        hint="Free disk space and start again; it continues where it stopped.",
        cid=str(cid),
        missing_bytes=missing_bytes,
    )


def open_regular(path: Path, missing: StorageError) -> int:
    """Open a regular file for reading, never through a final symbolic link; raise ``missing``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise missing from error
    if not stat_bits.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise missing
    return descriptor


def _is_same(found: os.stat_result, source: SourceFile) -> bool:
    return found.st_size == source.size_bytes and found.st_mtime_ns == source.mtime_ns


def _is_unchanged(source: SourceFile) -> bool:
    try:
        return _is_same(os.lstat(source.path), source)
    except OSError:
        return False


def _changed(cid: Cid, source: SourceFile) -> StorageSourceChanged:
    return StorageSourceChanged(
        f"The file {source.path} was changed or removed after it was added; "
        f"the block {cid} cannot be read from it any more.",
        hint="Restore the file, or add it again under its new content identifier.",
        path=source.path,
        cid=str(cid),
    )
