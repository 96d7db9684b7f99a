"""The file a child leaves: believed only as far as its headers agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurovoyance.node.runtime.base import TensorMeta
from neurovoyance.node.runtime.outfile import check_output, cut, partial_name
from neurovoyance.protocol.errors import ExecutionError
from neurovoyance.verification.canonical import encode_tensor

FIRST = encode_tensor(np.arange(3, dtype=np.float32))
SECOND = encode_tensor(np.ones((2, 2), np.int64))
METAS = (TensorMeta("a", "fp32", (3,)), TensorMeta("b", "int64", (2, 2)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(FIRST + SECOND)
    return path


def test_the_ends_of_the_tensors_are_found(file: Path) -> None:
    assert check_output(file, METAS) == [len(FIRST), len(FIRST) + len(SECOND)]


@pytest.mark.parametrize(
    "metas",
    [
        METAS[:1],
        METAS[::-1],
        (*METAS, METAS[0]),
        (TensorMeta("a", "fp32", (4,)), METAS[1]),
        (TensorMeta("a", "int32", (3,)), METAS[1]),
    ],
)
def test_a_report_that_differs_is_an_error(file: Path, metas: tuple[TensorMeta, ...]) -> None:
    with pytest.raises(ExecutionError):
        check_output(file, metas)


def test_a_link_in_place_of_the_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(ExecutionError):
        check_output(tmp_path / "link", METAS)


def test_the_file_is_cut_into_files_of_its_tensors(file: Path, tmp_path: Path) -> None:
    targets = [tmp_path / "0", tmp_path / "1"]
    targets[0].write_bytes(b"earlier")
    ends = [0, *check_output(file, METAS)]
    cut(file, [(target, ends[at], ends[at + 1]) for at, target in enumerate(targets)])
    assert [target.read_bytes() for target in targets] == [FIRST, SECOND]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "file"]


def test_a_piece_that_fails_leaves_nothing_behind(file: Path, tmp_path: Path) -> None:
    for bad in (tmp_path / "missing" / "1", tmp_path / "1"):
        end = 1 << 30 if bad.parent == tmp_path else 5
        with pytest.raises(ExecutionError):
            cut(file, [(tmp_path / "0", 0, 5), (bad, 0, end)])
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_partial_names_are_hidden_beside_the_final_one_and_differ() -> None:
    final = Path("/somewhere/output")
    first, second = partial_name(final), partial_name(final)
    assert first.parent == final.parent
    assert first.name.startswith(".output.")
    assert first != second
