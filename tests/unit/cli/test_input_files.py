"""Input files of every kind become arrays; anything else is refused with its name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from neurovoyance.cli.input_files import read_inputs
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

ONE = ModelManifest(
    model_cid="bafkqaaaa",
    size_bytes="1",
    opset="17",
    inputs=[TensorSpec(name="x", dtype="int64", shape=["n"])],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n"])],
)
TWO = ONE.model_copy(
    update={"inputs": [*ONE.inputs, TensorSpec(name="z", dtype="float32", shape=["n"])]}
)
X = np.array([1, 2, 3])


def test_each_kind_of_file_gives_the_same_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=X)
    np.save(tmp_path / "x.npy", X)
    save_file({"x": X}, tmp_path / "x.safetensors")
    (tmp_path / "x.json").write_text(json.dumps({"x": [1, 2, 3]}))
    (tmp_path / "bare.json").write_text("[1, 2, 3]")
    for path in sorted(tmp_path.iterdir()):
        found = read_inputs([str(path)], ONE)
        assert list(found) == ["x"]
        assert found["x"].dtype == np.int64
        np.testing.assert_array_equal(found["x"], X)


def test_a_bare_tensor_of_a_model_with_several_inputs_needs_its_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(SpecError, match="has 2 inputs"):
        read_inputs([str(tmp_path / "a.npy")], TWO)
    (tmp_path / "z.json").write_text("[0.5]")
    found = read_inputs([f"x={tmp_path / 'a.npy'}", f"z={tmp_path / 'z.json'}"], TWO)
    assert found["z"].dtype == np.float32
    assert sorted(found) == ["x", "z"]


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(SpecError, match=r"bad\.npy cannot be read"):
        read_inputs([str(tmp_path / "bad.npy")], ONE)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.txt", "1", "is not an input file"),
        ("x.json", "{", "cannot be read"),
        ("x.safetensors", "junk", "cannot be read"),
        ("x.npz", "junk", "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SpecError, match=words):
        read_inputs([str(tmp_path / name)], ONE)


def test_a_missing_or_doubled_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="There is no input file"):
        read_inputs([str(tmp_path / "x.npz")], ONE)
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(SpecError, match="given twice"):
        read_inputs([str(tmp_path / "a.npy")] * 2, ONE)
