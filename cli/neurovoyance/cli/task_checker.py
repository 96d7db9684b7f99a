"""Repeats tasks on this machine, in the sandbox that nodes use, before they are paid.

Place: handed to ``client.tasks`` by ``job batch``; the client's package runs no models. Never: a
model outside the sandbox.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from neurovoyance.node.runtime.base import Profile, RunRequest
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.resources import limits_for, measure
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.tasks import OUTPUT_MAX_BYTES
from neurovoyance.verification.canonical import decode_tensors

if TYPE_CHECKING:
    from neurovoyance.client.models import PublishedModel
    from neurovoyance.ipfs.embedded import EmbeddedBackend

LONGEST_S = 600
"""How long one repetition may take here; a slow machine is no reason to refuse to pay."""


class LocalChecker:
    """Repeats tasks; an asynchronous context manager that starts nothing until it is asked.

    Args:
        storage: holds the models.
        folder: where files are made for a while.
    """

    def __init__(self, storage: EmbeddedBackend, folder: Path) -> None:
        self._storage, self._parent = storage, folder
        self._stack = AsyncExitStack()
        self._runtime: OnnxRuntime | None = None
        self._folder = folder
        self._number = 0

    async def __aenter__(self) -> LocalChecker:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def repeat(
        self, model: PublishedModel, _specs: Sequence[JobSpec], inputs: Sequence[bytes]
    ) -> list[list[Any]]:
        """Return the committed tensors of each task, computed here in the reference profile.

        Raises:
            VerificationError: this machine cannot run the model.
        """
        runtime = await self._opened()
        path = self._folder / f"{model.cid}.onnx"
        if (await self._storage.stat(model.cid)).kind.name == "DIRECTORY":
            path = self._folder / str(model.cid)
        if not path.exists():
            await self._storage.fetch(model.cid, path)
        try:
            return [await self._one(runtime, model, path, data) for data in inputs]
        # Whatever keeps this machine from repeating the sample (sandbox, engine, memory, disk) says
        # nothing about the provider: every cause is the same answer, which pays and accuses nobody.
        except Exception as error:
            raise VerificationError(
                f"The sample could not be repeated on this machine: {error} Nothing was signed.",
                hint="Name another payee with --check-at, or leave --check out.",
            ) from error

    async def _one(
        self, runtime: OnnxRuntime, model: PublishedModel, path: Path, data: bytes
    ) -> list[Any]:
        self._number += 1
        given = self._folder / f"{self._number}.safetensors"
        output = self._folder / f"{self._number}.nvyt"
        await asyncio.to_thread(given.write_bytes, data)
        limits = limits_for(
            measure(self._folder),
            max_runtime_s=LONGEST_S,
            memory_bytes=None,
            output_bytes=OUTPUT_MAX_BYTES,
            threads=1,
        )
        request = RunRequest(
            path,
            given,
            output,
            tuple(tensor.name for tensor in model.manifest.committed()),
            Profile.C1,
        )
        await runtime.run(request, limits)
        return decode_tensors(await asyncio.to_thread(output.read_bytes))

    async def _opened(self) -> OnnxRuntime:
        if self._runtime is None:
            made = tempfile.TemporaryDirectory(prefix="check-", dir=self._parent)
            self._folder = Path(self._stack.enter_context(made))
            warm = WarmPolicy(folder=self._folder)
            self._runtime = await self._stack.enter_async_context(OnnxRuntime(warm=warm))
        return self._runtime
