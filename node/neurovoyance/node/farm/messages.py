"""What agent and workers say to each other through Redis: JSON, checked on both sides.

Place: both sides of the queue. The agent sends a :class:`Task`, a worker answers with a
:class:`Report`; both name execution and token. Never: pickle, a key of the chain, or an exception
object; errors travel in wire form and only those of executions are believed.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.node.farm.parcel import Parcel
from neurovoyance.node.runtime.base import Profile, ResourceUsage, TensorMeta
from neurovoyance.node.runtime.config import Engine
from neurovoyance.protocol.errors import (
    ExecutionError,
    NetworkError,
    NeurovoyanceError,
    SpecError,
    StorageError,
    from_wire,
)

TASK_NAME: Final = "neurovoyance.execute"
EXPECT_NAME: Final = "neurovoyance.expect"
_BELIEVED: Final = (ExecutionError, SpecError, StorageError, NetworkError)
ExecutionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]


class Task(BaseModel):
    """An order on its way to a worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    execution_id: ExecutionId
    token: Annotated[int, Field(ge=0)]
    model: Parcel
    input: Parcel | None
    output_path: str
    output_names: tuple[str, ...] | None
    profile: Profile
    engine: Engine
    wall_time_s: Annotated[int, Field(ge=1, le=10_000_000)]
    is_shared: bool = True


class Tensor(BaseModel):
    """One output tensor, as a runtime reported it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dtype: str
    shape: tuple[Annotated[int, Field(ge=0)], ...]


class Usage(BaseModel):
    """What an execution used; it informs and decides nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_ms: Annotated[int, Field(ge=0)]
    cpu_ms: Annotated[int, Field(ge=0)]
    peak_memory_bytes: Annotated[int, Field(ge=0)]
    model_load_ms: Annotated[int, Field(ge=0)]


class Report(BaseModel):
    """How an execution ended on a worker: with an output, or with an error in wire form.

    One that was handed back has neither: the worker's machine is needed by its owner.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    execution_id: ExecutionId
    token: Annotated[int, Field(ge=0)]
    worker: Annotated[str, Field(max_length=200)]
    error: dict[str, Any] | None = None
    output: Parcel | None = None
    tensors: tuple[Tensor, ...] = ()
    usage: Usage | None = None
    engine: Annotated[str, Field(max_length=100)] = ""
    is_handed_back: bool = False

    def to_json(self) -> str:
        """Return the report as it is sent; agents of before know no field that is left out."""
        return self.model_dump_json(exclude_defaults=True)

    def raised(self) -> NeurovoyanceError | None:
        """Return the error that the worker reported, or None."""
        if self.error is None:
            return None
        error = from_wire({**self.error, "message": str(self.error.get("message"))[:2_000]})
        if isinstance(error, _BELIEVED):
            return error
        return ExecutionError(f"A worker failed: {error.message}", reported_code=error.code)

    def metas(self) -> tuple[TensorMeta, ...]:
        """Return the tensors as runtimes name them."""
        return tuple(TensorMeta(t.name, t.dtype, t.shape) for t in self.tensors)

    def used(self) -> ResourceUsage:
        """Return the usage as runtimes name it."""
        found = self.usage or Usage(wall_ms=0, cpu_ms=0, peak_memory_bytes=0, model_load_ms=0)
        return ResourceUsage(**found.model_dump())
