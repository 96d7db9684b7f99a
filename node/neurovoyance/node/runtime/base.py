"""What every runtime promises, and the values that go in and come out.

Place: L3, between the node's executions and an engine. Data flow: the node names files that it
has verified (model, safetensors input) and limits; a runtime runs them confined and leaves the
output as canonical tensors under a final name. Never: import an engine here, or trust a model.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from neurovoyance.node.runtime.config import C1, EngineConfig
from neurovoyance.node.runtime.config import Profile as Profile
from neurovoyance.protocol.errors import ExecutionError, SpecError

Dim: TypeAlias = int | str | None
"""One declared dimension: a fixed size, the name of a symbolic one, or unknown."""


class ExecutionCancelled(ExecutionError):
    """The execution was cancelled by its owner; no output was written."""

    code = "execution.cancelled"


class ConfinementUnavailable(ExecutionError):
    """This machine can enforce no network block, so no untrusted model is run on it."""

    code = "execution.confinement"
    default_hint = "Use a Linux kernel with seccomp (3.17 or later) on x86-64 or arm64."


class Phase(StrEnum):
    """Where an execution is; each is reported once, in this order."""

    CHECKING = "checking"
    LOADING = "loading"
    RUNNING = "running"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk: one ``.onnx`` file, or a directory of ``model.onnx`` and its weights."""

    path: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use; going over any of them raises ``ResourceExceeded``.

    Attributes:
        memory_bytes: resident memory of the child, engine included (about 70 MB).
        cpu_time_s: CPU seconds over all threads, counted by the parent about 50 times a second.
        wall_time_s: seconds from the request to the finished output file.
        threads: threads of one operator under ``FAST``; ``C1`` always uses one.
        file_bytes: size of the output file.
        open_files: file descriptors open at once.
    """

    memory_bytes: int
    cpu_time_s: float
    wall_time_s: float
    threads: int = 1
    file_bytes: int = 1 << 30
    open_files: int = 64

    def __post_init__(self) -> None:
        faults = [name for name, value in asdict(self).items() if not value > 0]
        if faults:
            raise SpecError(f"These limits are not positive: {', '.join(faults)}.", faults=faults)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One execution.

    Attributes:
        model_path: file or directory, see :class:`ModelFiles`.
        input_path: a safetensors file, graph input name -> tensor; run in one call as given.
        output_path: final name of the output; its directory must exist. An existing file is
            replaced, atomically and only on success.
        output_names: values wanted, in the order of the file; None means all graph outputs, in
            graph order. Besides graph outputs, any operator output of the main graph may be
            named, such as the verify tensors of a certificate.
        profile: how to run, if ``config`` is None.
        execution_id: handle for ``cancel``; one execution at a time may use it.
        config: how to run, exactly; overrides ``profile``.
        is_shared: whether a child that is kept warm may serve it, before and after others. A
            private input gets a child of its own.
    """

    model_path: Path
    input_path: Path
    output_path: Path
    output_names: tuple[str, ...] | None = None
    profile: Profile = Profile.C1
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    config: EngineConfig | None = None
    is_shared: bool = True


@dataclass(frozen=True, slots=True)
class ManyRequest:
    """One model over many inputs in one child: what calibration needs. Never for a job.

    Attributes:
        runs: (safetensors input, final name of its output) for each run, in order.
        output_names: as in :class:`RunRequest`.
        config: how to run.
        execution_id: handle for ``cancel``.
    """

    model_path: Path
    runs: tuple[tuple[Path, Path], ...]
    output_names: tuple[str, ...] | None = None
    config: EngineConfig = C1
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """One reproducible run that keeps every operator output.

    Attributes:
        directory: where the tensors go; it must exist and hold no tensor of a row.
        config: without optimisation, which would remove operators; weights only for tests.
        execution_id: handle for ``cancel``.
    """

    model_path: Path
    input_path: Path
    directory: Path
    config: EngineConfig = C1
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class OperatorRequest:
    """One operator of a model alone, on given inputs, under C1; its weights as initializers.

    Attributes:
        row: any output of the operator, counted as in a trace.
        inputs: (value name, file of one canonical tensor) for each input that is no weight.
        output_path: final name of the file of all the operator's outputs, in operator order.
        execution_id: handle for ``cancel``.
    """

    model_path: Path
    row: int
    inputs: tuple[tuple[str, Path], ...]
    output_path: Path
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class TensorMeta:
    """One output tensor in the file: its graph name, canonical dtype name and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One declared input or output: engine dtype name (``float32``), dimensions."""

    name: str
    dtype: str
    shape: tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model declares, read without running it.

    Attributes:
        opsets: operator set version per domain; the default domain is ``ai.onnx``.
        external_bytes: size of weight files next to the model.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opsets: dict[str, int]
    node_count: int
    model_bytes: int
    external_bytes: int


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What an execution used.

    ``wall_ms`` is the parent's clock from request to renamed output. The others are reported by
    the child (``peak_memory_bytes`` never below what the parent saw): a child taken over by a
    hostile model could understate them, so they inform and never decide a payment.
    """

    wall_ms: int
    cpu_ms: int
    peak_memory_bytes: int
    model_load_ms: int


@dataclass(frozen=True, slots=True)
class RunOutput:
    """The finished output: a file of canonical tensors in the order asked for, and what it took.

    Attributes:
        engine: name and version, such as ``onnxruntime 1.31.1``.
    """

    output_path: Path
    tensors: tuple[TensorMeta, ...]
    usage: ResourceUsage
    engine: str = ""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One operator output: its row, what it is, and the file that holds its canonical bytes."""

    row: int
    tensor: TensorMeta
    path: Path


@dataclass(frozen=True, slots=True)
class TraceOutput:
    """A finished trace, one row per operator output, in graph order."""

    rows: tuple[TraceRow, ...]
    usage: ResourceUsage
    engine: str


OnProgress: TypeAlias = Callable[[Phase], None]
"""Called on the event loop when an execution enters a phase; must return at once."""


class Runtime(Protocol):
    """An engine that runs untrusted models, one confined process per execution.

    Calls may overlap. Cancelling the awaiting task ends the child like ``cancel`` does.
    """

    @property
    def reference(self) -> EngineConfig:
        """The reproducible configuration of this engine."""
        ...

    async def probe(self, model: ModelFiles, limits: Limits | None = None) -> ModelInfo:
        """Validate a model and return what it declares, without running it.

        Raises:
            UnsupportedModel: unreadable, unsafe, or needing operators this engine lacks.
            ResourceExceeded: only looking at it went over ``limits``.
            RuntimeMissing: the engine is not installed.
        """
        ...

    async def run(
        self, request: RunRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        """Execute once; every failure leaves nothing under ``output_path`` that was not there.

        Raises:
            SpecError: the input file is malformed, or the execution id is in use.
            UnsupportedModel: as for ``probe``, or an output of a dtype without canonical form.
            InputMismatch: names, dtypes, ranks or dimensions differ from what the model declares.
            ResourceExceeded: a limit was passed; ``limit`` in the context names it.
            NonFiniteOutput: an output holds NaN or infinity.
            ExecutionCancelled: ``cancel`` was called.
            ExecutionError: the engine failed or its process died; ``signal`` names how.
        """
        ...

    async def run_many(
        self, request: ManyRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> tuple[RunOutput, ...]:
        """Execute on many inputs in one child, in order; all outputs appear or none.

        ``limits`` hold for the whole, ``file_bytes`` for the sum of the outputs. Every output's
        ``usage`` is that of the whole. Raises as ``run`` does.
        """
        ...

    def cancel(self, execution_id: str) -> bool:
        """End an execution and return True; its ``run`` raises ``ExecutionCancelled``.

        Unknown or already over: changes nothing and returns False.
        """
        ...

    async def close(self) -> None:
        """End every child, also spare ones; running executions are cancelled. Repeatable."""
        ...
