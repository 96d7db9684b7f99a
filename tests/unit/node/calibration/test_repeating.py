"""A certificate is measured again: true ones hold, false ones are told where they are false."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.models import MODELS

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.calibration.engine import Plan, calibrate
from neurovoyance.node.calibration.filing import file_model
from neurovoyance.node.calibration.repeating import Repetition, distance_faults, repeat
from neurovoyance.protocol.certificate import Measurement, Terms, pool_of, tau_sq_of
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.verification.calibration import CalibrationResult, Candidate

from .conftest import LIMITS, Case, case_of


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of(MODELS["mlp_softmax"](), tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def manifest(case: Case, tmp_path_factory: pytest.TempPathFactory) -> ModelManifest:
    """The certified model; measured once, since nothing here changes it."""

    async def filed() -> ModelManifest:
        report = await calibrate(Plan(case.model, case.drawn, allow_few=True, limits=LIMITS))
        async with EmbeddedBackend(tmp_path_factory.mktemp("store")) as storage:
            return await file_model(
                storage, report, case.model, case.drawn, name="m", pool=pool_of("cpu")
            )

    return asyncio.run(filed())


async def again(case: Case, manifest: ModelManifest, **options: Any) -> Repetition:
    chosen: dict[str, Any] = {"allow_few": True, "limits": LIMITS, **options}
    return await repeat(manifest, case.model, case.drawn, lambda *_: None, **chosen)


def changed(manifest: ModelManifest, terms: dict[str, Any], **certificate: Any) -> ModelManifest:
    assert manifest.certificate is not None
    old = manifest.read_terms()
    fields = {name: getattr(old, name) for name in Terms.__slots__}
    return manifest.model_copy(
        update={
            "terms": Terms(**{**fields, **terms}).encode(),
            "certificate": manifest.certificate.model_copy(update=certificate),
        }
    )


async def test_a_true_certificate_holds(case: Case, manifest: ModelManifest) -> None:
    found = await again(case, manifest, inputs_max=2)
    assert found.holds
    assert found.inputs == 2
    assert found.verdict().startswith("The certificate holds here: it was measured again on 2")
    assert found.to_json()["cheat_min"].keys() >= {"fp16 weights", "int8 weights"}


async def test_a_tolerance_that_lets_cheats_pass_does_not_hold(
    case: Case, manifest: ModelManifest
) -> None:
    tau = "1.00e-3"
    found = await again(case, changed(manifest, {"tau_sq": tau_sq_of(tau)}, tau=tau))
    assert not found.holds
    assert "Fp16 weights come as near as 0.2" in found.verdict()


async def test_what_contradicts_the_graph_is_said_before_anything_runs(
    case: Case, manifest: ModelManifest
) -> None:
    found = await again(case, changed(manifest, {"rows": 99}, tail=[]))
    assert found.faults == (
        "A trace of the model lists 6 operators, and the terms say 99.",
        "The certificate's tail is not the model's: clients would compute other outputs.",
    )
    assert found.honest_max == ()


async def test_too_few_inputs_are_a_fault_outside_of_trials(
    case: Case, manifest: ModelManifest
) -> None:
    found = await again(case, manifest, allow_few=False)
    assert found.faults == ("It was measured on 3 inputs drawn from 3; 100 of 200 are the fewest.",)


async def test_a_model_without_a_certificate_has_nothing_to_verify(
    case: Case, manifest: ModelManifest
) -> None:
    bare = manifest.model_copy(update={"certificate": None})
    with pytest.raises(SpecError, match="carries no certificate"):
        await again(case, bare)


def test_honest_runs_beyond_half_a_tolerance_are_a_fault() -> None:
    result = CalibrationResult(
        Candidate(("y",)),
        "0e0",
        (Measurement(name="ort-all-1", value="5.10e-7"),),
        (Measurement(name="fp16 weights", value="4.50e-6"),),
        (),
    )
    [fault] = distance_faults(
        "1.00e-6", result, {"ort-all-1": [5.1e-7]}, {"fp16 weights": [4.5e-6]}
    )
    assert fault.startswith("An honest ort-all-1 run is 0.51 tau from the reference; half a tau")
