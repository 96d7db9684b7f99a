"""The report's jobs: each file once, ours everywhere, parameters at their bounds."""

from __future__ import annotations

import pytest

from neurovoyance.tokenomics.params import PARAMETERS
from neurovoyance.tokenomics.simulation.assumptions import World
from neurovoyance.tokenomics.simulation.plan import (
    CENTRE,
    FIELDS,
    GUARDS,
    HURDLES,
    LATE_RULES,
    Job,
    compared_jobs,
    ends,
    hurdle_jobs,
    main_jobs,
    mend_jobs,
    report_jobs,
    swing_jobs,
)
from neurovoyance.tokenomics.simulation.policies import POLICIES, ours
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS


def test_every_job_has_a_file_of_its_own() -> None:
    jobs = report_jobs(500)
    assert len({job.file for job in jobs}) == len(jobs)


def test_ours_meets_every_trouble_and_all_rules_base_and_bear() -> None:
    assert [job.scenario for job in main_jobs(500)] == list(SCENARIOS)
    assert {(job.policy, job.seeds) for job in main_jobs(500)} == {("ours", 500)}
    made = {(job.scenario, job.policy) for job in compared_jobs(500)}
    assert {job.seeds for job in compared_jobs(500)} == {200}
    early = set(POLICIES) - set(LATE_RULES)
    assert {(scenario, name) for name in early for scenario in ("base", "bear")} <= made
    late = {(job.scenario, job.policy) for job in mend_jobs(500) if not job.param}
    assert late == {("attack", name) for name in LATE_RULES}


def test_parameters_are_moved_to_their_bounds() -> None:
    for key, (field, unit) in {**FIELDS, **GUARDS}.items():
        assert ends(key) == (PARAMETERS[key].min, PARAMETERS[key].max)
        assert getattr(ours(), field) * unit == pytest.approx(PARAMETERS[key].default)
        moved = Job("bear", "ours", 5, param=(key, ends(key)[1])).rules()
        assert getattr(moved, field) == pytest.approx(PARAMETERS[key].max / unit)


def test_swings_have_a_centre_and_few_seeds() -> None:
    jobs = swing_jobs(500)
    assert jobs[0].world == CENTRE == ("elasticity", World().elasticity)
    assert {job.seeds for job in jobs} == {100}
    assert {job.seeds for job in mend_jobs(500)} == {200, 500}
    assert {job.seeds for job in hurdle_jobs(500)} == {500}
    assert World().hurdle_usd_day not in HURDLES
