"""The daily loop: who acts in which order.

Place: the one entry to a run; ``farm`` calls it for many. Data flow: clients pay, cheats are
audited, providers pay bills and decide, stakers move, large holders act, every seventh day the
epoch closes, last the price moves.
Never: a draw of chance; all of it is in ``draws``.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from neurovoyance.tokenomics.simulation import (
    clients,
    epochs,
    holders,
    market,
    providers,
    risk,
    staking,
)
from neurovoyance.tokenomics.simulation.assumptions import CHEAT, World
from neurovoyance.tokenomics.simulation.draws import Draws, draw
from neurovoyance.tokenomics.simulation.policies import Policy
from neurovoyance.tokenomics.simulation.record import Recorder, Run
from neurovoyance.tokenomics.simulation.scenarios import Scenario
from neurovoyance.tokenomics.simulation.state import Economy, genesis

DAYS = 5 * 365 + 2  # 261 whole epochs
_ASIDE = frozenset({"plan.py", "farm.py"})  # they choose runs and change none


def simulate(
    policy: Policy,
    scenario: Scenario,
    *,
    seeds: int,
    days: int = DAYS,
    world: World | None = None,
    chance: Draws | None = None,
) -> Run:
    """Play one scenario under one policy for all seeds.

    Args:
        policy: the rules.
        scenario: the trouble.
        seeds: how many seeds, from 0 on.
        days: length, whole weeks are recorded.
        world: numbers of the world; the documented ones when omitted.
        chance: draws of the same seeds and days, to save drawing them again.
    """
    world = world or World()
    chance = chance or draw(seeds, days)
    e = genesis(policy, world, scenario, scenario.paths(days), chance)
    recorder = Recorder(seeds, days)
    for day in range(days - days % 7):
        e.day = day
        _play(e)
        recorder.day(e)
        if day % 7 == 6:
            recorder.week(e)
    changed = {
        name: value for name, value in asdict(world).items() if value != getattr(World(), name)
    }
    return recorder.finish(e, describe(policy, scenario, seeds, days, changed))


def _play(e: Economy) -> None:
    e.flows.clear()
    clients.buy_work(e)
    before = e.cheat_seen
    e.cheat_seen = e.books.cohort_fees[CHEAT].copy()
    risk.run_day(e, e.cheat_seen - (before if e.day % 7 else 0.0))
    providers.run_day(e)
    staking.run_day(e)
    holders.run_day(e)
    if e.day % 7 == 6:
        epochs.end_epoch(e)
        risk.end_epoch(e)
        holders.end_epoch(e)
    market.run_day(e)


def describe(
    policy: Policy, scenario: Scenario, seeds: int, days: int, changed: dict[str, float]
) -> dict[str, object]:
    """Return what a run is, with the hashes that make it repeatable."""
    return {
        "scenario": scenario.name,
        "policy": policy.name,
        "seeds": seeds,
        "days": days,
        "world": changed,
        "code": code_hash(),
        "params": params_hash(),
    }


def code_hash() -> str:
    """Return the SHA-256 of all source that shapes a number, in the order of file names."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name in _ASIDE:
            continue
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def params_hash() -> str:
    """Return the SHA-256 of ``params.json``."""
    text = files("neurovoyance.tokenomics").joinpath("params.json").read_bytes()
    return hashlib.sha256(text).hexdigest()
