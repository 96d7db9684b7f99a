"""Every protocol parameter with its bounds, read from ``params.json``, the one source.

``python -m neurovoyance.tokenomics.params`` writes the Solidity constants and the documentation
table from the same file; with ``--check`` it fails when either has drifted.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SOLIDITY_PATH = Path("contracts/libraries/Params.sol")
TABLE_PATH = Path("docs/parameters.md")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its key, unit, default, hard bounds, governing class and meaning."""

    key: str
    unit: str
    default: int
    min: int
    max: int
    governor: str
    meaning: str

    def __post_init__(self) -> None:
        if not self.min <= self.default <= self.max:
            raise ValueError(f"{self.key}: the default {self.default} is outside its bounds.")


def _load() -> dict[str, Parameter]:
    text = files(__package__).joinpath("params.json").read_text(encoding="utf-8")
    return {
        row["key"]: Parameter(
            key=row["key"],
            unit=row["unit"],
            default=int(row["default"]),
            min=int(row["min"]),
            max=int(row["max"]),
            governor=row["class"],
            meaning=row["meaning"],
        )
        for row in json.loads(text)
    }


PARAMETERS: dict[str, Parameter] = _load()


def default_of(key: str) -> int:
    """Return the default of a parameter, in the unit that its entry names."""
    return PARAMETERS[key].default


def constant_name(key: str) -> str:
    """Return the Solidity constant of a key.

    >>> constant_name("minSelfStakeWei")
    'MIN_SELF_STAKE_WEI'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).upper()


def solidity_source() -> str:
    """Return the text of the generated Solidity library."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "pragma solidity ^0.8.28;",
        "",
        "/// @title Protocol parameters; generated from params.json by `make params`, never edited",
        "library Params {",
    ]
    for parameter in PARAMETERS.values():
        name = constant_name(parameter.key)
        lines.append(f"    /// @dev {parameter.meaning} ({parameter.unit})")
        lines.append(f"    uint256 internal constant {name} = {parameter.default};")
        if parameter.min != parameter.max:
            lines.append(f"    uint256 internal constant {name}_MIN = {parameter.min};")
            lines.append(f"    uint256 internal constant {name}_MAX = {parameter.max};")
    lines += ["}", ""]
    return "\n".join(lines)


def table_source() -> str:
    """Return the text of the generated documentation table."""
    lines = [
        "# Protocol parameters",
        "",
        "Generated from `params.json` by `make params`; never edited. Class S moves by the",
        "Standard governor, C by the Constitutional one, - by nobody.",
        "",
        "| key | unit | default | min | max | class | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {p.key} | {p.unit} | {p.default} | {p.min} | {p.max} | {p.governor} | {p.meaning} |"
        for p in PARAMETERS.values()
    ]
    return "\n".join([*lines, ""])


def main(argv: list[str] | None = None) -> int:
    """Write the generated files below the working directory, or check them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="fail on drift, write nothing")
    check = parser.parse_args(argv).check
    drifted = []
    for path, text in ((SOLIDITY_PATH, solidity_source()), (TABLE_PATH, table_source())):
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            drifted.append(str(path))
        elif not check:
            path.write_text(text, encoding="utf-8")
    for name in drifted:
        sys.stderr.write(f"{name} differs from params.json; run `make params`.\n")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
