"""The certificate that the demo ships is of the model that is installed, and holds together."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import magika

from neurovoyance.cli.demo_model import MEASURED, shipped_manifest
from neurovoyance.cli.local_node import AUDIT_POOL
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.certificate import pool_of, tau_sq_of, verify_rows_hash
from neurovoyance.protocol.job_spec import JobClass


async def test_the_certificate_names_the_installed_model(tmp_path: Path) -> None:
    made = magika()
    manifest = shipped_manifest()
    async with EmbeddedBackend(tmp_path / "store") as storage:
        cid = await storage.add(made.save(tmp_path))
    assert manifest.model_cid == str(cid)
    assert int(manifest.size_bytes) == len(made.onnx)
    assert [tensor.name for tensor in manifest.tensors] == list(made.outputs)


def test_its_terms_follow_from_the_certificate_and_suit_the_demo() -> None:
    manifest = shipped_manifest()
    terms, certificate = manifest.read_terms(), manifest.certificate
    assert certificate is not None
    assert terms.tau_sq == tau_sq_of(certificate.tau) > 0
    assert terms.verify_rows_hash == verify_rows_hash(certificate.verify_rows())
    assert terms.tensor_pool == pool_of(AUDIT_POOL), "the nodes of the demo sit in that pool"
    assert manifest.allows(JobClass.TENSOR)
    assert terms.rows > max(certificate.verify_rows())


def test_another_terms_than_its_own_are_refused() -> None:
    fields = shipped_manifest().model_dump(by_alias=True)
    fields["certificate"]["tau"] = "1e-3"
    with pytest.raises(ValueError, match="tolerance"):
        type(shipped_manifest()).model_validate(fields)
    assert MEASURED >= 100, "fewer inputs are no calibration"
