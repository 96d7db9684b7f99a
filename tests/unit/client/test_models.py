"""A model is published once under the identifiers that its bytes give it, and found again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import onnx
import pytest
from tests.unit.node.content import publish
from tests.unit.node.content import publish_certified as certified_content

from neurovoyance.client.models import (
    find_model,
    list_models,
    publish_certified,
    publish_model,
    read_certificate,
)
from neurovoyance.client.serving import serve_storage
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.errors import SpecError, StorageNotFound, UnsupportedModel
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import parse_manifest


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    async with EmbeddedBackend(tmp_path / "store") as made:
        yield made


async def test_the_model_id_is_the_address_of_the_manifest(
    storage: EmbeddedBackend, model_path: Path
) -> None:
    model = await publish_model(storage, model_path, name="sum")
    raw = await storage.served_block(cid_of_keccak(model.model_id))
    assert raw is not None
    assert parse_manifest(raw, model.model_id) == model.manifest
    assert model.manifest.inputs[0].shape == ["batch", "3"]
    assert model.size_bytes == model_path.stat().st_size
    assert await storage.served_block(model.cid) is not None


async def test_publishing_again_changes_nothing(storage: EmbeddedBackend, model_path: Path) -> None:
    first = await publish_model(storage, model_path)
    assert await publish_model(storage, model_path) == first
    assert await list_models(storage) == [first]


async def test_a_model_is_found_by_id_cid_and_name(
    storage: EmbeddedBackend, model_path: Path
) -> None:
    model = await publish_model(storage, model_path, name="sum")
    for name in (model.model_id, hex_of(model.model_id), model.manifest.model_cid, "sum"):
        assert await find_model(storage, name) == model
    with pytest.raises(StorageNotFound, match="No model 'other'"):
        await find_model(storage, "other")


async def test_two_models_of_one_name_are_not_guessed(
    storage: EmbeddedBackend, model_path: Path
) -> None:
    await publish_model(storage, model_path, name="sum")
    await publish_model(storage, model_path, name="sum", job_class=JobClass.TENSOR)
    with pytest.raises(SpecError, match="2 models are called 'sum'"):
        await find_model(storage, "sum")


async def test_a_class_that_no_model_can_have_is_refused(
    storage: EmbeddedBackend, model_path: Path
) -> None:
    with pytest.raises(SpecError, match="GENERATION"):
        await publish_model(storage, model_path, job_class=JobClass.GENERATION)


async def test_weights_in_other_files_travel_with_the_model(
    storage: EmbeddedBackend, model_path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "split"
    folder.mkdir()
    onnx.save(
        onnx.load(model_path),
        folder / "model.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    with pytest.raises(UnsupportedModel, match="one file was given"):
        await publish_model(storage, folder / "model.onnx")
    model = await publish_model(storage, folder)
    await storage.fetch(model.cid, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "model.onnx",
        "weights.bin",
    ]
    (folder / "weights.bin").unlink()
    with pytest.raises(UnsupportedModel, match="not in its directory"):
        await publish_model(storage, folder)


async def test_a_path_without_a_model_is_refused(storage: EmbeddedBackend, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match="There is no model at"):
        await publish_model(storage, tmp_path / "nothing.onnx")


async def test_a_certified_model_is_offered_whole_or_not_at_all(storage: EmbeddedBackend) -> None:
    spec = await certified_content(storage)
    raw = await storage.get_block(cid_of_keccak(spec.model_id))
    manifest = parse_manifest(raw, spec.model_id)
    assert manifest.certificate is not None
    missing = str(cid_of_keccak(bytes(32)))
    certificate = manifest.certificate.model_copy(update={"inputs_cid": missing})
    with pytest.raises(StorageNotFound, match="nobody could check the certificate"):
        await publish_certified(storage, manifest.model_copy(update={"certificate": certificate}))
    inputs = await storage.add(b"inputs", pin_name="inputs")
    assert await storage.served_block(inputs) is None
    certificate = manifest.certificate.model_copy(update={"inputs_cid": str(inputs)})
    whole = manifest.model_copy(update={"certificate": certificate})
    published = await publish_certified(storage, whole)
    assert published.manifest == whole
    for cid in (inputs, published.cid, cid_of_keccak(published.model_id)):
        assert await storage.served_block(cid) is not None
    with pytest.raises(SpecError, match="carries no certificate"):
        bare = await publish(storage)
        bare_raw = await storage.get_block(cid_of_keccak(bare.model_id))
        await publish_certified(storage, parse_manifest(bare_raw, bare.model_id))


async def test_a_certificate_file_is_read_as_it_was_written(
    storage: EmbeddedBackend, tmp_path: Path
) -> None:
    spec = await certified_content(storage)
    raw = await storage.get_block(cid_of_keccak(spec.model_id))
    path = tmp_path / "m.certificate.json"
    path.write_bytes(raw)
    assert read_certificate(path).model_id() == spec.model_id
    path.write_bytes(raw + b"\n")
    with pytest.raises(SpecError, match="is not a certificate as it was written"):
        read_certificate(path)
    with pytest.raises(SpecError, match="There is no certificate at"):
        read_certificate(tmp_path / "none.json")


async def test_a_model_that_others_published_is_taken_over_by_its_id(
    storage: EmbeddedBackend, model_path: Path, tmp_path: Path
) -> None:
    model = await publish_model(storage, model_path, name="sum")
    name = hex_of(model.model_id)
    async with (
        serve_storage(storage, host="127.0.0.1", port=0) as url,
        EmbeddedBackend(tmp_path / "other", allow_private_addresses=True) as other,
    ):
        with pytest.raises(StorageNotFound, match="No model"):
            await find_model(other, "sum", sources=[url])
        with pytest.raises(StorageNotFound, match="no market service"):
            await find_model(other, "0x" + "ab" * 32, sources=[url])
        assert await find_model(other, name, sources=[url]) == model
        assert await other.served_block(model.cid) is not None
    async with EmbeddedBackend(tmp_path / "other") as other:
        assert await find_model(other, name) == model
