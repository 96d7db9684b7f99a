"""Small real models are calibrated: accepted before the softmax, refused behind it, or EXACT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.models import MODELS, magika

from neurovoyance.node.calibration.engine import Plan, calibrate
from neurovoyance.node.calibration.inputs import draw_from
from neurovoyance.protocol.errors import InputMismatch, SpecError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.calibration import GAP_FACTOR

from .conftest import LIMITS, SEED, Case, case_of


def plan_of(case: Case, *names: str) -> Plan:
    return Plan(case.model, case.drawn, names, allow_few=True, limits=LIMITS)


@pytest.mark.parametrize("name", ["bn_cnn", "transformer", "lstm"])
async def test_models_are_certified_for_both_classes(tmp_path: Path, name: str) -> None:
    made = MODELS[name]()
    report = await calibrate(plan_of(case_of(made, tmp_path, 2)))
    assert report.accepted is not None, report.verdict()
    assert report.exact is not None
    assert report.exact_pool[0] == 0xFF
    result = report.accepted.result
    assert result is not None
    nearest = min(float(one.value) for one in result.cheat_min)
    assert nearest >= GAP_FACTOR * float(result.tau)
    assert {one.name for one in result.honest_max} >= {"ort-all-1", "ort-all-2"}


async def test_a_torch_rendering_is_measured_as_well(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    case = case_of(MODELS["mlp_softmax"](), tmp_path, 2)
    model = replace(case.model, torch=case.made.save_torch(tmp_path))
    report = await calibrate(replace(plan_of(case), model=model))
    assert report.accepted is not None
    assert report.accepted.result is not None
    assert "torch-1" in {one.name for one in report.accepted.result.honest_max}


async def test_what_was_asked_for_is_refused_and_something_else_proposed(case: Case) -> None:
    report = await calibrate(plan_of(case, "y"))
    assert not report.is_accepted
    assert report.tried[0].result is not None, "what was asked for is measured all the same"
    assert report.proposal is not None
    assert report.proposal.option.names == ["logits", "feature"]
    assert "`y` lies after a softmax" in report.verdict()
    assert "Use `logits` and `feature`, gap " in report.verdict()


async def test_a_real_model_is_refused_behind_its_softmax(tmp_path: Path) -> None:
    report = await calibrate(plan_of(case_of(magika(), tmp_path, 2), "target_label"))
    assert not report.is_accepted
    [fault, *_] = report.tried[0].faults
    assert fault.startswith("fp16 weights differ by only ")
    assert "`target_label` lies after a softmax: fp16 weights differ" in report.verdict()
    assert report.proposal is not None
    logits, features = report.proposal.option.names
    assert (logits.split("/")[-2], features.split("/")[-2]) == ("Dense_1", "LayerNorm_1")


async def test_few_inputs_refuse_unless_it_is_a_trial(case: Case) -> None:
    report = await calibrate(replace(plan_of(case, "logits", "feature"), allow_few=False))
    assert report.tried[0].faults[0].startswith("Only 3 inputs were measured; 100 are the fewest")


async def test_exact_alone_runs_no_cheats(case: Case) -> None:
    report = await calibrate(replace(plan_of(case), classes=frozenset({JobClass.EXACT})))
    assert report.accepted is None
    assert report.tried == ()
    assert report.exact is not None
    assert report.exact.option.names == ["logits", "feature"]


async def test_classes_that_come_later_are_refused(case: Case) -> None:
    with pytest.raises(SpecError, match="certified for GENERATION yet"):
        await calibrate(replace(plan_of(case), classes=frozenset({JobClass.GENERATION})))


async def test_a_model_without_a_finite_answer_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file
    from tests.unit.node.content import INPUT, tiny_model

    from neurovoyance.node.calibration.runs import Renderings

    model, inputs = tmp_path / "log.onnx", tmp_path / "in"
    model.write_bytes(tiny_model(log=True))
    inputs.mkdir()
    for number in range(2):
        save_file({"x": INPUT - number}, inputs / f"{number}.safetensors")
    drawn = draw_from(inputs, SEED, 2, allow_few=True)
    report = await calibrate(Plan(Renderings(model), drawn, allow_few=True, limits=LIMITS))
    assert not report.is_accepted
    assert "not finite" in report.verdict()


async def test_inputs_of_another_model_are_refused(case: Case, tmp_path: Path) -> None:
    other = MODELS["lstm"]().save(tmp_path)
    with pytest.raises(InputMismatch, match=r"000\.safetensors does not fit the model"):
        await calibrate(replace(plan_of(case), model=replace(case.model, onnx=other)))
