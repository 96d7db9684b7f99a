"""The check of a torch package: what it accepts, and hostile files. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.node.runtime import programs
from tests.unit.node.runtime.programs import Json, ref, step

from neurovoyance.node.runtime.torch_format import MAX_NODES, check_package
from neurovoyance.protocol.errors import UnsupportedModel


def test_a_program_is_read(tmp_path: Path) -> None:
    found, weights = programs.linear()
    package = check_package(programs.save(tmp_path / "m", found, weights))
    assert package.program is not None
    assert [item.op for item in package.program.steps] == ["linear.default", "add.Tensor"]
    assert package.program.values[0].spec.name == "before bias"
    assert package.size_bytes == (tmp_path / "m").stat().st_size


def deep(depth: int) -> Any:
    return [deep(depth - 1)] if depth else 1


CHANGES: dict[str, Callable[[Json], Any]] = {
    "version": lambda p: p.update(version=2),
    "no outputs": lambda p: p.update(outputs=[]),
    "same names": lambda p: p.update(values=p["outputs"]),
    "unknown output": lambda p: p["outputs"][0].update(value="nothing"),
    "no steps": lambda p: p.pop("steps"),
    "steps are a number": lambda p: p.update(steps=7),
    "bad dtype": lambda p: p["inputs"][0].update(dtype="complex64"),
    "bad dimension": lambda p: p["inputs"][0].update(shape=[-1]),
    "made twice": lambda p: p["steps"].append(p["steps"][0]),
    "file operator": lambda p: p["steps"].append(step("z", "from_file.default", {"text": "none"})),
    "in place": lambda p: p["steps"].append(step("z", "add_.Tensor", ref("x"), 1)),
    "random": lambda p: p["steps"].append(step("z", "rand.default", [3])),
    "strides": lambda p: p["steps"].append(step("z", "as_strided.default", ref("x"), [9], [9])),
    "dunder": lambda p: p["steps"].append(step("z", "__class__.default", ref("x"))),
    "dunder argument": lambda p: p["steps"].append(step("z", "log.default", __class__=1)),
    "missing value": lambda p: p["steps"].append(step("z", "log.default", ref("later"))),
    "missing weight": lambda p: p["steps"].append(step("z", "log.default", {"weight": "v"})),
    "unknown form": lambda p: p["steps"].append(step("z", "log.default", {"device": "cuda"})),
    "two keys": lambda p: p["steps"].append(step("z", "log.default", {**ref("x"), "text": "none"})),
    "other text": lambda p: p["steps"].append(step("z", "log.default", {"text": "/etc/passwd"})),
    "raw text": lambda p: p["steps"].append(step("z", "log.default", "x")),
    "dtype text": lambda p: p["steps"].append(step("z", "to.dtype", ref("x"), {"dtype": "load"})),
    "deep": lambda p: p["steps"].append(step("z", "log.default", deep(20))),
    "training": lambda p: p["steps"].append(
        step("z", "batch_norm.default", ref("x"), None, None, None, None, True, 0.1, 1e-5, False)
    ),
    "dropout": lambda p: p["steps"].append(
        step("z", "scaled_dot_product_attention.default", ref("x"), ref("x"), dropout_p=0.5)
    ),
    "too many": lambda p: p.update(steps=p["steps"] * MAX_NODES),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_program_with_one_fault_is_refused(tmp_path: Path, name: str) -> None:
    found, weights = programs.linear()
    CHANGES[name](found)
    with pytest.raises(UnsupportedModel):
        check_package(programs.save(tmp_path / "m", found, weights))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": NaN}', "[" * 100_000])
def test_what_is_no_program_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnsupportedModel):
        check_package(programs.save(tmp_path / "m", text))


def test_safetensors_without_a_program_is_refused(tmp_path: Path) -> None:
    save_file({"w": np.zeros(3)}, tmp_path / "m")
    with pytest.raises(UnsupportedModel, match="no program"):
        check_package(tmp_path / "m")


def make_directory(path: Path, config: Any = None) -> Path:
    path.mkdir()
    save_file({"w": np.zeros(3, np.float32)}, path / "model.safetensors")
    text = config if isinstance(config, str) else json.dumps(config or {"model_type": "mlp"})
    (path / "config.json").write_text(text, encoding="utf-8")
    return path


def test_a_directory_is_read_and_its_tokenizer_passed_over(tmp_path: Path) -> None:
    path = make_directory(tmp_path / "m")
    (path / "tokenizer.json").write_bytes(b"\x80not read")
    package = check_package(path)
    assert package.config == {"model_type": "mlp"}
    assert package.program is None


@pytest.mark.parametrize("name", ["weights.bin", "model.pt", "data.pkl", "code.py", ".hidden"])
def test_a_directory_with_another_file_is_refused(tmp_path: Path, name: str) -> None:
    path = make_directory(tmp_path / "m")
    (path / name).write_bytes(b"x")
    with pytest.raises(UnsupportedModel):
        check_package(path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("kind", ["link", "directory", "missing"])
def test_parts_must_be_real_files(tmp_path: Path, name: str, kind: str) -> None:
    path = make_directory(tmp_path / "m")
    (path / name).rename(tmp_path / "elsewhere")
    if kind == "link":
        (path / name).symlink_to(tmp_path / "elsewhere")
    elif kind == "directory":
        (path / name).mkdir()
    with pytest.raises(UnsupportedModel):
        check_package(path)


@pytest.mark.parametrize("config", ["{", "[]", '{"a": NaN}', " " * (1 << 20) + "{}"])
def test_a_config_that_is_no_small_object_is_refused(tmp_path: Path, config: str) -> None:
    with pytest.raises(UnsupportedModel):
        check_package(make_directory(tmp_path / "m", config))


def test_a_link_to_a_program_is_refused(tmp_path: Path) -> None:
    found, weights = programs.linear()
    programs.save(tmp_path / "m", found, weights)
    (tmp_path / "link").symlink_to(tmp_path / "m")
    with pytest.raises(UnsupportedModel, match="link"):
        check_package(tmp_path / "link")
