"""Golden traces of the vault, made by the twin and replayed by VestingVaultTraces.t.sol.

Every step is an action with its time and values, and what the vault then holds. Numbers are
decimal strings, so that nothing rounds them.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.chains import ROOT

from neurovoyance.tokenomics.params import PARAMETERS, pack
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.vesting import EPOCH_S, KEYS, NOTICE_S, VestingVault

TRACES_PATH = ROOT / "tests" / "vectors" / "vesting_traces.json"
NVY = 10**18
START_S = 2_977 * EPOCH_S + 5
STEPS = 40
ACCOUNTS = 3
ROUTER, STAKES = "router", "stakes"
ACTIONS = ("deposit", "release", "requestExit", "executeExit", "slash", "setWord")


def traces() -> list[list[dict[str, str]]]:
    """Return three traces."""
    return [_trace(seed) for seed in range(3)]


def _trace(seed: int) -> list[dict[str, str]]:
    rng = Random(seed)
    twin = VestingVault(frozenset({ROUTER}), STAKES)
    steps: list[dict[str, str]] = []
    now_s = START_S
    for who in range(ACCOUNTS):
        steps.append(_take(twin, "deposit", who, rng.randrange(10**6 * NVY), now_s))
    while len(steps) < STEPS:
        who = rng.randrange(ACCOUNTS)
        action = rng.choices(ACTIONS, (8, 4, 4, 2, 2, 1))[0]
        now_s += rng.choice([60, 86_400, EPOCH_S, EPOCH_S, 2 * EPOCH_S, 9 * EPOCH_S])
        taken = _take(twin, action, who, _value(rng, action), now_s)
        steps.append(taken)
        if action == "requestExit" and not taken["refusal"]:
            now_s += NOTICE_S
            steps.append(_take(twin, "executeExit", who, 0, now_s))
    return steps


def _take(twin: VestingVault, action: str, who: int, value: int, now_s: int) -> dict[str, str]:
    try:
        result = _act(twin, action, str(who), value, now_s)
    except TwinRevert as refused:
        kinds = ("address" if isinstance(v, str) else "uint256" for v in refused.values)
        signature = f"{refused.name}({','.join(kinds)})"
        return _step(twin, action, who, value, now_s, 0, signature)
    return _step(twin, action, who, value, now_s, result, "")


def _value(rng: Random, action: str) -> int:
    if action == "slash":
        return rng.choice([500, 2_000, 9_990, 10_000])
    if action == "setWord":
        return rng.randrange(9)
    return rng.choice([17, 5 * NVY, rng.randrange(1, 400_000 * NVY)])


def _act(twin: VestingVault, action: str, who: str, value: int, now_s: int) -> int:
    """Do an action; return what the contract's call returns first."""
    if action == "deposit":
        twin.deposit(ROUTER, who, value, now_s)
        return 0
    if action == "release":
        return twin.release(who, who, now_s)
    if action == "requestExit":
        twin.request_exit(who, value, now_s)
        return 0
    if action == "executeExit":
        return twin.execute_exit(who, 10_000, now_s).paid_wei
    if action == "slash":
        return twin.slash(STAKES, who, value, now_s)
    for key in KEYS:
        bounds = PARAMETERS[key]
        twin.values[key] = bounds.min + (bounds.max - bounds.min) * value // 8
    return 0


def _step(
    twin: VestingVault, action: str, who: int, value: int, now_s: int, result: int, refusal: str
) -> dict[str, str]:
    a, _ = twin.settled(str(who), now_s)
    values: dict[str, Any] = {
        "action": action,
        "who": who,
        "value": pack("vesting", twin.values) if action == "setWord" else value,
        "time": now_s,
        "result": result,
        "refusal": refusal,
        "held": twin.account_of(str(who)).held_wei,
        "releasable": a.releasable_wei,
        "unvested": a.unvested_wei,
        "totalHeld": twin.total_held_wei,
        "undistributed": twin.undistributed_wei,
    }
    return {name: str(found) for name, found in values.items()}
