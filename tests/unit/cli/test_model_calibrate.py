"""``model calibrate`` writes a certificate, or exits with 2 and says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import save_file
from tests.models import MODELS

from neurovoyance.cli.main import run
from neurovoyance.client.models import read_certificate

TRIAL = ("--count", "2", "--allow-few")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A perceptron that ends in a softmax, and a folder of three inputs."""
    made, inputs = MODELS["mlp_softmax"](), tmp_path / "inputs"
    inputs.mkdir()
    for number in range(3):
        save_file(made.make_inputs(number), inputs / f"{number}.safetensors")
    return made.save(tmp_path), inputs


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int) -> str:
    found = run(["model", "calibrate", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert found == code, out + err
    return " ".join((out + err).split())


def test_a_certificate_is_written_and_its_verdict_told(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, files[0], "--inputs", files[1], *TRIAL, "--home", tmp_path / "home", code=0)
    assert "accepted The model can be certified for TENSOR and EXACT jobs" in text
    assert "fp16 weights" in text
    assert "neurovoyance model register" in text
    manifest = read_certificate(tmp_path / "mlp_softmax.certificate.json")
    assert manifest.name == "mlp_softmax"


def test_a_refusal_proposes_other_tensors(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([
        "model", "calibrate", str(files[0]), "--inputs", str(files[1]), *TRIAL, "--verify", "y",
        "--home", str(tmp_path / "home"), "--json",
    ])  # fmt: skip
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (code, shown["accepted"], shown["certificate"]) == (2, False, "")
    assert shown["proposal"] == ["logits", "feature"]
    assert not (tmp_path / "mlp_softmax.certificate.json").exists()


def test_random_inputs_come_with_a_warning(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, files[0], "--random", 3, *TRIAL, "--home", tmp_path / "home", code=0)
    assert "careful The inputs are random numbers, not what people will send" in text


def test_inputs_have_to_be_chosen(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Give real inputs with --inputs DIR" in said(capsys, files[0], code=2)
    text = said(capsys, tmp_path / "none.onnx", "--inputs", files[1], code=2)
    assert "There is no model at" in text
    text = said(capsys, files[0], "--inputs", files[1], code=2)
    assert "holds 3 different inputs; 200 to 4,096 are needed. Nothing was measured." in text
    text = said(capsys, files[0], "--inputs", files[1], "--pool", "GPU!", code=2)
    assert "'GPU!' is not the name of an auditor pool" in text
