"""Compare gas per operation with the committed snapshot; print it beside the design's targets.

Fails when an operation uses over 2 % more than ``gas-snapshot.json`` says, or is not in it. A
target that is missed is printed as such and does not fail: the snapshot is the ratchet.
``--update`` writes the snapshot.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from gas_economy import measure_economy
from gas_governance import measure_governance
from gas_operations import measure_all

SNAPSHOT = Path(__file__).parent / "gas-snapshot.json"
TOLERANCE_PERCENT: Final = 2
TARGETS: Final = {
    "accept": 60_000,
    "answer": 66_000,
    "challenge": 75_000,
    "commit": 58_000,
    "commitAudit": 56_000,
    "deposit": 50_000,
    "drawAndOpen": 90_000,
    "open": 110_000,
    "point": 70_000,
    "post": 85_000,
    "postTrace": 95_000,
    "requestUnbonding": 50_000,
    "reveal": 40_000,
    "revealAudit, pass": 55_000,
    "settle": 50_000,
    "settle each of 10": 17_000,
    "stake again": 50_000,
    "stake first": 85_000,
    "withdrawUnbonded": 55_000,
    # The economy: see gas_economy.
    "channel job, 1,000 by Merkle root": 80,
    "channel job, 100 by voucher": 800,
    "channel redeem and a 7th of a settle": 80_000,
    "channel redeem, less": 75_000,
    "channel redeem, more": 75_000,
    "channel redeem, nothing waits": 75_000,
    "channel redeem, the same again": 75_000,
    "exit": 200_000,
    "exit notice": 35_000,
    "harvest whole": 215_000,
    "release weekly": 170_000,
    "release, 26 idle epochs": 270_000,
    "stake again, economy on": 50_000,
    "stake first, economy on": 85_000,
    "vault slash": 120_000,
    # Governance: OpenZeppelin's contracts as they are.
    "execute": 115_000,
    "propose": 75_000,
    "queue": 150_000,
    "vote": 72_000,
    "vote by signature": 105_000,
}
"""Whole-transaction targets of the design, in gas; steady state unless the name says first."""


def grown(measured: dict[str, int], snapshot: dict[str, int]) -> list[str]:
    """Return a line for every operation that grew too much, appeared or vanished."""
    lines = []
    for name in sorted(measured.keys() | snapshot.keys()):
        now, before = measured.get(name), snapshot.get(name)
        if now is None or before is None:
            lines.append(f"{name}: measured {now}, in the snapshot {before}")
        elif now * 100 > before * (100 + TOLERANCE_PERCENT):
            lines.append(f"{name}: {now:,} gas, over {before:,} + {TOLERANCE_PERCENT} %")
    return lines


def table(measured: dict[str, int], snapshot: dict[str, int]) -> str:
    """Return operation, gas, change against the snapshot and target, as aligned text."""
    lines = [f"{'operation':<44}{'gas':>9}{'change':>9}{'target':>9}"]
    assert measured.keys() >= TARGETS.keys(), TARGETS.keys() - measured.keys()
    for name, gas in measured.items():
        target = TARGETS.get(name)
        change = f"{gas - snapshot[name]:+,}" if name in snapshot else "new"
        line = f"{name:<44}{gas:>9,}{change:>9}{target or '-':>9}"
        if target is not None:
            line += "  met" if gas <= target else f"  MISSED by {gas - target:,}"
        lines.append(line)
    met = sum(measured[name] <= target for name, target in TARGETS.items())
    lines.append(f"{met} of {len(TARGETS)} targets are met.")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and compare or update."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the snapshot")
    options = parser.parse_args()
    measured = measure_all() | measure_economy() | measure_governance()
    measured = dict(sorted(measured.items()))
    snapshot: dict[str, int] = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    print(table(measured, snapshot))
    if options.update:
        SNAPSHOT.write_text(json.dumps(measured, indent=2) + "\n")
        return 0
    lines = grown(measured, snapshot)
    if lines:
        print("\nGas grew; explain it and run with --update, or mend it:", *lines, sep="\n  ")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
