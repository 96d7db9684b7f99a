import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import keccak256
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec, parse_manifest

MANIFEST = ModelManifest(
    name="file types",
    model_cid="bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
    size_bytes="3000000",
    opset="17",
    inputs=[TensorSpec(name="bytes", dtype="int32", shape=["batch", "2048"])],
    tensors=[TensorSpec(name="target_label", dtype="float32", shape=["batch", "214"])],
)


def test_a_manifest_is_found_again_by_its_id() -> None:
    assert parse_manifest(MANIFEST.canonical_bytes(), MANIFEST.model_id()) == MANIFEST


def test_a_manifest_under_another_id_is_refused() -> None:
    with pytest.raises(SpecError, match="not the one"):
        parse_manifest(MANIFEST.canonical_bytes(), bytes(32))


def test_another_spelling_of_the_same_manifest_is_refused() -> None:
    raw = json.dumps(MANIFEST.model_dump(mode="json"), indent=1).encode()
    with pytest.raises(SpecError, match="canonical"):
        parse_manifest(raw, keccak256(raw))


@given(st.binary(max_size=400))
def test_random_bytes_are_never_a_manifest(raw: bytes) -> None:
    with pytest.raises(SpecError):
        parse_manifest(raw, keccak256(raw))


def test_a_manifest_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(SpecError, match="bytes long"):
        parse_manifest(b" " * 300_000, bytes(32))


def test_a_model_is_used_in_its_class_alone() -> None:
    assert MANIFEST.allows(JobClass.EXACT)
    assert not MANIFEST.allows(JobClass.TENSOR)
