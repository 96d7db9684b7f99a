"""The inputs that a model is measured on: read, drawn, made up if asked for, changed by a cheat.

Place: under ``engine``. A file is safetensors, graph input name -> tensor, as a job carries it.
Data flow: folder -> checked candidates -> drawn by seed -> one element changed in each. Never: an
input that was there twice, or random numbers that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from neurovoyance.node.runtime.engine import read_inputs
from neurovoyance.protocol.errors import InputMismatch, SpecError
from neurovoyance.protocol.manifest import TensorSpec
from neurovoyance.verification.calibration import CANDIDATES_MIN, INPUTS_MIN, draw_inputs
from neurovoyance.verification.canonical import Array

SUFFIX: Final = ".safetensors"
CANDIDATES_MAX: Final = 4_096
_MADE_SIZE: Final = 16
_INTEGERS_MADE: Final = 256


@dataclass(frozen=True, slots=True)
class Drawn:
    """Inputs that are measured.

    Attributes:
        seed: that drew them, 32 bytes.
        candidates: how many there were to draw from, after equal ones were left out.
        paths: the drawn ones, in order of their names.
        left_out: names of files that another one equals.
    """

    seed: bytes
    candidates: int
    paths: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


def draw_from(
    folder: Path, seed: bytes, count: int = INPUTS_MIN, *, allow_few: bool = False
) -> Drawn:
    """Draw inputs from the safetensors files of a folder.

    Args:
        seed: 32 bytes; the same seed draws the same files.
        count: how many.
        allow_few: for trials: fewer candidates and inputs than a public network accepts.

    Raises:
        SpecError: there is no such folder, or it holds too few different files, or too many.
    """
    if not folder.is_dir():
        raise SpecError(
            f"There is no folder {folder}; nothing was measured.",
            hint=f"Put inputs as {SUFFIX} files into a folder, one file a run of the model.",
        )
    paths, left_out = _distinct(sorted(folder.glob(f"*{SUFFIX}")))
    fewest = 1 if allow_few else max(CANDIDATES_MIN, count)
    if not fewest <= len(paths) <= CANDIDATES_MAX:
        said = f", {len(left_out)} equal ones left out" if left_out else ""
        raise SpecError(
            f"{folder} holds {len(paths)} different inputs{said}; {fewest} to {CANDIDATES_MAX:,} "
            "are needed. Nothing was measured.",
            hint=f"Add real inputs, one {SUFFIX} file each; --random N makes up inputs for trials.",
        )
    wanted = min(count, len(paths)) if allow_few else count
    chosen = draw_inputs(seed, len(paths), wanted, allow_few=allow_few)
    return Drawn(seed, len(paths), tuple(paths[at] for at in chosen), left_out)


def check_inputs(paths: Sequence[Path], inputs: Sequence[TensorSpec]) -> None:
    """Compare files with what a model declares.

    Raises:
        InputMismatch: names the first file that does not fit, and every fault of it.
        SpecError: a file is not readable as safetensors.
    """
    for path in paths:
        faults = list(_faults(read_inputs(path), inputs))
        if faults:
            raise InputMismatch(
                f"{path.name} does not fit the model: {'; '.join(faults)}. Nothing was measured.",
                hint="Every file holds one tensor for each graph input, and no others.",
                faults=faults,
            )


def make_inputs(
    folder: Path,
    inputs: Sequence[TensorSpec],
    bounds: Mapping[str, int],
    count: int,
    seed: bytes,
) -> None:
    """Fill a folder with random inputs: normal numbers, and integers within ``bounds``.

    Named dimensions get the size 1 where they come first, 16 elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        random = np.random.default_rng([*seed, *number.to_bytes(4, "big")])
        made = {spec.name: _made(spec, bounds.get(spec.name), random) for spec in inputs}
        save_file(made, folder / f"{number:06}{SUFFIX}")


def change_one_element(paths: Sequence[Path], folder: Path, seed: bytes) -> list[Path]:
    """Write a copy of every input with one element changed; return the paths of the copies.

    Integers grow by one (by minus one at the largest value seen), bools flip, floats grow by one
    standard deviation of their tensor over all inputs. Which element it is follows from the seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spread, largest = _statistics(paths)
    changed = []
    for number, path in enumerate(paths):
        feed = {name: np.array(array) for name, array in read_inputs(path).items()}
        random = np.random.default_rng([*seed, *number.to_bytes(4, "big")])
        names = sorted(name for name, array in feed.items() if array.size)
        name = names[int(random.integers(len(names)))]
        flat = feed[name].reshape(-1)
        at = int(random.integers(flat.size))
        flat[at] = _changed(flat[at], spread.get(name, 1.0), largest.get(name, 0))
        feed[name] = flat.reshape(feed[name].shape)
        target = folder / f"{number:06}{SUFFIX}"
        save_file(feed, target)
        changed.append(target)
    return changed


def _distinct(paths: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    seen: set[bytes] = set()
    kept, left_out = [], []
    for path in paths[: 2 * CANDIDATES_MAX]:
        digest = blake2b(path.read_bytes(), digest_size=32).digest()
        if digest in seen:
            left_out.append(path.name)
        else:
            seen.add(digest)
            kept.append(path)
    return kept, tuple(left_out)


def _faults(feed: Mapping[str, Array], inputs: Sequence[TensorSpec]) -> list[str]:
    declared = {spec.name for spec in inputs}
    faults = [f"{name!r} is no input of the model" for name in feed if name not in declared]
    for spec in inputs:
        array = feed.get(spec.name)
        if array is None:
            faults.append(f"input {spec.name!r} is missing")
            continue
        if array.dtype.name != spec.dtype:
            faults.append(f"input {spec.name!r} is {array.dtype.name}, not {spec.dtype}")
        fixed = [int(dim) if dim.isdecimal() else None for dim in spec.shape]
        is_same = len(fixed) == array.ndim and all(
            needed in (None, size) for needed, size in zip(fixed, array.shape, strict=True)
        )
        if not is_same:
            needed = ", ".join(spec.shape)
            faults.append(f"input {spec.name!r} has shape {list(array.shape)}, not [{needed}]")
    return faults


def _made(spec: TensorSpec, bound: int | None, random: np.random.Generator) -> Array:
    shape = [
        int(dim) if dim.isdecimal() else (_MADE_SIZE if axis else 1)
        for axis, dim in enumerate(spec.shape)
    ]
    if spec.dtype == "bool":
        return random.integers(0, 2, shape).astype(np.bool_)
    if spec.dtype in ("int32", "int64", "uint8"):
        return random.integers(0, bound or _INTEGERS_MADE, shape).astype(spec.dtype)
    return random.standard_normal(shape).astype(spec.dtype)


def _statistics(paths: Sequence[Path]) -> tuple[dict[str, float], dict[str, int]]:
    """Return standard deviation and largest integer of every input over all files."""
    sums: dict[str, tuple[int, float, float]] = {}
    largest: dict[str, int] = {}
    for path in paths:
        for name, array in read_inputs(path).items():
            if array.dtype.kind in "iub" and array.size:
                largest[name] = max(largest.get(name, 0), int(array.max()))
            else:
                wide = array.astype(np.float64)
                count, total, squares = sums.get(name, (0, 0.0, 0.0))
                sums[name] = (
                    count + wide.size,
                    total + float(wide.sum()),
                    squares + float((wide * wide).sum()),
                )
    spread = {}
    for name, (count, total, squares) in sums.items():
        variance = squares / max(count, 1) - (total / max(count, 1)) ** 2
        spread[name] = float(np.sqrt(variance)) if variance > 0 else 1.0
    return spread, largest


def _changed(value: np.generic, spread: float, largest: int) -> object:
    if value.dtype.kind == "b":
        return not value
    if value.dtype.kind in "iu":
        number = int(value.item())
        return number - 1 if number >= largest and number > 0 else number + 1
    return float(value.item()) + spread
