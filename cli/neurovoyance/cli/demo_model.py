"""The demo's model with its certificate, published by the client and registered on the chain.

Place: under :mod:`.demo_run`. The certificate beside this file was written by ``neurovoyance model
calibrate`` for the model inside the package ``magika``; another version of that package holds
another model, which is then measured here, on the files of the Python library. Never: a certificate
for bytes that it was not measured on.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors.numpy import save_file

from neurovoyance.cli.local_node import AUDIT_POOL
from neurovoyance.client.certificates import register
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.filetypes import FileTypeModel, input_of
from neurovoyance.client.models import PublishedModel, keep_manifest
from neurovoyance.node.calibration.engine import Plan, calibrate
from neurovoyance.node.calibration.filing import file_model
from neurovoyance.node.calibration.inputs import draw_from
from neurovoyance.node.calibration.runs import Renderings
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import UnsupportedModel
from neurovoyance.protocol.ids import keccak256
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest

CERTIFICATE = "magika.certificate.json"
CANDIDATES = 200
MEASURED = 100


def shipped_manifest() -> ModelManifest:
    """Return the manifest with the certificate that comes with this package."""
    raw = files(__package__).joinpath(CERTIFICATE).read_bytes()
    return ModelManifest.model_validate_json(raw)


async def registered_model(client: AsyncClient, model: FileTypeModel) -> PublishedModel:
    """Publish the installed model with a certificate, and register it with a bond.

    Raises:
        UnsupportedModel: the installed model is another one and cannot be certified.
        InsufficientFunds: the client does not hold the bond.
        ContractRevert: the registry refused.
    """
    storage = client.session.storage
    cid = await storage.add(model.path)
    await storage.provide(cid)
    manifest = shipped_manifest()
    if manifest.model_cid != str(cid):
        manifest = await _measured(client, model)
    published = await keep_manifest(storage, manifest)
    await register(client.session, manifest)
    return published


async def _measured(client: AsyncClient, model: FileTypeModel) -> ModelManifest:
    with TemporaryDirectory(prefix="neurovoyance-inputs-") as made:
        folder = Path(made)
        for number, path in zip(range(CANDIDATES), _library_files(model), strict=False):
            save_file(input_of([model.read(path)]), folder / f"{number:03}.safetensors")
        drawn = draw_from(folder, keccak256(b"neurovoyance demo"), MEASURED)
        renderings = Renderings(model.path, None)
        plan = Plan(renderings, drawn, classes=frozenset({JobClass.TENSOR}))
        report = await calibrate(plan)
        if not report.is_accepted:
            raise UnsupportedModel(
                "The model of the installed package magika cannot be certified. "
                + report.verdict(),
                hint="Install the version that the demo was made for: pip install 'magika==1.1.0'",
            )
        return await file_model(
            client.session.storage,
            report,
            renderings,
            drawn,
            name="magika",
            pool=pool_of(AUDIT_POOL),
        )


def _library_files(model: FileTypeModel) -> Iterator[Path]:
    """Yield files of the Python library that the model has something to say about."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if path.stat().st_size > model.block_size and model.read(path).row is not None:
            yield path
