"""Fail when too few lines of the contracts are covered, or an error is never provoked.

Reads ``coverage/lcov.info`` as Hardhat writes it (``npm run coverage``). The lines count together,
each file also for itself. An error is provoked when its selector is expected by a test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
LCOV = ROOT / "coverage" / "lcov.info"
MIN_PERCENT: Final = 95.0
_ERROR = re.compile(r"^\s*error (\w+)\(", re.MULTILINE)


def lines_by_file(lcov: str) -> dict[str, dict[int, int]]:
    """Return hits per line number per source below ``contracts/``, mocks left out."""
    files: dict[str, dict[int, int]] = {}
    lines: dict[int, int] = {}
    for entry in lcov.splitlines():
        tag, _, value = entry.partition(":")
        if tag == "SF":
            lines = {}
            if value.startswith("contracts/") and not value.startswith("contracts/mocks/"):
                files[value] = lines
        elif tag == "DA":
            number, hits = value.split(",")[:2]
            lines[int(number)] = int(hits)
    return files


def percent(hits: list[int]) -> float:
    """Return the share of lines that ran, in percent."""
    return 100 * sum(hit > 0 for hit in hits) / len(hits)


def unprovoked_errors() -> list[str]:
    """Return every custom error of the contracts whose selector no test expects."""
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.sol"))
    declared = {
        name
        for path in (ROOT / "contracts").rglob("*.sol")
        for name in _ERROR.findall(path.read_text())
    }
    return sorted(name for name in declared if f".{name}.selector" not in tests)


def unmeasured_files(measured: set[str]) -> list[str]:
    """Return every source with executable lines that the report does not mention."""
    return sorted(
        name
        for path in (ROOT / "contracts").rglob("*.sol")
        if (name := path.relative_to(ROOT).as_posix()) not in measured
        and not name.startswith("contracts/mocks/")
        and re.search(r"\bfunction \w+\([^;{]*\{", path.read_text())
    )


def main() -> int:
    """Print the coverage and every fault; return 1 when there is a fault."""
    files = lines_by_file(LCOV.read_text())
    faults = [f"not in the report: {name}" for name in unmeasured_files(set(files))]
    for name, lines in sorted(files.items()):
        covered = percent(list(lines.values()))
        print(f"{name:<46}{covered:7.1f} % of {len(lines)} lines")
        if covered < MIN_PERCENT:
            missed = [str(number) for number, hits in sorted(lines.items()) if not hits]
            faults.append(f"{name}: under {MIN_PERCENT} %, lines {', '.join(missed)}")
    every = [hits for lines in files.values() for hits in lines.values()]
    print(f"{'together':<46}{percent(every) if every else 0.0:7.1f} % of {len(every)} lines")
    if not every:
        faults.append("the report names no contract")
    faults += [f"no test provokes {name}" for name in unprovoked_errors()]
    if faults:
        print("\nToo little is tested:", *faults, sep="\n  ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
