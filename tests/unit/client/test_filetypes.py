"""The client's own preprocessing agrees with the magika package, row by row and label by label."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.client.filetypes import FileFeatures, FileTypeModel, input_of, installed_model
from neurovoyance.protocol.errors import ConfigError, SpecError

magika = pytest.importorskip("magika")

SPACES = b" \t\n\r\x0b\x0c"


@pytest.fixture(scope="module")
def model() -> FileTypeModel:
    return installed_model()


@pytest.fixture(scope="module")
def oracle() -> Any:
    return magika.Magika()


def expected(oracle: Any, content: bytes) -> FileFeatures:
    seekable = magika.types.Seekable(io.BytesIO(content))
    result, features = oracle._get_result_or_features_from_seekable(seekable)
    if result is not None:
        return FileFeatures(label=str(result.prediction.output.label))
    return FileFeatures(row=np.array(features.beg + features.end, dtype=np.int32))


def assert_same(found: FileFeatures, wanted: FileFeatures) -> None:
    assert found.label == wanted.label
    if wanted.row is None:
        assert found.row is None
    else:
        assert found.row is not None
        assert found.row.dtype == np.int32
        np.testing.assert_array_equal(found.row, wanted.row)


EDGES = {
    "empty": b"",
    "one byte": b"x",
    "seven bytes": b"1234567",
    "seven bytes that are not text": b"\xff\xfe\x00\x01\x02\x03\x80",
    "eight bytes": b"12345678",
    "eight bytes of blanks": b" " * 8,
    "blanks of one block": b" \n" * 2048,
    "blanks and a little text": b" " * 100 + b"tiny" + b"\n" * 100,
    "blanks and a little binary": b" " * 100 + b"\xff\x00" + b"\n" * 100,
    "blanks that fill the first block": b" " * 4096 + b"print('late')" * 50,
    "blanks that fill the last block": b"print('early')" * 50 + b"\n" * 4096,
    "exactly the beginning": b"a" * 1024,
    "one more than the beginning": b"a" * 1025,
    "exactly a block": b"ab" * 2048,
    "one less than a block": b"ab" * 2047 + b"a",
    "one more than a block": b"ab" * 2048 + b"c",
    "zeros": b"\0" * 9000,
    "vertical tab and form feed": b"\x0b\x0c" + b"body of the text" + b"\x0c\x0b",
    "unicode blanks are no white space": "\u00a0\u2003text of some length\u00a0".encode(),
}


@pytest.mark.parametrize("name", EDGES)
def test_edge_files_give_the_rows_of_the_package(
    name: str, model: FileTypeModel, oracle: Any
) -> None:
    assert_same(model.read(EDGES[name]), expected(oracle, EDGES[name]))


@settings(max_examples=150, deadline=None)
@given(
    lead=st.text(alphabet=SPACES.decode(), max_size=40),
    body=st.binary(max_size=400),
    times=st.integers(1, 40),
    trail=st.text(alphabet=SPACES.decode(), max_size=40),
)
def test_random_files_give_the_rows_of_the_package(
    model: FileTypeModel, oracle: Any, lead: str, body: bytes, times: int, trail: str
) -> None:
    content = lead.encode() + body * times + trail.encode()
    assert_same(model.read(content), expected(oracle, content))


def test_a_file_on_disk_gives_the_row_of_its_bytes(model: FileTypeModel, tmp_path: Path) -> None:
    for size in (0, 5, 900, 4096, 50_000):
        content = bytes(np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8))
        path = tmp_path / str(size)
        path.write_bytes(content)
        assert_same(model.read(path), model.read(content))


def test_a_huge_file_is_not_read_whole(model: FileTypeModel, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"the beginning of it")
        file.seek(8 << 30)
        file.write(b"the end of it")
    row = model.read(path).row
    assert row is not None
    assert bytes(row[:19].astype(np.uint8)) == b"the beginning of it"
    assert bytes(row[-13:].astype(np.uint8)) == b"the end of it"


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), best=st.integers(0, 213), score=st.floats(0, 1, width=32))
def test_scores_become_the_labels_of_the_package(
    model: FileTypeModel, oracle: Any, seed: int, best: int, score: float
) -> None:
    scores = np.random.default_rng(seed).uniform(0, 0.3, len(model.labels)).astype(np.float32)
    scores[best] = score
    at = int(np.argmax(scores))
    label = magika.types.ContentTypeLabel(model.labels[at])
    wanted, _ = oracle._get_output_label_from_dl_label_and_score(label, float(scores[at]))
    assert model.label(scores) == str(wanted)


def test_each_threshold_is_met_by_a_score_equal_to_it(model: FileTypeModel) -> None:
    for name, threshold in model.thresholds.items():
        scores = np.zeros(len(model.labels), dtype=np.float64)
        scores[model.labels.index(name)] = threshold
        assert model.label(scores) == name
        scores[model.labels.index(name)] = np.nextafter(threshold, 0)
        assert model.label(scores) in ("txt", "unknown")


def test_a_row_of_another_model_is_refused(model: FileTypeModel) -> None:
    with pytest.raises(SpecError, match="scores were expected"):
        model.label(np.zeros(3, dtype=np.float32))


def test_files_without_rows_make_no_job(model: FileTypeModel) -> None:
    with pytest.raises(SpecError, match="no job to submit"):
        input_of([model.read(b""), model.read(b"abc")])


def test_the_input_holds_one_row_a_file(model: FileTypeModel) -> None:
    rows = input_of([model.read(b""), model.read(b"a" * 99), model.read(b"b" * 5_000)])
    assert rows["bytes"].shape == (2, 2048)
    assert rows["bytes"].dtype == np.int32


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    from neurovoyance.client.filetypes import load_model

    with pytest.raises(ConfigError, match="cannot be used") as caught:
        load_model(tmp_path, tmp_path / "labels.json")
    assert "pip install" in caught.value.hint


def test_reading_the_model_imports_no_engine() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from neurovoyance.client.filetypes import installed_model as m; m();"
        "sys.exit('onnxruntime' in sys.modules or 'magika' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
