"""Keep what a certificate speaks of in storage, so that anybody can measure it again.

Place: between a report and the manifest. The directory of inputs holds every candidate and one
small file with the seed that drew from them. Nothing is offered to peers here; registering does
that. Never: a reference to a file of inputs that its owner may change tomorrow (they are copied).
"""

from __future__ import annotations

import json
import re
import shutil
from asyncio import to_thread
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.calibration.certifying import Published, manifest_of
from neurovoyance.node.calibration.inputs import SUFFIX, Drawn, draw_from
from neurovoyance.node.calibration.report import Report
from neurovoyance.node.calibration.runs import Renderings
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest, Rendering

DRAW_NAME: Final = "draw.json"
_DRAW_BYTES: Final = 1_024


async def file_model(
    storage: EmbeddedBackend,
    report: Report,
    model: Renderings,
    drawn: Drawn,
    *,
    name: str,
    pool: bytes,
) -> ModelManifest:
    """Store model and inputs and return the manifest with its certificate.

    Args:
        report: that accepts the model.
        drawn: the inputs that it was measured on, in one folder.
        name: of the model, for people.
        pool: auditors of TENSOR jobs, 12 bytes.

    Raises:
        SpecError: the report refuses the model.
        StorageError: the bytes could not be stored.
    """
    if report.survey is None or not report.is_accepted:
        raise SpecError(report.verdict(), hint="A refused model has no certificate.")
    cid = await storage.add(model.onnx)
    size_bytes = (await storage.stat(cid)).size_bytes
    renderings = []
    if model.torch is not None:
        torch_cid = await storage.add(model.torch)
        torch_bytes = (await storage.stat(torch_cid)).size_bytes
        renderings.append(
            Rendering(format="torch", model_cid=str(torch_cid), size_bytes=str(torch_bytes))
        )
    with TemporaryDirectory(prefix="neurovoyance-inputs-") as made:
        folder = Path(made) / "inputs"
        await to_thread(stage_inputs, drawn, folder)
        inputs_cid = await storage.add(folder, copy=True, pin_name=f"inputs:{name}"[:120])
    published = Published(name, str(cid), size_bytes, str(inputs_cid), tuple(renderings))
    return manifest_of(report, report.survey, published, pool)


def stage_inputs(drawn: Drawn, folder: Path) -> None:
    """Copy every candidate into a folder, and write down how they were drawn."""
    folder.mkdir()
    for path in sorted(drawn.paths[0].parent.glob(f"*{SUFFIX}")):
        if path.name not in drawn.left_out:
            shutil.copyfile(path, folder / path.name)
    text = json.dumps({"count": str(len(drawn.paths)), "seed": "0x" + drawn.seed.hex()})
    (folder / DRAW_NAME).write_text(text, encoding="utf-8")


def drawn_again(folder: Path) -> Drawn:
    """Draw from a stored directory of inputs what its certificate was measured on.

    Raises:
        SpecError: the directory does not say how, or not in this form.
    """
    path = folder / DRAW_NAME
    try:
        raw = path.read_bytes() if path.stat().st_size <= _DRAW_BYTES else b""
        found = json.loads(raw)
        seed, count = str(found["seed"]), str(found["count"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_draw() from error
    if not re.fullmatch(r"0x[0-9a-f]{64}", seed) or not re.fullmatch(r"[1-9][0-9]{0,3}", count):
        raise _no_draw()
    return draw_from(folder, bytes.fromhex(seed[2:]), int(count), allow_few=True)


def _no_draw() -> SpecError:
    return SpecError(
        f"The certificate's inputs hold no proper {DRAW_NAME}, so nobody can tell which of them "
        "were measured.",
        hint="Such a certificate cannot be repeated, which is a reason to challenge it.",
    )
