"""Samples are read strictly; one that cannot be kept is left out, and the service starts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.client.conftest import model_path

from neurovoyance.client.models import publish_model
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.dapp.samples import publish_samples, read_samples
from neurovoyance.protocol.errors import ConfigError

__all__ = ["model_path"]


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    async with EmbeddedBackend(tmp_path / "storage") as opened:
        yield opened


@pytest.fixture
async def entry(tmp_path: Path, model_path: Path) -> dict[str, Any]:
    """One sample as ``up`` writes it."""
    async with EmbeddedBackend(tmp_path / "maker") as maker:
        manifest = (await publish_model(maker, model_path, name="sum")).manifest
    return {
        "path": str(model_path),
        "manifest": json.loads(manifest.canonical_bytes()),
        "title": "Add three numbers",
        "inputs": {"x": "[[1, 2, 3]]"},
    }


def written(folder: Path, *entries: Any) -> Path:
    path = folder / "samples.json"
    path.write_text(json.dumps(list(entries)))
    return path


async def test_a_sample_is_kept_and_named_by_its_manifest(
    storage: EmbeddedBackend, entry: dict[str, Any], tmp_path: Path
) -> None:
    files = read_samples(written(tmp_path, entry))
    (sample,) = await publish_samples(storage, files)
    manifest = files[0].manifest
    assert sample.model_id == "0x" + manifest.model_id().hex()
    assert (sample.name, sample.title, sample.inputs) == ("sum", entry["title"], entry["inputs"])
    assert sample.file_types is None
    for cid in (Cid.from_text(manifest.model_cid), cid_of_keccak(manifest.model_id())):
        assert (await storage.stat(cid)).size_bytes


async def test_another_file_or_none_is_left_out(
    storage: EmbeddedBackend, entry: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "other.onnx").write_bytes(b"another file")
    others = [{**entry, "path": str(tmp_path / name)} for name in ("other.onnx", "gone.onnx")]
    samples = await publish_samples(storage, read_samples(written(tmp_path, *others, entry)))
    assert [sample.name for sample in samples] == ["sum"]


@pytest.mark.parametrize(
    "change", [{"title": ""}, {"surprise": 1}, {"manifest": {}}, {"file_types": {"input": "x"}}]
)
async def test_an_entry_of_another_shape_stops_the_start(
    entry: dict[str, Any], tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=r"samples\.json cannot be used"):
        read_samples(written(tmp_path, entry | change))


@pytest.mark.parametrize("text", ["", "{}", "[1]", "nonsense", None])
def test_a_file_that_is_no_list_stops_the_start(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "samples.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_samples(tmp_path / "samples.json")
    assert "samples_path" in caught.value.hint
    assert caught.value.context["faults"] == ["samples_path: not a list of samples"]
