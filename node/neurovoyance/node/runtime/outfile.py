"""The file that a child leaves: check it against the child's report, and cut it into files.

Place: in the node's own process, below ``confined``. Of the file only headers are read; data is
copied by the kernel. Never: believe the child, or decode a tensor.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from neurovoyance.node.runtime.base import TensorMeta
from neurovoyance.protocol.errors import ExecutionError, SpecError
from neurovoyance.verification.canonical import MAX_NDIM, decode_header

_HEADER_BYTES: Final = 16 + 8 * MAX_NDIM


def partial_name(final: Path) -> Path:
    """Return a name beside ``final`` that nothing else uses."""
    return final.with_name(f".{final.name}.{secrets.token_hex(8)}.part")


def check_output(path: Path, tensors: Sequence[TensorMeta]) -> list[int]:
    """Compare the headers in the file with what the child said; it may be in hostile hands.

    Returns:
        The offset after each tensor.

    Raises:
        ExecutionError: they differ, or the file holds more or less.
    """
    ends, at = [], 0
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            size = os.fstat(handle).st_size
            for meta in tensors:
                file.seek(at)
                header = decode_header(file.read(_HEADER_BYTES))
                if (header.kind.name, header.shape) != (meta.dtype, meta.shape):
                    raise SpecError(f"The output {meta.name!r} is not what the child reported.")
                at += header.end
                ends.append(at)
    except (OSError, SpecError) as error:
        raise ExecutionError(f"The child process left a wrong output file ({error}).") from error
    if at != size:
        raise ExecutionError("The child process left an output file of a wrong size.")
    return ends


def cut(path: Path, pieces: Sequence[tuple[Path, int, int]]) -> None:
    """Copy ranges of a file to files of their own: all of them appear, or none.

    Args:
        path: the file.
        pieces: (final name, first byte, byte after the last) of each; existing files are replaced.

    Raises:
        ExecutionError: a piece could not be written.
    """
    partials: list[tuple[Path, Path]] = []
    try:
        with path.open("rb") as source:
            for final, start, end in pieces:
                partial = partial_name(final)
                partials.append((partial, final))
                copy_range(source.fileno(), partial, start, end)
        for partial, final in partials:
            partial.replace(final)
    except OSError as error:
        raise ExecutionError(f"An output could not be written ({error.strerror}).") from error
    finally:
        for partial, _ in partials:
            partial.unlink(missing_ok=True)


def copy_range(source: int, target: Path, start: int, end: int) -> None:
    """Copy bytes of an open file to a new file, by the kernel.

    Raises:
        OSError: the file exists, cannot be written, or the source became shorter.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(target, flags, 0o600)
    try:
        while start < end:
            sent = os.sendfile(handle, source, start, end - start)
            if sent == 0:
                raise OSError(0, "the file became shorter")
            start += sent
    finally:
        os.close(handle)
