"""Writes what the Python twin of the vault says, for ``vesting.test.ts``.

Place: run once after the twin changed: ``.venv/bin/python dapp/src/money/vectors/make.py``. The
output is the same every time. Never: read by the dapp itself.
"""

# ruff: noqa: S311 - vectors have to be the same every time
from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from neurovoyance.tokenomics.vesting import EPOCH_S, VestingVault

NVY = 10**18
START = 2_977
WEEKS_LATER = (0, 1, 5, 13, 25, 26)


def _case(seed: int) -> dict[str, Any]:
    """Return deposits of one account, and what the vault says then and some weeks later."""
    rng = Random(seed)
    vault = VestingVault(frozenset({"router"}), "stakes")
    epoch, deposits = START, []
    for _ in range(rng.randrange(1, 6)):
        epoch += rng.randrange(0, 7)
        amount_wei = rng.choice([1, 25, 3 * NVY, rng.randrange(1, 10**6 * NVY)])
        vest_epochs = rng.randrange(13, 27)
        vault.values["vestEpochs"] = vest_epochs
        vault.deposit("router", "who", amount_wei, epoch * EPOCH_S)
        deposits.append({"epoch": epoch, "wei": str(amount_wei), "weeks": vest_epochs})
    return {
        "deposits": deposits,
        "base_bps": vault.values["exitBaseBps"],
        "slope_bps": vault.values["exitSlopeBps"],
        "later": [_look(vault, epoch, weeks) for weeks in WEEKS_LATER],
    }


def _look(vault: VestingVault, epoch: int, weeks: int) -> dict[str, Any]:
    now_s = (epoch + weeks) * EPOCH_S + 5
    account, _ = vault.settled("who", now_s)
    return {
        "weeks": weeks,
        "releasable": str(account.releasable_wei),
        "unvested": str(account.unvested_wei),
        "schedule": [str(wei) for wei in vault.schedule_of("who", now_s)],
        "penalty": str(vault.penalty_of("who", account.unvested_wei, now_s)),
        "penalty_of_third": str(vault.penalty_of("who", account.unvested_wei // 3, now_s)),
    }


def _lines(cases: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"


if __name__ == "__main__":
    path = Path(__file__).parent / "vesting.json"
    path.write_text(_lines([_case(seed) for seed in range(5)]), encoding="utf-8")
