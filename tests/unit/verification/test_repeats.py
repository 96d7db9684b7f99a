"""A repetition confirms within the certificate's tolerance, and nothing beyond it."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.protocol.certificate import (
    NO_POOL,
    Certificate,
    Terms,
    VerifyTensor,
    pool_of,
    tau_sq_of,
    verify_rows_hash,
)
from neurovoyance.protocol.errors import NonFiniteOutput, SpecError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.protocol.tasks import NO_ROOT
from neurovoyance.verification.repeats import compare_outputs, roots_of
from neurovoyance.verification.verdict import Accept, Reject

TASK, SEED = b"\1" * 32, b"\2" * 32
VERIFY = VerifyTensor(name="y", dtype="float32", shape=["n"], exponent=["0"], row="0")
MANIFEST = ModelManifest(
    model_cid="bafkreiaaaa",
    size_bytes="1",
    opset="17",
    job_class="TENSOR",
    inputs=[TensorSpec(name="x", dtype="float32", shape=["n"])],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n"])],
    terms=Terms(tau_sq_of("1e-4"), pool_of("cpu"), NO_POOL, 1, verify_rows_hash([0])).encode(),
    certificate=Certificate(verify=[VERIFY], tau="1e-4", reference="ort-off-1"),
)
OUTPUT = np.random.default_rng(3).normal(size=2_048).astype(np.float32)
NOISE = np.random.default_rng(4).normal(size=2_048).astype(np.float32)


@pytest.mark.parametrize(("distance", "is_right"), [(0.0, True), (1e-6, True), (1e-2, False)])
def test_tensors_are_compared_by_the_tolerance(distance: float, is_right: bool) -> None:
    near = OUTPUT + np.float32(distance) * NOISE
    found = compare_outputs(MANIFEST, JobClass.TENSOR, [OUTPUT], [near], SEED)
    assert isinstance(found, Accept) == is_right


def test_bytes_are_compared_elsewhere() -> None:
    again = compare_outputs(MANIFEST, JobClass.EXACT, [OUTPUT], [OUTPUT.copy()], SEED)
    assert isinstance(again, Accept)
    near = OUTPUT.copy()
    near[7] = np.nextafter(near[7], np.float32(9))
    found = compare_outputs(MANIFEST, JobClass.EXACT, [OUTPUT], [near], SEED)
    assert isinstance(found, Reject)
    assert found.evidence["position"] == 0
    assert isinstance(compare_outputs(MANIFEST, JobClass.EXACT, [OUTPUT], [], SEED), Reject)


def test_roots_bind_the_output_and_its_projection() -> None:
    out_root, numeric_root = roots_of(MANIFEST, JobClass.TENSOR, [OUTPUT], TASK)
    assert roots_of(MANIFEST, JobClass.TENSOR, [OUTPUT], TASK) == (out_root, numeric_root)
    assert roots_of(MANIFEST, JobClass.EXACT, [OUTPUT], TASK) == (out_root, NO_ROOT)
    assert roots_of(MANIFEST, JobClass.TENSOR, [OUTPUT], SEED)[1] != numeric_root
    assert roots_of(MANIFEST, JobClass.TENSOR, [-OUTPUT], TASK)[0] != out_root


def test_what_cannot_be_delivered_is_refused() -> None:
    with pytest.raises(NonFiniteOutput):
        roots_of(MANIFEST, JobClass.EXACT, [np.array([np.inf], np.float32)], TASK)
    with pytest.raises(SpecError, match="2 tensors"):
        roots_of(MANIFEST, JobClass.EXACT, [OUTPUT, OUTPUT], TASK)
