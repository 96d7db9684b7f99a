"""Is this job one that we can run, and do we hold all it needs? Asked before money is at stake.

Place: stages 3 and 4; before an offer is signed, before a listing is accepted, and again before a
run, when everything is found on disk already. Order: cheap before dear, small before large:
manifest, sizes against the limits, input (its header against the manifest), model, the model in
the sandbox. A private input arrives encrypted; it is opened with a key that came for this client,
and only the ciphertext is offered to peers. A canary's input is expanded, not fetched. Model and
input are pinned, and offered to peers: whoever takes a job declares that it holds the input. Never:
load a model in this process, or believe a size that was not counted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.peers import check_url
from neurovoyance.ipfs.private_input import (
    HEAD_BYTES,
    decrypt_input_file,
    is_encrypted,
    require_fit,
)
from neurovoyance.ipfs.unixfs import Kind
from neurovoyance.node.fitting import (
    InputKeyMissing,
    IntakeRefused,
    check_class,
    check_declared,
    check_given,
    refusal_of,
)
from neurovoyance.node.input_files import header_of, input_file_name, write_expanded
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.runtime.base import Limits, ModelFiles, ModelInfo, Runtime
from neurovoyance.node.runtime.confined import warm_bytes
from neurovoyance.node.runtime.input_check import check_inputs
from neurovoyance.node.runtime.resources import ENGINE_BYTES, limits_for, measure
from neurovoyance.node.runtime.warm import note_use
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    ResourceExceeded,
    SpecError,
    StorageDecryptError,
    StorageNotFound,
    StorageTooLarge,
    Unreachable,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import MANIFEST_MAX_BYTES, ModelManifest, parse_manifest
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.verification.canary_input import seed_of_cid

KEEP_S = 2 * 86_400
"""How long files, and pins of jobs that were taken, outlive their last use: longer than a job."""
CHECK_KEEP_S = 900
"""How long pins of jobs that were only looked at last: an offer is valid for five minutes. Nobody
pays for a look, so nobody may fill the disk with it."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What one job may take of this machine.

    Attributes:
        memory_bytes: for the execution; None takes what is free.
        model_bytes, input_bytes, output_bytes: largest files.
        threads: of one execution.
        fetch_timeout_s: longest wait for each of manifest, input and model.
    """

    memory_bytes: int | None
    model_bytes: int
    input_bytes: int
    output_bytes: int
    threads: int
    fetch_timeout_s: float


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job that can run now: its manifest, and its files on this disk."""

    manifest: ModelManifest
    model: ModelFiles
    input_path: Path


class Intake:
    """Checks jobs and holds their files.

    Args:
        storage: where content comes from.
        runtime: probes models in its sandbox.
        limits: what a job may take.
        folder: for the files of models and inputs; made with mode 0700.
        allow_private_addresses: whether sources may lie in private networks.
        keys: of private inputs; without them every encrypted input is refused.
    """

    def __init__(
        self,
        storage: EmbeddedBackend,
        runtime: Runtime,
        limits: IntakeLimits,
        folder: Path,
        *,
        allow_private_addresses: bool,
        keys: KeyBook | None = None,
    ) -> None:
        self._storage = storage
        self._runtime = runtime
        self._limits = limits
        self._keys = keys
        self._models = folder / "models"
        self._inputs = folder / "inputs"
        for directory in (folder, self._models, self._inputs):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._allow_private = allow_private_addresses
        self._probed: dict[str, ModelInfo] = {}
        self._kept_until_s: dict[str, int] = {}
        self._busy: dict[str, asyncio.Lock] = {}

    async def hold(
        self,
        spec: JobSpec,
        sources: Sequence[str] = (),
        keep_s: int = CHECK_KEEP_S,
        *,
        client: str = ZERO_ADDRESS,
        key: bytes | None = None,
    ) -> HeldJob | Refusal:
        """Check a job and hold its model and input; quick when they are held already.

        Args:
            spec: the job.
            sources: gateways named by the client.
            keep_s: how long the content is safe from being thrown out; ``KEEP_S`` once taken.
            client: whose job it is; the key of a private input is kept for its client alone.
            key: of a private input, 32 bytes, when it is not in the book already.

        Returns:
            The held job, or a refusal that another attempt would repeat.

        Raises:
            StorageError, Unreachable: content could not be had now; another attempt may help.
            InputKeyMissing: the input is encrypted, and held; its key is not.
            ExecutionError: the model could not be looked at for a reason of this machine.
        """
        try:
            usable = self._usable(sources)
            manifest = await self._manifest(spec, usable, keep_s)
            self._check_sizes(spec, manifest)
            input_path = await self._input(spec, manifest, usable, keep_s, client, key)
            given = await asyncio.to_thread(header_of, input_path)
            check_given(spec, manifest, given)
            model = await self._hold_model(manifest, usable, keep_s)
            info = await self._probe(manifest, model)
            check_declared(manifest, info)
            check_inputs(info.inputs, given)
        except IntakeRefused as error:
            return error.refusal
        except NeurovoyanceError as error:
            refusal = None if error.retryable else refusal_of(error)
            if refusal is None:
                raise
            return refusal
        return HeldJob(manifest, model, input_path)

    async def _input(
        self,
        spec: JobSpec,
        manifest: ModelManifest,
        sources: Sequence[str],
        keep_s: int,
        client: str,
        key: bytes | None,
    ) -> Path:
        """Hold the input: fetched, opened with a key, or expanded from a canary's seed."""
        cid, most = _cid(spec.input_cid, "input"), self._limits.input_bytes
        path = self._inputs / input_file_name(spec, str(cid))
        if seed_of_cid(spec.input_cid) is not None:
            async with self._busy.setdefault(path.name, asyncio.Lock()):
                await asyncio.to_thread(write_expanded, spec, manifest, path, most)
            return path
        await self._hold_input(cid, sources, keep_s)
        head = await self._head(cid)
        if is_encrypted(head):
            await self._open_input(spec, cid, path, head, client, key)
        else:
            await self._write(cid, path, most)
        return path

    @property
    def output_bytes(self) -> int:
        """Largest output that is made or fetched here."""
        return self._limits.output_bytes

    def run_limits(self, wall_time_s: int, *, spare_bytes: int = 0) -> Limits:
        """Return the limits of an execution on this machine as it is now.

        Args:
            wall_time_s: longest run.
            spare_bytes: memory that could be freed for it.

        Raises:
            ResourceExceeded: memory or disk do not suffice at this moment.
        """
        now = measure(self._inputs)
        available_bytes = now.memory_available_bytes + spare_bytes
        return limits_for(
            replace(now, memory_available_bytes=available_bytes),
            max_runtime_s=wall_time_s,
            memory_bytes=self._limits.memory_bytes,
            output_bytes=self._limits.output_bytes,
            threads=self._limits.threads,
        )

    async def release(self, spec: JobSpec) -> None:
        """Let the input of an ended job go; the model stays cached until room is needed."""
        cid = _cid(spec.input_cid, "input")
        (self._inputs / input_file_name(spec, str(cid))).unlink(missing_ok=True)
        if seed_of_cid(spec.input_cid) is not None:
            return
        self._kept_until_s.pop(str(cid), None)
        try:
            await self._storage.unprovide(cid)
            await self._storage.unpin(cid)
        except StorageNotFound:
            # Released before, or never held: the check had failed early.
            return

    def _usable(self, sources: Sequence[str]) -> list[str]:
        """Drop sources that the address policy refuses; a client's wish opens no private door."""
        usable = []
        for source in sources:
            try:
                usable.append(check_url(source, self._allow_private))
            except NeurovoyanceError:
                continue
        return usable

    async def _manifest(self, spec: JobSpec, sources: Sequence[str], keep_s: int) -> ModelManifest:
        cid = cid_of_keccak(spec.model_id)
        await self._ensure(cid, sources, MANIFEST_MAX_BYTES)
        manifest = parse_manifest(await self._storage.get_block(cid), spec.model_id)
        check_class(spec, manifest)
        await self._keep(cid, "manifest", keep_s)
        return manifest

    def _check_sizes(self, spec: JobSpec, manifest: ModelManifest) -> None:
        size_bytes = int(manifest.size_bytes)
        if size_bytes > self._limits.model_bytes:
            raise IntakeRefused(
                RefusalCause.DISK,
                f"The model has {size_bytes:,} bytes; this node takes at most "
                f"{self._limits.model_bytes:,}.",
            )
        try:
            # Models kept warm make way for a job that needs their memory.
            limits = self.run_limits(spec.max_runtime_s, spare_bytes=warm_bytes(self._runtime))
        except ResourceExceeded as error:
            is_memory = error.context.get("limit") == "memory_bytes"
            cause = RefusalCause.MEMORY if is_memory else RefusalCause.DISK
            raise IntakeRefused(cause, error.message) from error
        if size_bytes + ENGINE_BYTES > limits.memory_bytes:
            raise IntakeRefused(
                RefusalCause.MEMORY,
                f"The model has {size_bytes:,} bytes; an execution may use "
                f"{limits.memory_bytes:,} bytes of memory here.",
            )

    async def _hold_input(self, cid: Cid, sources: Sequence[str], keep_s: int) -> None:
        try:
            await self._ensure(cid, sources, self._limits.input_bytes)
        except StorageTooLarge as error:
            raise IntakeRefused(
                RefusalCause.INPUT,
                f"The input is larger than the {self._limits.input_bytes:,} bytes taken here.",
            ) from error
        await self._keep(cid, "input", keep_s)

    async def _head(self, cid: Cid) -> bytes:
        """Return the first bytes of a file; nothing of a directory."""
        if (await self._storage.stat(cid)).kind is Kind.DIRECTORY:
            return b""
        return b"".join([piece async for piece in self._storage.open(cid, 0, HEAD_BYTES)])

    async def _open_input(
        self, spec: JobSpec, cid: Cid, path: Path, head: bytes, client: str, key: bytes | None
    ) -> None:
        """Put the plaintext of a private input under its name, if its client gave us the key."""
        if self._keys is None:
            raise IntakeRefused(RefusalCause.INPUT, "This node takes no encrypted inputs.")
        known = self._keys.input_key(spec.input_cid, client)
        key = key or known
        if key is None:
            raise InputKeyMissing(head)
        sealed = path.with_suffix(".sealed")
        try:
            require_fit(head, key)
            async with self._busy.setdefault(path.name, asyncio.Lock()):
                if await asyncio.to_thread(path.exists):
                    await asyncio.to_thread(os.utime, path)
                else:
                    await self._storage.fetch(cid, sealed, max_bytes=self._limits.input_bytes)
                    await asyncio.to_thread(decrypt_input_file, sealed, path, key)
        except StorageDecryptError as error:
            raise IntakeRefused(
                RefusalCause.INPUT, f"The private input cannot be opened: {error.message}"
            ) from error
        finally:
            await asyncio.to_thread(sealed.unlink, missing_ok=True)
        if key != known:
            self._keys.add(spec.input_cid, client, key)

    async def _hold_model(
        self, manifest: ModelManifest, sources: Sequence[str], keep_s: int
    ) -> ModelFiles:
        cid = _cid(manifest.model_cid, "model")
        size_bytes = int(manifest.size_bytes)
        await self._ensure(cid, sources, size_bytes)
        stat = await self._storage.stat(cid)
        path = self._models / (str(cid) if stat.kind is Kind.DIRECTORY else f"{cid}.onnx")
        await self._keep(cid, "model", keep_s)
        await self._write(cid, path, size_bytes)
        return ModelFiles(path)

    async def _probe(self, manifest: ModelManifest, model: ModelFiles) -> ModelInfo:
        known = self._probed.get(manifest.model_cid)
        if known is None:
            known = self._probed[manifest.model_cid] = await self._runtime.probe(model)
        return known

    async def _ensure(self, cid: Cid, sources: Sequence[str], max_bytes: int) -> None:
        try:
            async with asyncio.timeout(self._limits.fetch_timeout_s):
                await self._storage.ensure(cid, sources=sources, max_bytes=max_bytes)
        except TimeoutError as error:
            raise Unreachable(
                f"{cid} did not arrive within {self._limits.fetch_timeout_s:g} s; what came is "
                "kept, and another attempt goes on from there.",
                cid=str(cid),
            ) from error

    async def _keep(self, cid: Cid, name: str, keep_s: int) -> None:
        """Pin and offer content; a shorter wish never shortens a longer one."""
        until_s = max(int(time.time()) + keep_s, self._kept_until_s.get(str(cid), 0))
        self._kept_until_s[str(cid)] = until_s
        await self._storage.pin(cid, name=name, expiry=until_s)
        await self._storage.provide(cid)

    async def _write(self, cid: Cid, path: Path, max_bytes: int) -> None:
        """Put held content under its own name, once, also when two jobs share it."""
        async with self._busy.setdefault(path.name, asyncio.Lock()):
            if await asyncio.to_thread(path.exists):
                await asyncio.to_thread(note_use, path)
            else:
                await self._storage.fetch(cid, path, max_bytes=max_bytes)

    def input_name(self, input_cid: bytes) -> str:
        """Return the name under which an input lies on disk, as :meth:`purge` takes it."""
        return str(_cid(input_cid, "input"))

    def purge(self, inputs_in_use: frozenset[str]) -> int:
        """Remove files that no job has used for two days; return how many.

        Args:
            inputs_in_use: names of inputs that live jobs need, see :meth:`input_name`.
        """
        oldest_s = time.time() - KEEP_S
        removed = 0
        for path in (*self._models.iterdir(), *self._inputs.iterdir()):
            is_used = (
                path.name.partition(".")[0] in inputs_in_use or path.stat().st_atime >= oldest_s
            )
            if not is_used and path.is_dir():
                shutil.rmtree(path)
            elif not is_used:
                path.unlink()
            removed += not is_used
        return removed


def _cid(value: bytes | str, what: str) -> Cid:
    try:
        return Cid.from_text(value) if isinstance(value, str) else Cid.from_bytes(value)
    except SpecError as error:
        raise IntakeRefused(
            RefusalCause.SPEC, f"The {what} is named by a CID that is not accepted: {error.message}"
        ) from error
