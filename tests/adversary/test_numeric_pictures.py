"""Audits of convolutional models with unfused normalisations, in the manner of PP-OCR.

The tests are those of ``numeric_cases``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adversary.numeric import (
    HELD_OUT,
    Arena,
    Tally,
    build,
    model_named,
    outputs_of,
)
from tests.adversary.numeric_cases import (
    test_a_cheat_is_caught_on_every_input,
    test_a_lazy_auditor_never_agrees,
    test_honest_configurations_pass_on_every_input,
    test_no_shift_hides_a_cheat,
    test_the_compiled_contract_decides_alike,
    test_the_reference_and_the_fastest_audit_each_other,
)

from neurovoyance.node.runtime.config import C1, EngineConfig, Optimisation, Weights

__all__ = [
    "test_a_cheat_is_caught_on_every_input",
    "test_a_lazy_auditor_never_agrees",
    "test_honest_configurations_pass_on_every_input",
    "test_no_shift_hides_a_cheat",
    "test_the_compiled_contract_decides_alike",
    "test_the_reference_and_the_fastest_audit_each_other",
]

pytestmark = pytest.mark.timeout(600)

MODELS = ["bn_cnn", "conv_transpose"]


@pytest.fixture(scope="module", params=MODELS)
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return build(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("arena", ["bn_cnn"], indirect=True)
@pytest.mark.parametrize("opset", [9, 10, 11, 13])
def test_batch_normalization_of_every_old_opset_passes_and_rounded_weights_do_not(
    arena: Arena, opset: int, tmp_path: Path
) -> None:
    """The model of the arena is of opset 12; one certificate holds for the same numbers."""
    cheat = C1.with_weights(Weights.FP16)
    fast = EngineConfig(optimisation=Optimisation.ALL, threads=2)
    found = outputs_of(model_named(f"bn_cnn@{opset}"), tmp_path, [C1, fast, cheat])
    honest, dishonest = Tally(fast.name), Tally(cheat.name)
    for number in range(HELD_OUT):
        seed = arena.seed(f"opset {opset}", number)
        for provider, auditor in ((fast, C1), (C1, fast)):
            pair = found[provider.name][number], found[auditor.name][number]
            honest.add(arena.decide(*pair, seed))
        dishonest.add(arena.decide(found[cheat.name][number], found[C1.name][number], seed))
    print(f"\nopset {opset}: {honest.span()} tau, fp16 weights {dishonest.span()} tau")
    assert honest.passed == honest.runs == 2 * HELD_OUT
    assert dishonest.caught == dishonest.runs == HELD_OUT
