"""Distances of every configuration and every cheat from the reference, for one choice of tensors.

Place: under ``engine``, over ``runs``; the arithmetic is ``verification.calibration``. Data flow:
the reference on every input -> exponents -> each configuration's distance on each input. Never: a
verdict.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from neurovoyance.node.calibration.runs import Outputs, Renderings, Runs
from neurovoyance.node.output_file import map_tensors
from neurovoyance.node.runtime.config import C1, Engine, EngineConfig, Optimisation, Weights
from neurovoyance.protocol.certificate import MIN_VERIFY_ELEMENTS
from neurovoyance.protocol.errors import ResourceExceeded, VerificationError
from neurovoyance.verification.calibration import TensorNorms, relative_distance
from neurovoyance.verification.canonical import Array, encode_tensors
from neurovoyance.verification.projection import ScaledTensor

HONEST: Final = (
    EngineConfig(optimisation=Optimisation.BASIC),
    EngineConfig(optimisation=Optimisation.EXTENDED),
    EngineConfig(optimisation=Optimisation.ALL),
    EngineConfig(optimisation=Optimisation.ALL, threads=2),
)
"""What honest machines may do instead of the reference; torch comes on top where it loads."""

TORCH: Final = EngineConfig(Engine.TORCH)
CHANGED_INPUT: Final = "inputs with one element changed"
CACHED_ANSWER: Final = "answers cached from another input"
_WORDS: Final = {Weights.FP16: "fp16 weights", Weights.BF16: "bf16 weights"}
_FLOATS: Final = frozenset({"fp32", "fp16", "bf16"})

Exponents: TypeAlias = "tuple[tuple[int, ...], ...]"
OnStep: TypeAlias = Callable[[str, int, int], None]
"""Told what is measured, how many inputs are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured: the model, the inputs, and the inputs with one element changed."""

    runs: Runs
    model: Renderings
    paths: Sequence[Path]
    changed: Sequence[Path]
    scratch: Path
    on_step: OnStep


@dataclass
class Reference:
    """The reference outputs of one choice of tensors, on disk, one file an input.

    Attributes:
        faults: why they cannot be compared in TENSOR jobs; empty if they can.
        shapes: of every tensor, one for each input.
        dtypes: of every tensor, canonical names.
        exponents: of every tensor, once they are known.
    """

    names: tuple[str, ...]
    files: list[Path]
    engine: str
    dtypes: tuple[str, ...] = ()
    shapes: list[tuple[tuple[int, ...], ...]] = field(default_factory=list)
    exponents: Exponents = ()
    faults: list[str] = field(default_factory=list)

    @property
    def least_elements(self) -> int:
        """Elements over all tensors on the input that gives the fewest."""
        return min(sum(math.prod(shape) for shape in shapes) for shapes in self.shapes)

    def scaled(self, index: int) -> list[ScaledTensor]:
        """Return the reference of one input, scaled."""
        return scale(map_tensors(self.files[index]), self.exponents)


def cheat_name(weights: Weights) -> str:
    """Return how a cheat is called in tables and sentences, in the plural."""
    return _WORDS.get(weights, f"{weights.value} weights")


def scale(arrays: Sequence[Array], exponents: Exponents) -> list[ScaledTensor]:
    """Return tensors with their exponents.

    Raises:
        VerificationError: a tensor is not of floats, or has other channels.
    """
    return [ScaledTensor(one, some) for one, some in zip(arrays, exponents, strict=True)]


async def reference_of(
    bench: Bench,
    names: Sequence[str],
    hidden: Sequence[str],
    exponents: Exponents = (),
    *,
    elements_min: int = MIN_VERIFY_ELEMENTS,
) -> Reference:
    """Run the reference on every input; find the exponents unless they are given.

    Args:
        names: tensors that are compared.
        hidden: those among them that are hidden states.
        exponents: of a certificate.
        elements_min: fewest elements over all tensors; with fewer on the first input, no other
            input is run.

    Raises:
        NonFiniteOutput: the first input's reference is not finite.
        ResourceExceeded: the outputs would not fit the limit on files.
    """
    metas, engine = await bench.runs.first(bench.model, bench.paths[0], names, C1)
    size = sum(tensor_bytes(meta.dtype, meta.shape) for meta in metas) * len(bench.paths)
    if size > bench.runs.limits.file_bytes:
        raise ResourceExceeded(
            f"The reference outputs would take {size:,} bytes of disk; the limit is "
            f"{bench.runs.limits.file_bytes:,}. Nothing was measured.",
            hint="Measure smaller inputs, or raise the limit.",
            limit="file_bytes",
        )
    dtypes = tuple(meta.dtype for meta in metas)
    reference = Reference(tuple(names), [], engine, dtypes, exponents=exponents)
    norms = [TensorNorms() for _ in names]
    integers = [name for name, kind in zip(names, dtypes, strict=True) if kind not in _FLOATS]
    if integers:
        reference.faults.append(
            f"{integers[0]!r} holds whole numbers, which are compared in EXACT jobs alone."
        )
    first = sum(math.prod(meta.shape) for meta in metas)
    if not integers and first < elements_min:
        reference.faults.append(too_few(first))
        return reference
    done = 0
    async for found in bench.runs.outputs(bench.model, bench.paths, names, C1):
        if found.arrays is None:
            name = bench.paths[found.index].name
            reference.faults.append(f"The reference output of {name} holds NaN or infinity.")
            return reference
        reference.shapes.append(tuple(array.shape for array in found.arrays))
        if not integers:
            for one, array in zip(norms, found.arrays, strict=True):
                one.add(array)
        file = bench.scratch / f"reference-{found.index}.tensors"
        await asyncio.to_thread(file.write_bytes, encode_tensors(found.arrays))
        reference.files.append(file)
        done += 1
        bench.on_step("reference", done, len(bench.paths))
    if not reference.exponents and not integers:
        _find_exponents(reference, norms, hidden)
    if not integers and reference.least_elements < elements_min:
        reference.faults.append(too_few(reference.least_elements))
    return reference


def too_few(elements: int) -> str:
    """Return the sentence on tensors of too few elements."""
    return (
        f"Together they have only {elements} elements; {MIN_VERIFY_ELEMENTS} are the fewest that a "
        "projection covers."
    )


def _find_exponents(
    reference: Reference, norms: Sequence[TensorNorms], hidden: Sequence[str]
) -> None:
    found: list[tuple[int, ...]] = []
    for name, one in zip(reference.names, norms, strict=True):
        try:
            exponents = one.exponents(is_hidden=name in hidden)
        except VerificationError as error:
            reference.faults.append(error.message)
            return
        if exponents is None:
            reference.faults.append(f"{name!r} is zero on every input, so nothing shows in it.")
            return
        found.append(exponents)
    reference.exponents = tuple(found)


async def distances(
    bench: Bench,
    reference: Reference,
    config: EngineConfig,
    *,
    words: str = "",
    changed: bool = False,
) -> list[float]:
    """Return the distance of a configuration from the reference on every input.

    Infinity where the output is not finite or has another shape.

    Args:
        words: what the measurement is called; the configuration's name if empty.
        changed: run on the changed inputs; where the change alters no bit of the output, nothing
            is wrong with it and the distance counts as infinite.
    """
    paths = bench.changed if changed else bench.paths
    distances: list[float] = []
    source = bench.runs.outputs(bench.model, paths, reference.names, config)
    async for distance in _compared(source, reference, changed):
        distances.append(distance)
        bench.on_step(words or config.name, len(distances), len(paths))
    return distances


async def _compared(
    source: AsyncIterator[Outputs], reference: Reference, changed: bool
) -> AsyncIterator[float]:
    async for found in source:
        yield await asyncio.to_thread(distance_to, reference, found.index, found.arrays, changed)


def distance_to(
    reference: Reference, index: int, arrays: Sequence[Array] | None, changed: bool = False
) -> float:
    """Return the distance of some tensors from the reference of an input."""
    if arrays is None:
        return math.inf
    try:
        found = relative_distance(reference.scaled(index), scale(arrays, reference.exponents))
    except VerificationError:
        return math.inf  # another shape: nobody takes it for the right answer
    return math.inf if changed and found == 0 else found


def cached_distances(reference: Reference) -> list[float]:
    """Return the distance of every input's answer from the answer to the next input."""
    count = len(reference.files)
    return [
        distance_to(reference, at, map_tensors(reference.files[(at + 1) % count]))
        for at in range(count)
    ]


async def is_bit_equal(bench: Bench, reference: Reference) -> bool:
    """Run the reference again in another process; tell whether every bit is the same."""
    done = 0
    async for found in bench.runs.outputs(bench.model, bench.paths, reference.names, C1):
        file = reference.files[found.index]
        if found.arrays is None or encode_tensors(found.arrays) != file.read_bytes():
            return False
        done += 1
        bench.on_step("reference, a second time", done, len(bench.paths))
    return True


def tensor_bytes(dtype: str, shape: Sequence[int]) -> int:
    """Return the size of a tensor's data; ``dtype`` is a canonical name."""
    sizes = {"fp32": 4, "fp16": 2, "bf16": 2, "int32": 4, "int64": 8, "uint8": 1, "bool": 1}
    return math.prod(shape) * sizes[dtype]
