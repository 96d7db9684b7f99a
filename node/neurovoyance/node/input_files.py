"""Inputs as files: what a header says, and what a canary's seed is expanded to.

Place: under ``intake``; the arrays come from ``verification.canary_input``. The file's name tells
model and batch beside the seed: anybody can post a job that names the same seed for another model.
Never: fetch, pin or offer such an input; whoever needs it makes it again.
"""

from __future__ import annotations

import os
from pathlib import Path

from safetensors.numpy import save_file

from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.tensor_header import Given, read_tensor_header
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.offer_exchange import RefusalCause
from neurovoyance.verification.canary_input import expand, seed_of_cid


def header_of(path: Path) -> Given:
    """Return what an input's header says of its tensors; blocking."""
    try:
        return read_tensor_header(path)
    except (SpecError, OSError) as error:
        message = error.message if isinstance(error, SpecError) else "The input is no file."
        raise IntakeRefused(RefusalCause.INPUT, message) from error


def input_file_name(spec: JobSpec, cid: str) -> str:
    """Return the file name of an input; it begins with the CID's text and a dot."""
    if seed_of_cid(spec.input_cid) is None:
        return f"{cid}.safetensors"
    return f"{cid}.{spec.model_id.hex()[:16]}-{spec.batch}.safetensors"


def write_expanded(spec: JobSpec, manifest: ModelManifest, path: Path, max_bytes: int) -> None:
    """Write the input of a canary, or only touch the file if it is there; blocking.

    Args:
        spec: names the seed.
        path: the file; appears complete or not at all.
        max_bytes: largest input taken here.

    Raises:
        IntakeRefused: the model takes no such batch, or the input would be too large.
    """
    seed = seed_of_cid(spec.input_cid)
    if path.exists() or seed is None:
        os.utime(path)
        return
    try:
        arrays = expand(manifest, seed, spec.batch, max_bytes=max_bytes)
    except SpecError as error:
        raise IntakeRefused(RefusalCause.INPUT, error.message) from error
    partial = path.with_suffix(".partial")
    try:
        save_file(arrays, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
