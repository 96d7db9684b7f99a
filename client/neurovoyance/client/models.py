"""Publishing a model: its bytes in storage, and the manifest whose hash is the model id.

Place: stage 1, once a model. A published model stays on offer from this client's storage until it
is removed, so providers can fetch it whenever this client serves; every provider that ran it keeps
a copy. Never: loading the model, or copying large weights (storage refers to the file).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.client.onnx_header import read_onnx_header
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.errors import SpecError, StorageNotFound, UnsupportedModel
from neurovoyance.protocol.ids import ModelId, hex_of, keccak256
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import MANIFEST_MAX_BYTES, ModelManifest, parse_manifest

MODEL_FILE = "model.onnx"
_PIN_PREFIX = "model:"
_MODEL_ID = re.compile("0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model that jobs can name.

    Attributes:
        model_id: 32 bytes; what a job spec holds.
        manifest: what it stands for.
    """

    model_id: ModelId
    manifest: ModelManifest

    @property
    def cid(self) -> Cid:
        """CID of the model's bytes."""
        return Cid.from_text(self.manifest.model_cid)

    @property
    def size_bytes(self) -> int:
        """Size of the model's bytes."""
        return int(self.manifest.size_bytes)


async def publish_model(
    storage: EmbeddedBackend,
    path: Path,
    *,
    name: str = "",
    job_class: JobClass = JobClass.EXACT,
    copy: bool = False,
) -> PublishedModel:
    """Store an ONNX model and its manifest and offer both to peers; repeating changes nothing.

    Args:
        storage: where it is kept.
        path: one ``.onnx`` file, or a directory with ``model.onnx`` and its weight files.
        name: for people; the file's name when omitted.
        job_class: how outputs are to be checked, EXACT or TENSOR.
        copy: store a copy of the bytes instead of a reference to the file.

    Raises:
        UnsupportedModel: unreadable, or of a kind that a job cannot carry.
        SpecError: the job class is not one that a model can have.
        StorageError: the bytes could not be stored.
    """
    if job_class not in (JobClass.EXACT, JobClass.TENSOR):
        raise SpecError(
            f"A model cannot be published for job class {job_class.name} yet.",
            hint="Use EXACT or TENSOR; nothing was published.",
        )
    graph_path = _graph_file(path)
    header = read_onnx_header(graph_path)
    _check_external(path, header.external_files)
    cid = await storage.add(path, copy=copy)
    await storage.provide(cid)
    stat = await storage.stat(cid)
    manifest = ModelManifest(
        name=(name or path.stem)[:128],
        model_cid=str(cid),
        size_bytes=str(stat.size_bytes),
        job_class="EXACT" if job_class is JobClass.EXACT else "TENSOR",
        opset=str(header.opset),
        inputs=list(header.inputs),
        tensors=list(header.outputs),
    )
    return await keep_manifest(storage, manifest)


async def keep_manifest(storage: EmbeddedBackend, manifest: ModelManifest) -> PublishedModel:
    """Store a manifest as the raw block that its model id names, and offer it to peers."""
    raw, model_id = manifest.canonical_bytes(), manifest.model_id()
    if len(raw) > MANIFEST_MAX_BYTES:
        raise UnsupportedModel(
            f"The model's manifest would be {len(raw):,} bytes long; "
            f"{MANIFEST_MAX_BYTES:,} is the most. Nothing was published.",
            hint="The graph declares too many inputs or outputs; export it with fewer.",
        )
    block = cid_of_keccak(model_id)
    await storage.put_block(block, raw)
    await storage.pin(block, _PIN_PREFIX + manifest.name)
    await storage.provide(block)
    return PublishedModel(model_id, manifest)


async def publish_certified(storage: EmbeddedBackend, manifest: ModelManifest) -> PublishedModel:
    """Offer a certified model to peers: its bytes, its inputs and its document; repeatable.

    Raises:
        SpecError: the manifest carries no certificate.
        StorageNotFound: model or inputs are not in this storage.
    """
    if manifest.certificate is None:
        raise SpecError(
            "The model carries no certificate, so it cannot be registered.",
            hint="Measure it with `neurovoyance model calibrate`; nothing was sent.",
        )
    texts = [manifest.model_cid, *(one.model_cid for one in manifest.renderings)]
    for text in (*texts, manifest.certificate.inputs_cid):
        cid = Cid.from_text(text)
        if not await storage.has(cid):
            raise StorageNotFound(
                f"{text} is not in this storage, so nobody could check the certificate.",
                hint="Give the --home that `neurovoyance model calibrate` was given, or calibrate "
                "again here. Nothing was sent.",
                cid=text,
            )
        await storage.provide(cid)
    return await keep_manifest(storage, manifest)


async def find_model(
    storage: EmbeddedBackend, name: str | bytes, *, sources: Sequence[str] = ()
) -> PublishedModel:
    """Return a published model by id (bytes or ``0x`` hex), model CID or name.

    Args:
        storage: where it is looked for.
        name: what it is called.
        sources: base URLs that are asked for a model whose id nobody published here; it is kept
            and offered as if it had been, so that a job of it can be listed as well.

    Raises:
        StorageNotFound: this client knows no such model.
        SpecError: the name fits several models.
    """
    text = hex_of(name) if isinstance(name, bytes) else name
    found = [
        model
        for model in await list_models(storage)
        if text in (hex_of(model.model_id), model.manifest.model_cid, model.manifest.name)
    ]
    if not found and sources and _MODEL_ID.fullmatch(text):
        return await _taken_over(storage, bytes.fromhex(text[2:]), sources)
    if not found:
        raise StorageNotFound(
            f"No model {text[:80]!r} is published here; nothing was sent.",
            hint="Publish it with `neurovoyance model add FILE`, or list them with `model show`.",
        )
    if len({model.model_id for model in found}) > 1:
        raise SpecError(
            f"{len(found)} models are called {text[:80]!r}; nothing was sent.",
            hint="Name one by its model id: " + ", ".join(hex_of(m.model_id)[:18] for m in found),
        )
    return found[0]


async def _taken_over(
    storage: EmbeddedBackend, model_id: bytes, sources: Sequence[str]
) -> PublishedModel:
    """Fetch description and bytes of a model, and offer them as one's own."""
    block = cid_of_keccak(model_id)
    try:
        await storage.ensure(block, sources=sources, max_bytes=MANIFEST_MAX_BYTES)
        manifest = parse_manifest(await storage.get_block(block), model_id)
        cid = Cid.from_text(manifest.model_cid)
        await storage.ensure(cid, sources=sources, max_bytes=int(manifest.size_bytes))
    except StorageNotFound as error:
        raise StorageNotFound(
            f"Model {hex_of(model_id)[:18]} is not published here, and no market service that "
            "this network names has it; nothing was sent.",
            hint="Publish it with `neurovoyance model add FILE`.",
        ) from error
    await storage.provide(cid)
    return await keep_manifest(storage, manifest)


async def list_models(storage: EmbeddedBackend) -> list[PublishedModel]:
    """Return the models that this client published, by name."""
    models = []
    for pin in await storage.pins():
        if pin.name.startswith(_PIN_PREFIX):
            raw = await storage.get_block(pin.cid)
            models.append(
                PublishedModel(ModelId(pin.cid.digest), parse_manifest(raw, pin.cid.digest))
            )
    return sorted(models, key=lambda model: (model.manifest.name, model.model_id))


def read_certificate(path: Path) -> ModelManifest:
    """Return the manifest in a file that ``model calibrate`` wrote.

    Raises:
        SpecError: there is no such file, or it is not a manifest in canonical form.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= MANIFEST_MAX_BYTES else b""
    except OSError as error:
        raise SpecError(
            f"There is no certificate at {path}; nothing was sent.",
            hint="Write one with `neurovoyance model calibrate FILE --inputs DIR`.",
        ) from error
    try:
        return parse_manifest(raw, keccak256(raw))
    except SpecError as error:
        raise SpecError(
            f"{path.name} is not a certificate as it was written; nothing was sent.",
            hint="Do not edit it: its bytes are the model id. Calibrate again for another one.",
        ) from error


def _graph_file(path: Path) -> Path:
    graph = path / MODEL_FILE if path.is_dir() else path
    if not graph.is_file():
        raise UnsupportedModel(
            f"There is no model at {graph}; nothing was published.",
            hint=f"Give an .onnx file, or a directory that holds {MODEL_FILE} and its weights.",
        )
    return graph


def _check_external(path: Path, files: tuple[str, ...]) -> None:
    if files and not path.is_dir():
        raise UnsupportedModel(
            f"The model keeps weights in other files ({', '.join(files[:3])}), "
            "but one file was given; nothing was published.",
            hint=f"Give the directory that holds {MODEL_FILE} and these files.",
        )
    for name in files:
        inside = Path(name)
        if inside.is_absolute() or ".." in inside.parts or not (path / inside).is_file():
            raise UnsupportedModel(
                f"The model's weight file {name[:120]!r} is not in its directory; "
                "nothing was published.",
                hint="Put every weight file beside the model and export with relative names.",
            )
