"""Real models, their certificates and held-out outputs, honest and not: what audits decide about.

Place: under the numeric tests and ``report``. Data flow: a model of ``tests.models`` -> calibration
by the node's own engine on 100 inputs -> other inputs through the real runtimes in every honest
configuration and every cheat -> projections under fresh seeds -> the rule of the contract. Never: a
tolerance that was not calibrated, or an input that the calibration saw.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.models import MODELS, Made, magika

from neurovoyance.node.calibration.engine import LIMITS, Plan, calibrate
from neurovoyance.node.calibration.inputs import Drawn, change_one_element
from neurovoyance.node.calibration.measuring import scale
from neurovoyance.node.calibration.runs import Renderings
from neurovoyance.node.output_file import map_tensors
from neurovoyance.node.runtime.base import ManyRequest
from neurovoyance.node.runtime.config import C1, Engine, EngineConfig, Optimisation, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.certificate import tau_sq_of
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.calibration import relative_distance
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.projection import NoVector, Projection, choose_shift, project
from neurovoyance.verification.tolerance import Comparison, compare, range_fault

CALIBRATED: Final = 100
HELD_OUT: Final = int(os.environ.get("NEUROVOYANCE_TEST_INPUTS", "40"))
"""Inputs of each model; `make sweep` and the report compute more."""
SEED: Final = bytes(31) + b"\1"
TORCH: Final = EngineConfig(Engine.TORCH)
HONEST: Final = tuple(
    EngineConfig(optimisation=level, threads=threads)
    for level in Optimisation
    for threads in (1, 2)
)
ROUNDED: Final = (Weights.FP16, Weights.BF16, Weights.INT8, Weights.INT4)

OTHER_MODEL = "another model's output"
CHANGED = "one input element changed"
CACHED = "answer cached from another input"
ZEROS = "zeros"
GARBAGE = "garbage of the right norm"
ONE_ELEMENT = "one output element changed"
NAN = "NaN"

Arrays = list[Array]


def model_named(name: str) -> Made:
    """Return a test model; ``bn_cnn@9`` is ``bn_cnn`` declared for opset 9."""
    base, _, opset = name.partition("@")
    made = magika() if base == "magika" else MODELS[base]()
    return with_opset(made, int(opset)) if opset else made


def with_more(names: Sequence[str], more: Sequence[str]) -> list[Any]:
    """Return the parameters of a fixture: names, and more names that only a sweep asks for."""
    return [*names, *(pytest.param(name, marks=pytest.mark.slow) for name in more)]


def with_opset(made: Made, opset: int) -> Made:
    """Return the same graph under another version of the operators."""
    model = onnx.load_from_string(made.onnx)
    model.opset_import[0].version = opset
    onnx.checker.check_model(model, full_check=True)
    name, data = f"{made.name}-opset{opset}", model.SerializeToString()
    return Made(
        name, data, made.verify, made.outputs, made.make_inputs, made.forward, made.weights,
        made.symbols,
    )  # fmt: skip


def with_other_weights(made: Made, seed: int) -> bytes:
    """Return a model of the same architecture and other weights: every matrix is shuffled."""
    model, random = onnx.load_from_string(made.onnx), np.random.default_rng(seed)
    holders = list(model.graph.initializer)
    holders += [a.t for node in model.graph.node for a in node.attribute if a.name == "value"]
    shuffled = 0
    for tensor in holders:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1 and values.size > 1:
            other = random.permutation(values.reshape(-1)).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(other, tensor.name))
            shuffled += 1
    assert shuffled, f"{made.name} has no weights to shuffle"
    data: bytes = model.SerializeToString()
    return data


# --- decisions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What the contract makes of one answer: an outcome, or None where the answer reverts."""

    outcome: Outcome | None
    comparison: Comparison | None = None
    z0: tuple[int, ...] = ()
    z1: tuple[int, ...] = ()
    shift: int = 0

    @property
    def in_tau(self) -> float:
        """The projected distance in tolerances; infinite where there is none."""
        return float(self.comparison.in_tau()) if self.comparison else math.inf


@dataclass
class Tally:
    """Decisions about one provider's configuration or cheat on the held-out inputs.

    Attributes:
        runs: decisions made.
        passed, failed: by comparison.
        refused: no answer was possible: NaN, or a projection that reverts.
        harmless: runs left out, since the cheat changed no bit of what is compared.
        true_max: largest distance to the reference before projecting, in tolerances.
    """

    name: str
    runs: int = 0
    passed: int = 0
    failed: int = 0
    refused: int = 0
    harmless: int = 0
    least: float = math.inf
    most: float = 0.0
    true_max: float = 0.0
    decisions: list[Decision] = field(default_factory=list)

    def add(self, decision: Decision) -> None:
        self.runs += 1
        self.passed += decision.outcome is Outcome.PASS
        self.failed += decision.outcome is Outcome.FAIL
        self.refused += decision.outcome is None
        if decision.comparison is not None:
            self.least = min(self.least, decision.in_tau)
            self.most = max(self.most, decision.in_tau)
            self.decisions.append(decision)

    @property
    def caught(self) -> int:
        return self.failed + self.refused

    def span(self) -> str:
        """Return smallest and largest distance in tolerances, for people."""
        return "none" if self.least > self.most else f"{self.least:,.3g} to {self.most:,.3g}"


# --- the arena ----------------------------------------------------------------------------------


@dataclass
class Arena:
    """One certified model and its outputs on held-out inputs.

    Attributes:
        tau: the tolerance, as the certificate writes it.
        exponents: of every verify tensor.
        honest: outputs of each honest configuration; the first one is the reference.
        dishonest: outputs of each cheat that needs a run of its own.
        inputs: every held-out input.
    """

    name: str
    tau: str
    exponents: tuple[tuple[int, ...], ...]
    honest: dict[str, list[Arrays]]
    dishonest: dict[str, list[Arrays]]
    inputs: list[bytes]
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def tau_sq(self) -> int:
        return tau_sq_of(self.tau)

    @property
    def reference(self) -> list[Arrays]:
        return self.honest[C1.name]

    def auditor_of(self, number: int) -> Arrays:
        """Return the output of an honest auditor: every configuration takes its turn."""
        names = list(self.honest)
        return self.honest[names[number % len(names)]][number % len(self.inputs)]

    def shift_of(self, arrays: Arrays) -> int | NoVector:
        return choose_shift(scale(arrays, self.exponents))

    def z_of(self, arrays: Arrays, seed: bytes, shift: int) -> tuple[int, ...] | NoVector:
        found = project(scale(arrays, self.exponents), seed=seed, shift=shift)
        return found.z if isinstance(found, Projection) else found

    def decide(
        self, provider: Arrays, auditor: Arrays, seed: bytes, shift: int | None = None
    ) -> Decision:
        """Return what an audit decides: the provider answers with what it committed to."""
        chosen = self.shift_of(provider) if shift is None else shift
        if isinstance(chosen, NoVector):
            return Decision(None)
        z0, z1 = self.z_of(provider, seed, chosen), self.z_of(auditor, seed, chosen)
        if isinstance(z0, NoVector) or range_fault(z0, chosen) is not None:
            return Decision(None)
        assert not isinstance(z1, NoVector)
        found = compare(z0, z1, tau_sq=self.tau_sq)
        return Decision(found.outcome, found, z0, z1, chosen)

    def seed(self, what: str, number: int) -> bytes:
        """Return the fresh seed of one run."""
        return hash_abi(["string", "string", "uint256"], [self.name, what, number])

    def honest_tally(self, config: str) -> Tally:
        """Decide about an honest provider, each time with another configuration's auditor."""
        if config in self.tallies:
            return self.tallies[config]
        tally, names = Tally(config), list(self.honest)
        for number, arrays in enumerate(self.honest[config]):
            # Provider and auditor differ as long as there are configurations to differ in.
            auditor = names[(names.index(config) + 1 + number % (len(names) - 1)) % len(names)]
            found = self.decide(arrays, self.honest[auditor][number], self.seed(config, number))
            tally.add(found)
            away = relative_distance(
                scale(self.reference[number], self.exponents), scale(arrays, self.exponents)
            )
            tally.true_max = max(tally.true_max, away / float(self.tau))
        self.tallies[config] = tally
        return tally

    def pair_tally(self, provider: str, auditor: str) -> Tally:
        """Decide about one honest configuration, audited by one other."""
        tally = Tally(f"{provider} by {auditor}")
        for number, arrays in enumerate(self.honest[provider]):
            seed = self.seed(tally.name, number)
            tally.add(self.decide(arrays, self.honest[auditor][number], seed))
        return tally

    def cheat_tally(self, cheat: str) -> Tally:
        """Decide about a cheat on every held-out input."""
        if cheat in self.tallies:
            return self.tallies[cheat]
        tally = Tally(cheat)
        for number, arrays in enumerate(self.answers_of(cheat)):
            if arrays is None:
                tally.harmless += 1
                continue
            seed = self.seed(cheat, number)
            tally.add(self.decide(arrays, self.auditor_of(number), seed))
        self.tallies[cheat] = tally
        return tally

    def answers_of(self, cheat: str) -> Iterator[Arrays | None]:
        """Yield the wrong output for every input; None where it is bit for bit the right one."""
        made = self.dishonest.get(cheat)
        for number, right in enumerate(self.reference):
            wrong = made[number] if made is not None else _MADE_UP[cheat](self, number)
            yield None if _equal(wrong, right) else wrong

    @property
    def cheats(self) -> list[str]:
        return [*self.dishonest, *_MADE_UP]

    def cached(self, number: int) -> Arrays:
        """Return the answer to the next input that is another one."""
        size = len(self.inputs)
        later = ((number + step) % size for step in range(1, size))
        return self.reference[next(at for at in later if self.inputs[at] != self.inputs[number])]


def _equal(first: Arrays, second: Arrays) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def _garbage(arena: Arena, number: int) -> Arrays:
    random, made = np.random.default_rng(number), []
    for right in arena.reference[number]:
        noise = random.standard_normal(right.shape)
        made.append((noise * (np.linalg.norm(right) / np.linalg.norm(noise))).astype(right.dtype))
    return made


def _one_element(arena: Arena, number: int) -> Arrays:
    """Raise one element of the largest tensor by a standard deviation of it."""
    wrong = [right.copy() for right in arena.reference[number]]
    flat = max(wrong, key=lambda array: array.size).reshape(-1)
    flat[np.random.default_rng(number).integers(flat.size)] += flat.std()
    return wrong


def _nan(arena: Arena, number: int) -> Arrays:
    wrong = [right.copy() for right in arena.reference[number]]
    wrong[number % len(wrong)].reshape(-1)[number % 7] = np.nan
    return wrong


_MADE_UP: Final[dict[str, Callable[[Arena, int], Arrays]]] = {
    CACHED: Arena.cached,
    ZEROS: lambda arena, number: [np.zeros_like(a) for a in arena.reference[number]],
    GARBAGE: _garbage,
    ONE_ELEMENT: _one_element,
    NAN: _nan,
}


# --- building it --------------------------------------------------------------------------------


def build(name: str, folder: Path, held_out: int = HELD_OUT) -> Arena:
    """Calibrate a model and compute its held-out outputs; takes seconds."""
    return asyncio.run(_build(model_named(name), name, folder, held_out))


async def _build(made: Made, name: str, folder: Path, held_out: int) -> Arena:
    seen, unseen = folder / "seen", folder / "unseen"
    for one in (seen, unseen):
        one.mkdir()
    torch = made.save_torch(folder) if made.forward is not None else None
    model = Renderings(made.save(folder), torch)
    drawn = Drawn(SEED, CALIBRATED, tuple(made.save_inputs(seen, CALIBRATED)))
    tensors = frozenset({JobClass.TENSOR})
    report = await calibrate(Plan(model, drawn, names=made.verify, classes=tensors))
    accepted = report.accepted
    assert accepted is not None and accepted.result is not None, report.verdict()
    assert accepted.option.names == list(made.verify)
    paths = made.save_inputs(unseen, held_out, seed=CALIBRATED)
    other = folder / "other.onnx"
    other.write_bytes(with_other_weights(made, 7))
    changed = change_one_element(paths, folder / "changed", SEED)
    async with OnnxRuntime() as ort, TorchRuntime(keep_warm=False) as in_torch:
        runner = _Runner(made, model, folder, {Engine.ORT: ort, Engine.TORCH: in_torch})
        configs = HONEST if torch is None else (*HONEST, TORCH)
        honest = {config.name: await runner.run(paths, config) for config in configs}
        dishonest = {
            f"{weights.value} weights": await runner.run(paths, C1.with_weights(weights))
            for weights in ROUNDED
        }
        dishonest[CHANGED] = await runner.run(changed, C1)
        runner.model = Renderings(other)
        dishonest[OTHER_MODEL] = await runner.run(paths, C1)
    inputs = [path.read_bytes() for path in paths]
    return Arena(name, accepted.result.tau, accepted.exponents, honest, dishonest, inputs)


def outputs_of(
    made: Made, folder: Path, configs: Sequence[EngineConfig]
) -> dict[str, list[Arrays]]:
    """Compute the held-out inputs of a model with ONNX Runtime, by name of the configuration."""

    async def run() -> dict[str, list[Arrays]]:
        paths = made.save_inputs(folder, HELD_OUT, seed=CALIBRATED)
        async with OnnxRuntime() as ort:
            runner = _Runner(made, Renderings(made.save(folder)), folder, {Engine.ORT: ort})
            return {config.name: await runner.run(paths, config) for config in configs}

    return asyncio.run(run())


@dataclass
class _Runner:
    made: Made
    model: Renderings
    folder: Path
    runtimes: dict[Engine, Any]

    async def run(self, paths: Sequence[Path], config: EngineConfig) -> list[Arrays]:
        """Return the verify tensors of every input, all computed in one confined process."""
        targets = [self.folder / f"{number}.tensors" for number in range(len(paths))]
        request = ManyRequest(
            self.model.of(config.engine),
            tuple(zip(paths, targets, strict=True)),
            self.made.verify,
            config,
        )
        await self.runtimes[config.engine].run_many(request, LIMITS)
        found = [[np.array(array) for array in map_tensors(target)] for target in targets]
        for target in targets:
            target.unlink()
        return found
