"""Write ``docs/adversary.md``: ``python -m tests.adversary.report``, some minutes on one core.

Place: beside the tests, which decide; this only prints what they measure, for readers. Data flow:
arenas, court game -> tables of Markdown. Never: a date, or the name of a machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.adversary.court_game import CLEAR, GUILTY, LEVELS, Pool, dispute, majority_wrong
from tests.adversary.numeric import CALIBRATED, TORCH, Arena, Tally, build
from tests.models import MODELS

NAMES = [*MODELS, "magika"]
PATH = Path(__file__).resolve().parents[2] / "docs" / "adversary.md"
DISPUTES = 2_000
HELD_OUT = 200

HEAD = f"""# Adversary suite: measured rates

What `tests/adversary` measures; the tests fail if an honest run is rejected or a cheat accepted.
Written by `python -m tests.adversary.report` with onnxruntime {{ort}}, torch {{torch}} and numpy
{{numpy}}, all on CPU. `make sweep` tests as much; `make test` tries
fewer inputs, and leaves out models that differ little from others.

Every model is calibrated on {CALIBRATED} inputs by the node's own engine, which gives its
tolerance, tau. Then {HELD_OUT} other inputs are computed in every configuration and every cheat,
each compared under a seed of its own with an honest auditor whose configuration takes turns. An
audit passes below 1 tau. Distances are those of the projections that a contract compares.
"""

_OTHERS = (
    (
        "output fitted to the seed, copied commitment, copied envelope",
        "another C0, another seed, owner and job in every hash",
        "`test_binding.py`",
    ),
    (
        "shift too large or too small",
        "reverts, or fails",
        "`numeric_cases.py`, `test_projections.py`",
    ),
    (
        "lazy auditor: zeros, random, an earlier z0, another input",
        "never agrees",
        "`numeric_cases.py`, `test_projections.py`",
    ),
    (
        "bribed referees, sleepers, self-challenge",
        "escalation, odds, burn",
        "`test_courts.py`, `test_economics.py`",
    ),
    (
        "nobody comes, in every waiting state",
        "time-outs that anybody may call",
        "`test_no_show.py`",
    ),
    (
        "lying, lazy and vanishing auditors, cached and changed inputs, result never "
        "revealed, as processes",
        "votes, locks, time-outs",
        "`test_processes.py`, `tests/integration/test_audits.py`",
    ),
    (
        "int8 weights contested, forged answer, forged envelope, withheld trace, false "
        "challenge, as processes",
        "referees",
        "`tests/integration/test_disputes.py`",
    ),
    (
        "trace that does not follow from its inputs, pointing at an honest operator",
        "judging one operator",
        "`tests/unit/verification/test_pointing.py`, `test_refereeing.py`",
    ),
)
"""Cheat, what catches it, the tests that hold it."""


def main() -> None:
    """Measure everything and write the page."""
    with TemporaryDirectory(prefix="neurovoyance-adversary-") as folder:
        arenas = [_built(name, Path(folder) / name) for name in NAMES]
    engines = {name: version(package) for name, package in _PACKAGES.items()}
    lines = [HEAD.format(**engines), *_honest(arenas), *_cheats(arenas), *_courts(), *_others()]
    PATH.write_text("\n".join(lines), encoding="utf-8")


_PACKAGES = {"ort": "onnxruntime", "torch": "torch", "numpy": "numpy"}


def _built(name: str, folder: Path) -> Arena:
    print(f"measuring {name}", file=sys.stderr)
    folder.mkdir()
    return build(name, folder, HELD_OUT)


def _honest(arenas: list[Arena]) -> Iterator[str]:
    yield "## Honest\n\nAll must pass. The largest distance between two configurations, in tau.\n"
    yield "model | tau | runs | rejected | ONNX Runtime, largest | torch, largest"
    yield "--- | --- | --- | --- | --- | ---"
    for arena in arenas:
        tallies = [arena.honest_tally(config) for config in arena.honest]
        runs, passed = sum(t.runs for t in tallies), sum(t.passed for t in tallies)
        ort = max(t.most for t in tallies if t.name != TORCH.name)
        torch = next((f"{t.most:.2f}" for t in tallies if t.name == TORCH.name), "no rendering")
        yield f"{arena.name} | {arena.tau} | {runs} | {runs - passed} | {ort:.2f} | {torch}"


def _cheats(arenas: list[Arena]) -> Iterator[str]:
    yield "\n## Dishonest\n\nAll must be caught. Smallest distance in tau of the cheats of a kind,"
    yield "by model; `-` where no projection exists, so that no answer can be given.\n"
    yield "cheat | caught of runs | " + " | ".join(arena.name for arena in arenas)
    yield " | ".join(["---"] * (2 + len(arenas)))
    for cheat in arenas[0].cheats:
        tallies = [arena.cheat_tally(cheat) for arena in arenas]
        caught, runs = sum(t.caught for t in tallies), sum(t.runs for t in tallies)
        yield f"{cheat} | {caught}/{runs} | " + " | ".join(_least(t) for t in tallies)
    changed = sum(t.harmless for arena in arenas for t in arena.tallies.values())
    yield f"\nChanged inputs that altered no bit of what is compared, left out: {changed}."


def _least(tally: Tally) -> str:
    return "-" if tally.least > tally.most else f"{tally.least:,.3g}"


def _courts() -> Iterator[str]:
    yield "\n## Bribed referees\n"
    yield f"Exact chance of a wrong majority, and {DISPUTES:,} disputes drawn by the protocol's own"
    yield "hashes in which whoever is wronged appeals.\n"
    yield "bribed | 7 seats | 21 seats | 43 seats | wrong at 7 | wrong at 21 | wrong in the end"
    yield "--- | --- | --- | --- | --- | --- | ---"
    for percent in (10, 20):
        share = Fraction(percent, 100)
        pool = Pool.of(100, 5, share)
        held = [dispute(pool, n, truth=GUILTY, bribe=CLEAR) for n in range(DISPUTES)]
        wrong = [sum(len(course.verdicts) > at for course in held) for at in (1, 2)]
        final = sum(course.final is not GUILTY for course in held)
        exact = " | ".join(f"{float(majority_wrong(seats, share)):.1e}" for seats in LEVELS)
        yield f"{percent} % | {exact} | {wrong[0]} | {wrong[1]} | {final}"


def _others() -> Iterator[str]:
    yield "\n## Where the rest is tested\n\ncheat | caught by | tests\n--- | --- | ---"
    yield from (" | ".join(row) for row in _OTHERS)
    yield ""


if __name__ == "__main__":
    main()
