"""What a safetensors file says of itself, read from its header alone.

Place: under ``intake``, before a job is taken. The header is JSON of a few kilobytes, so it can be
read in the node's own process; the data behind it is only ever read in the sandbox. Never: trust
an offset, or read more than the header.

Format: https://huggingface.co/docs/safetensors/index#format - 8 bytes little-endian header length,
the header, then the data without gaps.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Final

from neurovoyance.protocol.errors import SpecError

HEADER_MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 3
"""Nesting of a header: the object, an entry, a list of sizes."""
MAX_NDIM: Final = 64

_DTYPES: Final = {
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I32": ("int32", 4),
    "I64": ("int64", 8),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")

Given = dict[str, tuple[str, tuple[int, ...]]]
"""Input name -> dtype name (``float32``), shape."""


def read_tensor_header(path: Path) -> Given:
    """Return names, dtypes and shapes of the tensors in a safetensors file.

    Raises:
        SpecError: not safetensors, a dtype without canonical form, or sizes that do not add up.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        if size_bytes < 8 or not 2 <= header_bytes <= min(HEADER_MAX_BYTES, size_bytes - 8):
            raise _malformed("its header length is impossible")
        raw = file.read(header_bytes)
    if _depth(raw) > MAX_DEPTH:
        raise _malformed("its header is nested deeper than the format")
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _malformed("its header is not JSON") from error
    if not isinstance(header, dict):
        raise _malformed("its header is not an object")
    header.pop("__metadata__", None)
    given: Given = {}
    spans = []
    for name, entry in header.items():
        dtype, shape, span = _entry(name, entry)
        given[name] = (dtype, shape)
        spans.append(span)
    _check_spans(sorted(spans), size_bytes - 8 - header_bytes)
    return given


def _depth(raw: bytes) -> int:
    """Return how deep brackets nest outside strings.

    The parser recurses, and libraries raise its limit far enough to overflow the stack.
    """
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _entry(name: str, entry: Any) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _malformed(f"the entry of {name[:80]!r} is incomplete")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise _malformed(f"the numbers of {name[:80]!r} are not sizes")
    if len(shape) > MAX_NDIM:
        raise _malformed(f"{name[:80]!r} has more than {MAX_NDIM} dimensions")
    known = _DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if known is None:
        raise _malformed(f"the dtype of {name[:80]!r} is none that jobs may use")
    dtype, item_bytes = known
    start, end = offsets
    if end - start != math.prod(shape) * item_bytes:
        raise _malformed(f"the data of {name[:80]!r} has another size than its shape")
    return dtype, tuple(shape), (start, end)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 2**63 for value in values
    )


def _check_spans(spans: list[tuple[int, int]], data_bytes: int) -> None:
    at = 0
    for start, end in spans:
        if start != at:
            raise _malformed("its tensors overlap or leave gaps")
        at = end
    if at != data_bytes:
        raise _malformed("its data has another length than the header says")


def _malformed(problem: str) -> SpecError:
    return SpecError(
        f"The input is not a valid safetensors file: {problem}.",
        hint="Write it with safetensors.numpy.save_file; jobs take fp32, fp16, bf16, int32, int64, "
        "uint8 and bool tensors.",
    )
