"""The sample that ``up`` writes is one that the market's service takes, and is registered once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.models import magika

from neurovoyance.cli import local_samples
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.cli.local_samples import LocalSample, register_sample, write_samples
from neurovoyance.client.filetypes import FileTypeModel
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.dapp.samples import publish_samples, read_samples
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.tokenomics.params import default_of


def model_at(path: Path) -> FileTypeModel:
    return FileTypeModel(
        path=path,
        beg_size=1_024,
        end_size=1_024,
        block_size=4_096,
        min_size=8,
        padding=256,
        labels=("py", "ini", "txt"),
        thresholds={},
        threshold=0.5,
        overwrite={"ini": "txt"},
        text_labels=frozenset({"txt"}),
    )


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileTypeModel:
    model = model_at(magika().save(tmp_path))
    monkeypatch.setattr(local_samples, "installed_model", lambda: model)
    return model


async def test_the_service_takes_what_was_written(tmp_path: Path, installed: FileTypeModel) -> None:
    written = await write_samples(tmp_path)
    assert written is not None
    async with EmbeddedBackend(tmp_path / "storage") as storage:
        (sample,) = await publish_samples(storage, read_samples(written.path))
    assert sample.model_id == hex_of(shipped_manifest().model_id())
    assert sample.file_types is not None
    assert sample.file_types.labels == ["py", "txt", "txt"], "shown as people know them"
    row = installed.read(b"import os\n" * 20).row
    assert isinstance(row, np.ndarray)
    assert len(row) == sample.file_types.beg_size + sample.file_types.end_size


async def test_without_the_model_there_is_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> FileTypeModel:
        raise ConfigError("The package magika is not installed.", faults=["magika"])

    monkeypatch.setattr(local_samples, "installed_model", missing)
    assert await write_samples(tmp_path) is None
    assert not (tmp_path / "samples.json").exists()


async def test_registering_bonds_exactly_what_is_asked(tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []

    async def noted(*values: Any) -> None:
        calls.append(values[1:])

    contracts: Any = SimpleNamespace(
        deployment=SimpleNamespace(registry="0xregistry"),
        token=SimpleNamespace(approve=noted),
        registry=SimpleNamespace(register=noted),
    )
    manifest = shipped_manifest()
    await register_sample(contracts, LocalSample(tmp_path, manifest))
    assert calls == [
        ("0xregistry", default_of("registrantBondWei")),
        (manifest.canonical_bytes(),),
    ]
