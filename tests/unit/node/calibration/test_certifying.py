"""Terms and certificate come from the same numbers; sizes that may vary are named, not fixed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.models import MODELS

from neurovoyance.node.calibration.certifying import Published, manifest_of
from neurovoyance.node.calibration.report import Report, Tried
from neurovoyance.node.calibration.survey import survey_of
from neurovoyance.protocol.certificate import NO_POOL, Measurement, pool_of, tau_sq_of
from neurovoyance.protocol.errors import SpecError, UnsupportedModel
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.calibration import CalibrationResult
from neurovoyance.verification.onnx_graph import read_graph

SURVEY = survey_of(read_graph(MODELS["mlp_softmax"]().onnx))
PUBLISHED = Published("m", "bafkreimodel", 10, "bafybeiinputs")
RESULT = CalibrationResult(
    SURVEY.options[1].candidate,
    "2.00e-6",
    (Measurement(name="ort-all-1", value="5.00e-7"),),
    (Measurement(name="fp16 weights", value="2.39e-4"),),
    (),
)
CHOSEN = Tried(
    SURVEY.options[1],
    RESULT,
    (),
    ((20,), (10,) * 512),
    ("fp32", "fp32"),
    (((1, 16), (1, 512)), ((1, 16), (1, 512))),
    528,
)
REPORT = Report(tried=(CHOSEN,), accepted=CHOSEN, engine="onnxruntime 1.31.1", inputs=100)


def test_terms_say_what_the_certificate_says() -> None:
    manifest = manifest_of(REPORT, SURVEY, PUBLISHED, pool_of("cpu"))
    terms, certificate = manifest.read_terms(), manifest.certificate
    assert certificate is not None
    assert terms.tau_sq == tau_sq_of(certificate.tau) == tau_sq_of("2.00e-6")
    assert (terms.tensor_pool, terms.exact_pool) == (pool_of("cpu"), NO_POOL)
    assert terms.rows == SURVEY.row_count
    assert certificate.verify_rows() == SURVEY.options[1].rows
    assert certificate.reference == "onnxruntime 1.31.1, ort-off-1"
    assert manifest.canonical_bytes().startswith(b'{"$terms":"0x')
    assert manifest.allows(JobClass.TENSOR)
    assert not manifest.allows(JobClass.EXACT)


def test_a_batch_may_vary_and_channels_with_exponents_may_not() -> None:
    manifest = manifest_of(REPORT, SURVEY, PUBLISHED, pool_of("cpu"))
    assert manifest.certificate is not None
    logits, feature = manifest.certificate.verify
    assert logits.shape == ["logits.0", "logits.1"]
    assert feature.shape == ["feature.0", "512"]


def test_exact_alone_has_no_tolerance() -> None:
    report = replace(REPORT, accepted=None, exact=CHOSEN, exact_pool=b"\xff" * 12)
    manifest = manifest_of(report, SURVEY, PUBLISHED, pool_of("cpu"))
    assert manifest.certificate is not None
    assert manifest.certificate.tau == "0e0"
    assert manifest.job_class == "EXACT"
    assert not manifest.allows(JobClass.TENSOR)
    assert manifest.allows(JobClass.EXACT)


def test_a_refused_report_has_no_manifest() -> None:
    with pytest.raises(SpecError, match="cannot be certified"):
        manifest_of(Report(refusals=("It has no outputs.",)), SURVEY, PUBLISHED, NO_POOL)


def test_a_document_beyond_its_limit_is_refused() -> None:
    many = replace(CHOSEN, exponents=((20,), (10,) * 60_000))
    with pytest.raises(UnsupportedModel, match="262,144 is the most"):
        manifest_of(replace(REPORT, accepted=many), SURVEY, PUBLISHED, NO_POOL)
