"""Run a model on many inputs in one configuration, a few at a time, and hand the outputs out.

Place: under ``measuring``. Every run is a confined child; the outputs of a group lie on disk for as
long as they are looked at, so memory and disk stay bounded. An input on which the model gives NaN
or infinity has no output and costs the others nothing. Never: two children at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neurovoyance.node.output_file import map_tensors
from neurovoyance.node.runtime.base import Limits, ManyRequest, Runtime, TensorMeta
from neurovoyance.node.runtime.config import Engine, EngineConfig
from neurovoyance.protocol.errors import ExecutionError, NonFiniteOutput
from neurovoyance.verification.canonical import Array

GROUP_BYTES: Final = 256 << 20
_GROUP_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one input gave: its place among the inputs, and the tensors; None if not finite."""

    index: int
    arrays: list[Array] | None


@dataclass(frozen=True, slots=True)
class Renderings:
    """Files of one model, by the engine that runs them."""

    onnx: Path
    torch: Path | None = None

    def of(self, engine: Engine) -> Path:
        """Return the file of an engine.

        Raises:
            ExecutionError: there is none.
        """
        path = self.torch if engine is Engine.TORCH else self.onnx
        if path is None:
            raise ExecutionError("The model has no rendering for torch.")
        return path


class Runs:
    """Runs configurations.

    Args:
        runtimes: one of each engine that may be asked for.
        scratch: an own directory.
    """

    def __init__(self, runtimes: dict[Engine, Runtime], limits: Limits, scratch: Path) -> None:
        self._runtimes = runtimes
        self._limits = limits
        self._scratch = scratch
        self._group = 1
        self._count = 0

    @property
    def limits(self) -> Limits:
        """Limits of one group."""
        return self._limits

    async def first(
        self, model: Renderings, path: Path, names: Sequence[str], config: EngineConfig
    ) -> tuple[tuple[TensorMeta, ...], str]:
        """Run once; return what came out and the engine, and fit the groups to the size.

        Raises:
            NonFiniteOutput: the output holds NaN or infinity.
        """
        target = self._scratch / "first.tensors"
        request = ManyRequest(model.of(config.engine), ((path, target),), tuple(names), config)
        [output] = await self._runtimes[config.engine].run_many(request, self._limits)
        size = target.stat().st_size
        target.unlink()
        self._group = max(1, min(_GROUP_MAX, GROUP_BYTES // max(size, 1)))
        return output.tensors, output.engine

    async def outputs(
        self,
        model: Renderings,
        paths: Sequence[Path],
        names: Sequence[str],
        config: EngineConfig,
    ) -> AsyncIterator[Outputs]:
        """Yield what every input gives, in order; an item is valid until the next one.

        Raises:
            ExecutionError: the engine failed; see ``Runtime.run_many``.
        """
        for start in range(0, len(paths), self._group):
            group = list(enumerate(paths))[start : start + self._group]
            files = await self._run(model, group, names, config)
            for index, file in sorted(files.items()):
                yield Outputs(index, None if file is None else map_tensors(file))
                if file is not None:
                    file.unlink()

    async def _run(
        self,
        model: Renderings,
        group: list[tuple[int, Path]],
        names: Sequence[str],
        config: EngineConfig,
    ) -> dict[int, Path | None]:
        """Return the file of every input; halves the group where an output is not finite."""
        self._count += 1
        targets = [self._scratch / f"{self._count}-{index}.tensors" for index, _ in group]
        runs = tuple((path, target) for (_, path), target in zip(group, targets, strict=True))
        request = ManyRequest(model.of(config.engine), runs, tuple(names), config)
        try:
            await self._runtimes[config.engine].run_many(request, self._limits)
        except NonFiniteOutput:
            if len(group) == 1:
                return {group[0][0]: None}
            half = len(group) // 2
            found = await self._run(model, group[:half], names, config)
            return found | await self._run(model, group[half:], names, config)
        return {index: target for (index, _), target in zip(group, targets, strict=True)}
