"""``model register`` finds the certificate of a model, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.cli.main import run
from neurovoyance.cli.model_register import certificate_path, registration_json

from .test_model_tables import registration


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a/m.onnx", "a/m.certificate.json"),
        ("a/folder", "a/folder.certificate.json"),
        ("a/other.json", "a/other.json"),
    ],
)
def test_the_certificate_lies_beside_the_model(given: str, found: str) -> None:
    assert certificate_path(Path(given)) == Path(found)


def test_a_model_that_was_never_measured_is_not_registered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "register", str(tmp_path / "m.onnx"), "--home", str(tmp_path)]) == 2
    text = " ".join(capsys.readouterr().err.split())
    assert "There is no certificate at" in text
    assert "neurovoyance model calibrate FILE --inputs DIR" in text


def test_the_state_is_whole_in_json() -> None:
    shown = registration_json(registration(seats=20, owners=10))
    assert shown["job_classes"] == ["TENSOR"]
    assert shown["pools"] == [
        {"class": "TENSOR", "pool": "cpu", "seats": 20, "owners": 10, "is_enough": True}
    ]
    assert shown["words"] == "TENSOR jobs can be posted now."
