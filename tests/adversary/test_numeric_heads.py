"""Audits of models that end in a softmax or sigmoid, one of them the real model magika.

The tests are those of ``numeric_cases``.
"""

from __future__ import annotations

import pytest
from tests.adversary.numeric import Arena, build, with_more
from tests.adversary.numeric_cases import (
    test_a_cheat_is_caught_on_every_input,
    test_a_lazy_auditor_never_agrees,
    test_honest_configurations_pass_on_every_input,
    test_no_shift_hides_a_cheat,
    test_the_compiled_contract_decides_alike,
    test_the_reference_and_the_fastest_audit_each_other,
)

__all__ = [
    "test_a_cheat_is_caught_on_every_input",
    "test_a_lazy_auditor_never_agrees",
    "test_honest_configurations_pass_on_every_input",
    "test_no_shift_hides_a_cheat",
    "test_the_compiled_contract_decides_alike",
    "test_the_reference_and_the_fastest_audit_each_other",
]

pytestmark = pytest.mark.timeout(600)

MODELS = ["mlp_softmax", "magika"]
MORE = ["mlp_sigmoid"]


@pytest.fixture(scope="module", params=with_more(MODELS, MORE))
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return build(request.param, tmp_path_factory.mktemp(request.param))
