"""Every protocol parameter with its bounds, read from ``params.json``, the one source.

Parameters that a governor may move stand in packed words, as ``ProtocolParams`` keeps them: the
fields of a word follow each other from its lowest bit, in the order of the file, each as wide as
its unit needs; the highest 32 bits are the epoch from which the word applies.

``python -m neurovoyance.tokenomics.params`` writes the Solidity constants, the table of bounds and
the documentation table from the same file; with ``--check`` it fails when one has drifted.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SOLIDITY_PATH = Path("contracts/libraries/Params.sol")
BOUNDS_PATH = Path("contracts/libraries/ParamBounds.sol")
TABLE_PATH = Path("docs/parameters.md")


STEPS = 8
"""Proposals that lead from one bound to the other."""

WORD_BITS = 224
"""Bits of a word that hold values."""

_WIDTHS = {"wei": 96, "wad": 64, "s": 32}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its key, unit, default, hard bounds, governing class and meaning.

    Attributes:
        governor: S (Standard) or C (Constitutional) may move it; - nobody.
        word: name of the packed word that holds it; empty if nobody may move it.
    """

    key: str
    unit: str
    default: int
    min: int
    max: int
    governor: str
    meaning: str
    word: str = ""

    @property
    def width_bits(self) -> int:
        """Bits of the field in its word."""
        return _WIDTHS.get(self.unit, 16)

    @property
    def step(self) -> int:
        """Most that one proposal may change: an eighth of the range, rounded up."""
        return -(-(self.max - self.min) // STEPS)

    def __post_init__(self) -> None:
        if not self.min <= self.default <= self.max:
            raise ValueError(f"{self.key}: the default {self.default} is outside its bounds.")
        if (self.governor == "-") is bool(self.word):
            raise ValueError(f"{self.key}: what a governor moves stands in a word, nothing else.")
        if self.word and self.max >> self.width_bits:
            raise ValueError(f"{self.key}: {self.max} does not fit {self.width_bits} bits.")


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
            word=row.get("word", ""),
        )
        for row in json.loads(text)
    }


PARAMETERS: dict[str, Parameter] = _load()


WORDS: tuple[str, ...] = tuple(dict.fromkeys(p.word for p in PARAMETERS.values() if p.word))
"""Names of the packed words; the place of a name is its id in ``ProtocolParams``."""


def fields_of(word: str) -> dict[str, int]:
    """Return the lowest bit of every field of a word, by key.

    Raises:
        ValueError: the fields do not fit the word.
    """
    offsets, next_bit = {}, 0
    for parameter in PARAMETERS.values():
        if parameter.word == word:
            offsets[parameter.key] = next_bit
            next_bit += parameter.width_bits
    if next_bit > WORD_BITS:
        raise ValueError(f"The fields of the word {word} need {next_bit} bits.")
    return offsets


def pack(word: str, values: Mapping[str, int] | None = None, since_epoch: int = 0) -> int:
    """Return a word as the contract stores it.

    Args:
        word: its name.
        values: values by key; the default where a key is missing.
        since_epoch: first epoch in which the word applies.
    """
    given = values or {}
    packed = since_epoch << WORD_BITS
    for key, offset in fields_of(word).items():
        packed |= given.get(key, default_of(key)) << offset
    return packed


def unpack(word: str, packed: int) -> dict[str, int]:
    """Return the values of a stored word by key."""
    return {
        key: packed >> offset & ((1 << PARAMETERS[key].width_bits) - 1)
        for key, offset in fields_of(word).items()
    }


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
        "/// @dev Length: a constant a parameter, and a getter where a governor may move it.",
        "library Params {",
    ]
    for parameter in PARAMETERS.values():
        name = constant_name(parameter.key)
        lines.append(f"    /// @dev {parameter.meaning} ({parameter.unit})")
        lines.append(f"    uint256 internal constant {name} = {parameter.default};")
        if parameter.min != parameter.max:
            lines.append(f"    uint256 internal constant {name}_MIN = {parameter.min};")
            lines.append(f"    uint256 internal constant {name}_MAX = {parameter.max};")
    for number, word in enumerate(WORDS):
        lines += _word_lines(number, word)
    lines += ["}", ""]
    return "\n".join(lines)


def _word_lines(number: int, word: str) -> list[str]:
    name = constant_name(word)
    lines = [
        "",
        f"    /// @dev the word {word}: its id, and its defaults",
        f"    uint256 internal constant WORD_{name} = {number};",
        f"    uint256 internal constant DEFAULT_{name} = {pack(word):#x};",
    ]
    for key, offset in fields_of(word).items():
        mask = (1 << PARAMETERS[key].width_bits) - 1
        shifted = f"(word >> {offset})" if offset else "word"
        lines += [
            "",
            f"    function {key}(uint256 word) internal pure returns (uint256) {{",
            f"        return {shifted} & {mask:#x};",
            "    }",
        ]
    return lines


def bounds_source() -> str:
    """Return the text of the generated library that ``ProtocolParams`` checks changes with."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "pragma solidity ^0.8.28;",
        "",
        "// solhint-disable code-complexity, function-max-lines",
        "",
        "/// @title Bounds of every parameter that a governor may move; generated from params.json",
        "/// by `make params`, never edited",
        "library ParamBounds {",
        "    /// @notice Where a parameter stands, who moves it, and between which bounds.",
        "    struct Entry {",
        "        uint8 word; // id of the packed word",
        "        uint8 offset; // lowest bit of the field",
        "        uint8 width; // bits",
        "        bool isConstitutional; // class C; else S",
        "        uint256 min;",
        "        uint256 max; // zero: no such key",
        "    }",
        "",
        f"    uint256 internal constant WORDS = {len(WORDS)};",
        "",
        "    /// @return the entry of a key; all zero if no governor moves such a key",
        "    function of_(bytes32 key) internal pure returns (Entry memory) {",
    ]
    for number, word in enumerate(WORDS):
        for key, offset in fields_of(word).items():
            p = PARAMETERS[key]
            is_c = "true" if p.governor == "C" else "false"
            fields = f"{number}, {offset}, {p.width_bits}, {is_c}, {p.min}, {p.max}"
            lines.append(f'        if (key == "{key}") return Entry({fields});')
    lines += [
        "        return Entry(0, 0, 0, false, 0, 0);",
        "    }",
        "",
        "    /// @return the defaults of a word",
        "    function defaultOf(uint256 word) internal pure returns (uint256) {",
    ]
    lines += [
        f"        if (word == {number}) return {pack(word):#x};"
        for number, word in enumerate(WORDS)
    ]
    lines += ["        return 0;", "    }", "}", ""]
    return "\n".join(lines)


def table_source() -> str:
    """Return the text of the generated documentation table."""
    lines = [
        "# Protocol parameters",
        "",
        "Generated from `params.json` by `make params`; never edited. Class S moves by the",
        "Standard governor, C by the Constitutional one, - by nobody. One proposal moves a",
        "parameter by at most its step; S waits 7 days between two changes, C 28 days; a change",
        "applies from the next epoch.",
        "",
        "| key | unit | default | min | max | step | class | meaning |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {p.key} | {p.unit} | {p.default} | {p.min} | {p.max} "
        f"| {p.step or ''} | {p.governor} | {p.meaning} |"
        for p in PARAMETERS.values()
    ]
    return "\n".join([*lines, ""])


def main(argv: list[str] | None = None) -> int:
    """Write the generated files below the working directory, or check them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="fail on drift, write nothing")
    check = parser.parse_args(argv).check
    drifted = []
    generated = (
        (SOLIDITY_PATH, solidity_source()),
        (BOUNDS_PATH, bounds_source()),
        (TABLE_PATH, table_source()),
    )
    for path, text in generated:
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            drifted.append(str(path))
        elif not check:
            path.write_text(text, encoding="utf-8")
    for name in drifted:
        sys.stderr.write(f"{name} differs from params.json; run `make params`.\n")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
