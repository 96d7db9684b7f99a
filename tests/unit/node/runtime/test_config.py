"""Configurations: their names, what profiles mean, what is refused."""

from __future__ import annotations

import pytest

from neurovoyance.node.runtime.config import (
    C1,
    Engine,
    EngineConfig,
    Optimisation,
    Profile,
    Weights,
    config_of,
)
from neurovoyance.protocol.errors import SpecError


def test_the_reference_is_one_thread_without_optimisation() -> None:
    assert config_of(Profile.C1, Engine.ORT, 8) == C1 == EngineConfig()
    assert C1.name == "ort-off-1"
    assert config_of(Profile.C1, Engine.TORCH, 8).name == "torch-1"


def test_the_fast_profile_takes_what_the_machine_lends() -> None:
    assert config_of(Profile.FAST, Engine.ORT, 2).name == "ort-all-2"
    assert config_of(Profile.FAST, Engine.TORCH, 2).name == "torch-2"


def test_a_cheat_is_named_by_its_weights() -> None:
    assert C1.with_weights(Weights.INT8).name == "ort-off-1-int8"


@pytest.mark.parametrize("threads", [0, -1, 257])
def test_a_senseless_number_of_threads_is_refused(threads: int) -> None:
    with pytest.raises(SpecError):
        EngineConfig(threads=threads)


def test_torch_has_no_optimisation_to_choose() -> None:
    with pytest.raises(SpecError):
        EngineConfig(Engine.TORCH, Optimisation.ALL)
