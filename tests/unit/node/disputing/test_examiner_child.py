"""What the confined child opens: models by their own directory only, and the parent's answers."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from neurovoyance.node.disputing.examiner_child import Parent, model_parts
from neurovoyance.protocol.errors import InternalError, SpecError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"graph")
    (folder / "data" / "weights").write_bytes(b"0123456789")
    (folder / "empty").write_bytes(b"")
    (tmp_path / "secret").write_bytes(b"secret")
    return folder


def test_weights_beside_the_graph_are_given_by_range(model: Path) -> None:
    graph, resolve = model_parts(model)
    assert bytes(graph) == b"graph"
    assert bytes(resolve("data/weights", 2, 3)) == b"234"
    assert bytes(resolve("data/weights", 8, None)) == b"89"
    assert bytes(resolve("empty", 0, None)) == b""


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "data/../../secret", ""])
def test_no_path_of_the_file_leads_out_of_its_directory(model: Path, name: str) -> None:
    _, resolve = model_parts(model)
    with pytest.raises(SpecError, match="outside"):
        resolve(name, 0, None)


@pytest.mark.parametrize(("offset", "length"), [(0, 11), (11, None), (5, -6), (-1, 2)])
def test_no_range_reaches_beyond_the_file(model: Path, offset: int, length: int | None) -> None:
    _, resolve = model_parts(model)
    with pytest.raises(SpecError, match="beyond"):
        resolve("data/weights", offset, length)


def test_a_single_file_is_a_model_too(model: Path) -> None:
    graph, resolve = model_parts(model / "model.onnx")
    assert bytes(graph) == b"graph"
    assert bytes(resolve("data/weights", 0, 1)) == b"0"


def test_a_parent_that_is_gone_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(b'{"ok": true}\n')

    monkeypatch.setattr(sys, "stdin", Input)
    parent = Parent.__new__(Parent)
    assert parent.listen() == {"ok": True}
    with pytest.raises(InternalError):
        parent.listen()
