import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurovoyance.protocol.certificate import (
    NO_TERMS,
    Certificate,
    Terms,
    VerifyTensor,
    pool_of,
    pool_of_numeric_class,
    tau_sq_of,
    verify_rows_hash,
)
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


# --- with a certificate -------------------------------------------------------------------------

CERTIFICATE = Certificate(
    verify=[
        VerifyTensor(
            name="logits", dtype="float32", shape=["batch", "214"], exponent=["20"], row="41"
        )
    ],
    tau="2e-5",
    reference="onnxruntime 1.31 C1",
)
TERMS = Terms(
    tau_sq=tau_sq_of("2e-5"),
    tensor_pool=pool_of("cpu"),
    rows=44,
    verify_rows_hash=verify_rows_hash([41]),
)


def certified(terms: Terms = TERMS, certificate: Certificate | None = CERTIFICATE) -> ModelManifest:
    fields = MANIFEST.model_dump() | {"terms": terms.encode(), "certificate": certificate}
    return ModelManifest.model_validate(fields, strict=False)


def test_the_terms_are_the_first_bytes_of_the_document() -> None:
    raw = certified().canonical_bytes()
    assert raw.startswith(b'{"$terms":"' + TERMS.encode().encode() + b'",')
    assert MANIFEST.canonical_bytes().startswith(b'{"$terms":"0x' + b"0" * 112 + b'",')


def test_a_certified_manifest_is_found_again_by_its_id() -> None:
    manifest = certified()
    assert parse_manifest(manifest.canonical_bytes(), manifest.model_id()) == manifest
    assert manifest.read_terms() == TERMS


def test_a_commitment_covers_the_verify_tensors_or_else_the_outputs() -> None:
    assert [tensor.name for tensor in certified().committed()] == ["logits"]
    assert MANIFEST.committed() == MANIFEST.tensors


@pytest.mark.parametrize(
    ("terms", "certificate", "match"),
    [
        (TERMS, None, "has no terms"),
        (NO_TERMS, CERTIFICATE, "other verify tensors"),
        (replace(TERMS, verify_rows_hash=verify_rows_hash([42])), CERTIFICATE, "other verify"),
        (replace(TERMS, tau_sq=TERMS.tau_sq + 1), CERTIFICATE, "another tolerance"),
    ],
)
def test_terms_that_do_not_belong_to_the_certificate_are_refused(
    terms: Terms, certificate: Certificate | None, match: str
) -> None:
    with pytest.raises(ValidationError, match=match):
        certified(terms, certificate)


def test_the_pools_decide_which_classes_a_certified_model_serves() -> None:
    exact_pool = pool_of_numeric_class(bytes(range(32)))
    both = certified(replace(TERMS, exact_pool=exact_pool))
    exact = certified(replace(TERMS, exact_pool=exact_pool, tensor_pool=bytes(12)))
    found = [
        [job_class for job_class in JobClass if manifest.allows(job_class)]
        for manifest in (certified(), both, exact)
    ]
    assert found == [[JobClass.TENSOR], [JobClass.EXACT, JobClass.TENSOR], [JobClass.EXACT]]


@pytest.mark.parametrize("change", [{"row": "4294967296"}, {"row": "9" * 19}])
def test_a_hostile_row_of_a_strangers_manifest_is_refused_in_words(change: dict[str, str]) -> None:
    document = json.loads(certified().canonical_bytes())
    document["certificate"]["verify"][0] |= change
    raw = rfc8785.dumps(document)
    with pytest.raises(SpecError, match="32 bits"):
        parse_manifest(raw, keccak256(raw))


@pytest.mark.parametrize("tau", ["5e0", "1e999", "1e-999"])
def test_a_hostile_tolerance_of_a_strangers_manifest_is_refused_in_words(tau: str) -> None:
    document = json.loads(certified().canonical_bytes())
    document["certificate"]["tau"] = tau
    raw = rfc8785.dumps(document)
    with pytest.raises(SpecError, match="outside 1e-7"):
        parse_manifest(raw, keccak256(raw))
