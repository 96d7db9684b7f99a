"""Which runs a report needs, and what each file of them is called.

Place: between the command and the farm. Data flow: :func:`report_jobs` lists jobs; the farm plays
those that are missing; the report reads the files back by :meth:`Job.file`.
Never: a run reused that another code, other parameters or other seeds made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from neurovoyance.tokenomics.params import PARAMETERS
from neurovoyance.tokenomics.simulation.assumptions import swings
from neurovoyance.tokenomics.simulation.policies import POLICIES, Policy
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

SWING_SEEDS = 100
COMPARED_SEEDS = 200
CENTRE = ("elasticity", 1.5)  # the documented value: the run that swings are measured against
COMPARED = ("base", "bear")
EXTRA = (("wash", "no-wash-cap"), ("vault-run", "no-limiter"), ("vault-run", "no-exit-penalty"),
    ("vault-run", "no-vesting"), ("slash", "no-insurance"))  # fmt: skip
FIELDS = {
    "vestBps": ("vest", 1e4),
    "burnBps": ("burn", 1e4),
    "treasuryBps": ("treasury", 1e4),
    "rhoWad": ("rho", 1e18),
    "availCeilBps": ("avail_ceil", 1e4),
    "availFloorBps": ("avail_floor", 1e4),
    "stakeTargetBps": ("stake_target", 1e4),
    "emissionLiquidBps": ("emission_liquid", 1e4),
    "minSelfStakeWei": ("min_stake", 1e18),
    "exitSlopeBps": ("p1", 1e4),
    "exitCapBps": ("exit_cap", 1e4),
    "loyaltyBps": ("loyalty", 1e4),
}
GUARDS = {
    "insurancePerEpochBps": ("insurance_epoch", 1e4),
    "standardQuorumBps": ("quorum", 1e4),
    "treasuryStandardBps": ("treasury_limit_month", 1e4),
    "constitutionalQuorumBps": ("const_quorum", 1e4),
}
LATE_RULES = ("fast-grants", "standard-grants", "fast-standard-grants", "no-grants")
BEFORE = (("rhoWad", 3_315_529_717_708_210),)  # defaults that the outflow gate refused
HURDLES = (0.40, 0.60, 2.40)  # beside the documented one: what moves the bear gate most
OUTFLOW = ("vestBps", "availCeilBps", "rhoWad", "emissionLiquidBps", "exitCapBps")


@dataclass(frozen=True, slots=True)
class Job:
    """One run to play.

    Attributes:
        scenario: its name.
        policy: its name.
        seeds: how many.
        world: one changed assumption, or none.
        param: one changed protocol parameter (key, value in the unit of ``params.json``), or none.
    """

    scenario: str
    policy: str
    seeds: int
    world: tuple[str, float] | None = None
    param: tuple[str, int] | None = None

    @property
    def file(self) -> str:
        """Return the name of the file of this run."""
        parts = [self.scenario, self.policy, str(self.seeds)]
        parts += [f"{self.world[0]}={self.world[1]:g}"] if self.world else []
        parts += [f"{self.param[0]}={self.param[1]}"] if self.param else []
        return "--".join(parts) + ".npz"

    def rules(self) -> Policy:
        """Return the policy with the changed parameter."""
        policy = POLICIES[self.policy]
        if self.param is None:
            return policy
        field, unit = {**FIELDS, **GUARDS}[self.param[0]]
        return replace(policy, **{field: self.param[1] / unit})  # type: ignore[arg-type]


def runs_folder(out: Path) -> Path:
    """Return the folder of the runs below a report folder."""
    return out / "runs"


def main_jobs(seeds: int) -> list[Job]:
    """Return our rules in every scenario: what the gates judge."""
    return [Job(name, "ours", seeds) for name in SCENARIOS]


def compared_jobs(seeds: int) -> list[Job]:
    """Return all rules where they are compared, the same seeds for all.

    Differences between the same seeds need fewer of them than a probability near one.
    """
    few = min(seeds, COMPARED_SEEDS)
    names = [name for name in POLICIES if name not in LATE_RULES]
    pairs = [(scenario, name) for name in names for scenario in COMPARED]
    for scenario, name in EXTRA:
        pairs += [(scenario, "ours"), (scenario, name)]
    return [Job(scenario, name, few) for scenario, name in dict.fromkeys(pairs)]


def swing_jobs(seeds: int) -> list[Job]:
    """Return the sensitivity runs: each assumption and parameter at both ends, in the bear."""
    few = min(seeds, SWING_SEEDS)
    jobs = [Job("bear", "ours", few, world=CENTRE)]
    for name, low, high in swings():
        scenario = "attack" if name in ATTACK_ONLY else "bear"
        jobs += [Job(scenario, "ours", few, world=(name, value)) for value in (low, high)]
    for key in FIELDS:
        jobs += [Job("bear", "ours", few, param=(key, end)) for end in ends(key)]
    return jobs


def mend_jobs(seeds: int) -> list[Job]:
    """Return what the decisions on insurance and outflow rest on: rules and parameters moved."""
    few = min(seeds, COMPARED_SEEDS)
    cases = (*(("attack", key) for key in GUARDS), *(("mercenary", key) for key in OUTFLOW))
    jobs = [
        Job(scenario, "ours", seeds if scenario == "mercenary" else few, param=(key, end))
        for scenario, key in cases
        for end in ends(key)
    ]
    jobs += [Job("mercenary", "ours", seeds, param=change) for change in BEFORE]
    return jobs + [Job("attack", name, seeds) for name in LATE_RULES]


def hurdle_jobs(seeds: int) -> list[Job]:
    """Return the bear at other hurdles of entry, all seeds: the assumption its gate hangs on."""
    return [Job("bear", "ours", seeds, world=("hurdle_usd_day", value)) for value in HURDLES]


ATTACK_ONLY = frozenset(
    {"turnout", "turnout_roused", "rouse_weeks", "attack_budget_usd", "grant_weeks"}
)


def ends(key: str) -> tuple[int, int]:
    """Return the bounds of a parameter, in its unit."""
    return PARAMETERS[key].min, PARAMETERS[key].max


def report_jobs(seeds: int) -> list[Job]:
    """Return every run that the report shows."""
    parts = (main_jobs, compared_jobs, mend_jobs, hurdle_jobs, swing_jobs)
    return [job for part in parts for job in part(seeds)]
