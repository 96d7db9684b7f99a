"""``model add`` publishes a model, or says what is wrong with the file."""

from __future__ import annotations

from pathlib import Path

from .conftest import Invoke, write_sum_model


def test_a_model_gets_its_identifiers(invoke: Invoke, tmp_path: Path) -> None:
    path = write_sum_model(tmp_path / "m.onnx")
    shown = invoke("model", "add", str(path), "--name", "other", "--class", "tensor")
    assert shown["model_id"].startswith("0x")
    assert shown["manifest"]["job_class"] == "TENSOR"
    assert shown["manifest"]["inputs"][0]["shape"] == ["batch", "3"]


def test_a_file_that_is_no_model_is_refused(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"PK\x03\x04 not a model")
    assert invoke("model", "add", str(path), code=2)["error"]["code"] == "execution.model"
