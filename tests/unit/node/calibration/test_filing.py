"""A certificate's model and inputs lie in storage, and the same inputs are drawn from there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.calibration.engine import Plan, calibrate
from neurovoyance.node.calibration.filing import DRAW_NAME, drawn_again, file_model, stage_inputs
from neurovoyance.node.calibration.report import Report
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import parse_manifest

from .conftest import LIMITS, Case


async def test_the_document_names_what_lies_in_storage(case: Case, tmp_path: Path) -> None:
    plan = Plan(case.model, case.drawn, allow_few=True, limits=LIMITS)
    report = await calibrate(plan)
    async with EmbeddedBackend(tmp_path / "store") as storage:
        manifest = await file_model(
            storage, report, case.model, case.drawn, name="m", pool=pool_of("cpu")
        )
        raw = manifest.canonical_bytes()
        assert parse_manifest(raw, manifest.model_id()) == manifest
        assert manifest.certificate is not None
        assert manifest.job_class == "TENSOR"
        assert [t.name for t in manifest.certificate.verify] == ["logits", "feature"]
        assert manifest.certificate.verify[0].shape == ["logits.0", "logits.1"]
        assert manifest.certificate.inputs_count == "3"
        terms = manifest.read_terms()
        assert (terms.tensor_pool, terms.exact_pool) == (pool_of("cpu"), report.exact_pool)
        assert await storage.has(Cid.from_text(manifest.model_cid))
        await storage.fetch(Cid.from_text(manifest.certificate.inputs_cid), tmp_path / "again")
    again = drawn_again(tmp_path / "again")
    assert (again.seed, again.candidates) == (case.drawn.seed, case.drawn.candidates)
    assert [path.name for path in again.paths] == [path.name for path in case.drawn.paths]


async def test_a_refused_model_gets_no_document(case: Case, tmp_path: Path) -> None:
    report = Report(refusals=("If #2 is control flow.",))
    async with EmbeddedBackend(tmp_path / "store") as storage:
        with pytest.raises(SpecError, match="If #2 is control flow"):
            await file_model(storage, report, case.model, case.drawn, name="m", pool=bytes(12))


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"seed": "0x12", "count": "3"}', '{"seed": 5, "count": "3"}']
)
def test_inputs_that_do_not_say_how_they_were_drawn_cannot_be_repeated(
    case: Case, tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "staged"
    stage_inputs(case.drawn, folder)
    assert json.loads((folder / DRAW_NAME).read_text())["count"] == "3"
    (folder / DRAW_NAME).write_text(text)
    with pytest.raises(SpecError, match=r"no proper draw\.json"):
        drawn_again(folder)
