"""A safetensors header is read strictly: what the format forbids is refused before a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from neurovoyance.node.tensor_header import read_tensor_header
from neurovoyance.protocol.errors import SpecError

GOOD = {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def file_of(tmp_path: Path, header: object, data: bytes = bytes(8)) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "input.safetensors"
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)
    return path


def test_names_dtypes_and_shapes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "input.safetensors"
    tensors: dict[str, np.ndarray] = {
        "a": np.zeros((2, 3), np.float32),
        "b": np.zeros((), np.int64),
        "c": np.zeros((0, 4), np.uint8),
        "d": np.zeros(5, np.bool_),
    }
    path.write_bytes(save(tensors, metadata={"made": "by a test"}))
    assert read_tensor_header(path) == {
        "a": ("float32", (2, 3)),
        "b": ("int64", ()),
        "c": ("uint8", (0, 4)),
        "d": ("bool", (5,)),
    }


def test_a_plain_file_is_accepted_and_shows_that_the_faults_below_are_the_cause(
    tmp_path: Path,
) -> None:
    assert read_tensor_header(file_of(tmp_path, GOOD)) == {"x": ("float32", (2,))}


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
        {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 16]},
        {"dtype": "F32", "shape": [1] * 65 + [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2]},
        "x",
    ],
)
def test_an_entry_that_does_not_add_up_is_refused(tmp_path: Path, entry: object) -> None:
    with pytest.raises(SpecError, match="not a valid safetensors"):
        read_tensor_header(file_of(tmp_path, {"x": entry}))


@pytest.mark.parametrize("raw", [b"[]", b"{", b"\xff\xfe\xfd", b"[" * 100_000])
def test_a_header_that_is_no_object_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(SpecError):
        read_tensor_header(file_of(tmp_path, raw))


@pytest.mark.parametrize("data", [b"", b"\x00", (2**63).to_bytes(8, "little"), b"\xff" * 64])
def test_a_file_without_a_possible_header_length_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "input.safetensors"
    path.write_bytes(data)
    with pytest.raises(SpecError):
        read_tensor_header(path)


def test_brackets_inside_names_do_not_count_as_nesting(tmp_path: Path) -> None:
    name = '[[[[{"\\'
    assert read_tensor_header(file_of(tmp_path, {name: GOOD["x"]})) == {name: ("float32", (2,))}


def test_bytes_after_the_last_tensor_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        read_tensor_header(file_of(tmp_path, GOOD, bytes(9)))


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused_but_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("random") / "input.safetensors"
    path.write_bytes(data)
    try:
        read_tensor_header(path)
    except SpecError:
        return
