"""What holds for every certified model; the modules ``test_numeric_*`` import these tests.

Each of them names its models in a fixture ``arena``, so that workers share the models.
"""

from __future__ import annotations

import math
from random import Random

import pytest
from tests.adversary.numeric import (
    CACHED,
    CHANGED,
    GARBAGE,
    HELD_OUT,
    HONEST,
    NAN,
    ONE_ELEMENT,
    OTHER_MODEL,
    ROUNDED,
    TORCH,
    ZEROS,
    Arena,
)
from tests.differential.solidity import Deployed

from neurovoyance.node.runtime.config import C1, EngineConfig, Optimisation
from neurovoyance.protocol import audit
from neurovoyance.protocol.audit import INT32_MAX, Outcome
from neurovoyance.verification.projection import SHIFT_MAX, SHIFT_MIN, NoVector
from neurovoyance.verification.tolerance import compare, range_fault

CHEATS = [f"{weights.value} weights" for weights in ROUNDED]
CHEATS += [CHANGED, OTHER_MODEL, CACHED, ZEROS, GARBAGE, ONE_ELEMENT, NAN]
HARMLESS_MAX = HELD_OUT // 10
SAMPLE = 150
"""Decisions of each model that the compiled contract makes again."""

ALL = EngineConfig(optimisation=Optimisation.ALL, threads=2).name

__all__ = [
    "test_a_cheat_is_caught_on_every_input",
    "test_a_lazy_auditor_never_agrees",
    "test_honest_configurations_pass_on_every_input",
    "test_no_shift_hides_a_cheat",
    "test_the_compiled_contract_decides_alike",
    "test_the_reference_and_the_fastest_audit_each_other",
]


@pytest.mark.parametrize("config", [config.name for config in (*HONEST, TORCH)])
def test_honest_configurations_pass_on_every_input(arena: Arena, config: str) -> None:
    if config not in arena.honest:
        pytest.skip("the model has no torch rendering")
    tally = arena.honest_tally(config)
    print(
        f"\n{arena.name}: {config}: {tally.passed}/{tally.runs} passed, distance {tally.span()} "
        f"tau, {tally.true_max:.2f} from the reference before projecting"
    )
    assert tally.passed == tally.runs == HELD_OUT
    assert tally.true_max <= 0.5


@pytest.mark.parametrize("fastest", [ALL, TORCH.name])
def test_the_reference_and_the_fastest_audit_each_other(arena: Arena, fastest: str) -> None:
    if fastest not in arena.honest:
        pytest.skip("the model has no torch rendering")
    for provider, auditor in ((fastest, C1.name), (C1.name, fastest)):
        tally = arena.pair_tally(provider, auditor)
        print(f"\n{arena.name}: {tally.name}: {tally.passed}/{tally.runs}, {tally.span()} tau")
        assert tally.passed == tally.runs == HELD_OUT


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_is_caught_on_every_input(arena: Arena, cheat: str) -> None:
    tally = arena.cheat_tally(cheat)
    print(
        f"\n{arena.name}: {cheat}: {tally.caught}/{tally.runs} caught, {tally.refused} of them "
        f"without an answer, {tally.harmless} changed no bit; distance {tally.span()} tau"
    )
    assert tally.caught == tally.runs
    assert tally.harmless <= (HARMLESS_MAX if cheat == CHANGED else 0)
    assert tally.runs + tally.harmless == HELD_OUT
    if cheat == NAN:
        assert tally.refused == tally.runs  # no shift, no projection: only declaring it invalid


def test_no_shift_hides_a_cheat(arena: Arena) -> None:
    refused = failed = 0
    for cheat in CHEATS[:4]:
        answers = list(arena.answers_of(cheat))
        for shift in range(SHIFT_MIN, SHIFT_MAX + 1):
            for number in (shift + 16, shift + 116):
                wrong = answers[number % len(answers)]
                assert wrong is not None
                seed = arena.seed(f"shift {shift} {cheat}", number)
                found = arena.decide(wrong, arena.auditor_of(number), seed, shift)
                refused += found.outcome is None
                failed += found.outcome is Outcome.FAIL
    runs = 4 * (SHIFT_MAX - SHIFT_MIN + 1) * 2
    print(f"\n{arena.name}: {runs} wrong shifts: {refused} reverted, {failed} failed")
    assert refused + failed == runs
    assert refused > 0


@pytest.mark.parametrize("laziness", ["zero", "random", "earlier z0", "negated", "other input"])
def test_a_lazy_auditor_never_agrees(arena: Arena, laziness: str) -> None:
    """Whoever has not computed the output under this round's seed never finds z0."""
    random, nearest = Random(2026), math.inf
    for number, right in enumerate(arena.reference):
        shift = arena.shift_of(right)
        assert not isinstance(shift, NoVector)
        z0 = arena.z_of(right, arena.seed("lazy", number), shift)
        if laziness == "earlier z0":
            z1 = arena.z_of(right, arena.seed("lazy, one round before", number), shift)
        elif laziness == "other input":
            z1 = arena.z_of(arena.cached(number), arena.seed("lazy", number), shift)
        else:
            assert not isinstance(z0, NoVector)
            size = max(abs(value) for value in z0)
            z1 = {
                "zero": (0,) * audit.ROWS,
                "random": tuple(random.randint(-size, size) for _ in range(audit.ROWS)),
                "negated": tuple(-value for value in z0),
            }[laziness]
        assert not isinstance(z0, NoVector) and not isinstance(z1, NoVector)
        assert range_fault(z0, shift) is None
        found = compare(z0, z1, tau_sq=arena.tau_sq)
        nearest = min(nearest, float(found.in_tau()))
        assert found.outcome is Outcome.FAIL
    print(f"\n{arena.name}: lazy auditors ({laziness}): 0/{HELD_OUT} agree; {nearest:,.3g} tau")


def test_the_compiled_contract_decides_alike(arena: Arena) -> None:
    harness = Deployed("tests/contracts/mocks/VerificationHarness.sol", "VerificationHarness")
    tallies = [arena.honest_tally(config) for config in arena.honest]
    tallies += [arena.cheat_tally(cheat) for cheat in CHEATS]
    made = [decision for tally in tallies for decision in tally.decisions]
    sample = Random(7).sample(made, SAMPLE)
    rows = [
        (audit.pack_ints(one.z0), audit.pack_ints(one.z1), arena.tau_sq, one.shift)
        for one in sample
    ]
    for one, found in zip(sample, harness.call("measure", rows, True), strict=True):
        assert one.comparison is not None
        distance_sq, norm_sq, is_within, is_too_small, clamped = found
        assert (distance_sq, norm_sq) == (one.comparison.distance_sq, one.comparison.norm_sq)
        assert is_within == (one.outcome is Outcome.PASS)
        assert not is_too_small and clamped == audit.ROWS
        assert all(abs(value) < INT32_MAX for value in one.z0)
