"""How an engine computes: the configurations that honest machines may differ in, and cheats.

Place: values beside ``base``; a request carries one. ``C1`` is the reference of verification
section 2. Never: choose ``weights`` other than fp32 for a job; those exist for calibration and
the adversary suite, which measure what cheating with rounded weights looks like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from neurovoyance.protocol.errors import SpecError

MAX_THREADS: Final = 256


class Engine(StrEnum):
    """Which engine computes."""

    ORT = "ort"
    TORCH = "torch"


class Optimisation(StrEnum):
    """Graph optimisation of ONNX Runtime; torch has none and takes ``OFF`` only."""

    OFF = "off"
    BASIC = "basic"
    EXTENDED = "extended"
    ALL = "all"


class Weights(StrEnum):
    """Precision that float32 weights are rounded to before the model, in fp32, is computed.

    fp16 and bf16 round every float32 weight of two or more elements; int8 and int4 are symmetric
    per output channel and leave vectors (biases, gains) alone. Everything but ``FP32`` is a cheat.
    """

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    INT4 = "int4"


class Profile(StrEnum):
    """How to run: ``C1`` reproducibly (verification section 2), ``FAST`` with all optimisations."""

    C1 = "C1"
    FAST = "FAST"


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One configuration. The default is profile C1: no optimisation, one thread, sequential.

    Attributes:
        threads: of one operator; operators always run one after the other.
        weights: see :class:`Weights`; for calibration and tests alone.
    """

    engine: Engine = Engine.ORT
    optimisation: Optimisation = Optimisation.OFF
    threads: int = 1
    weights: Weights = Weights.FP32

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MAX_THREADS:
            raise SpecError(f"A configuration has 1 to {MAX_THREADS} threads.")
        if self.engine is Engine.TORCH and self.optimisation is not Optimisation.OFF:
            raise SpecError("The engine torch has no graph optimisation to choose.")

    @property
    def name(self) -> str:
        """Return a short name such as ``ort-all-2`` or ``ort-off-1-fp16``."""
        parts = [self.engine.value, self.optimisation.value, str(self.threads)]
        if self.engine is Engine.TORCH:
            del parts[1]
        if self.weights is not Weights.FP32:
            parts.append(self.weights.value)
        return "-".join(parts)

    def with_weights(self, weights: Weights) -> EngineConfig:
        """Return this configuration with rounded weights: a cheat, for measuring."""
        return replace(self, weights=weights)


C1: Final = EngineConfig()
"""The reference configuration."""


def config_of(profile: Profile, engine: Engine, threads: int) -> EngineConfig:
    """Return what a profile means for an engine on a machine that lends ``threads``."""
    if profile is Profile.C1:
        return EngineConfig(engine)
    level = Optimisation.ALL if engine is Engine.ORT else Optimisation.OFF
    return EngineConfig(engine, level, min(threads, MAX_THREADS))
