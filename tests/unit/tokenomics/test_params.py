import re
from pathlib import Path

import pytest

from neurovoyance.protocol import job_spec, signing
from neurovoyance.tokenomics import params

ROOT = Path(__file__).resolve().parents[3]


def test_generated_files_are_those_of_params_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert params.main(["--check"]) == 0


def test_drift_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert params.main(["--check"]) == 1


def test_every_constant_stands_in_the_solidity_text_with_its_value() -> None:
    text = params.solidity_source()
    for parameter in params.PARAMETERS.values():
        name = params.constant_name(parameter.key)
        assert re.search(rf"constant {name} = {parameter.default};", text)


def test_a_default_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="outside its bounds"):
        params.Parameter("k", "s", default=5, min=6, max=9, governor="S", meaning="")


def test_limits_of_the_vocabulary_equal_the_parameters() -> None:
    assert params.default_of("maxRuntimeMaxS") == job_spec.MAX_RUNTIME_MAX_S
    window = params.PARAMETERS["challengeWindowS"]
    assert (window.min, window.max) == (job_spec.WINDOW_MIN_S, job_spec.WINDOW_MAX_S)
    assert params.default_of("offerMaxS") == signing.OFFER_MAX_S


def test_slash_shares_leave_something_for_insurance() -> None:
    keys = ("slashBurnBps", "slashFinderBps", "slashRefereeBps", "slashClientBps")
    assert sum(params.PARAMETERS[key].max for key in keys) <= 10_000
