"""Turn what a calibration found into the manifest that is registered.

Place: pure, after ``engine``. The terms stand at the start of the manifest and in its certificate;
both are written here from the same numbers. Never: a certificate that the report does not carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.node.calibration.report import Report, Tried
from neurovoyance.node.calibration.survey import Survey
from neurovoyance.protocol.certificate import (
    NO_POOL,
    Certificate,
    Terms,
    VerifyTensor,
    tau_sq_of,
    verify_rows_hash,
)
from neurovoyance.protocol.errors import SpecError, UnsupportedModel
from neurovoyance.protocol.manifest import MANIFEST_MAX_BYTES, ModelManifest, Rendering
from neurovoyance.verification.optable import OP_TABLE_VERSION

_DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


@dataclass(frozen=True, slots=True)
class Published:
    """Content identifiers of what the certificate speaks of.

    Attributes:
        model_cid: of the ONNX file or directory; ``size_bytes`` its size.
        inputs_cid: of the directory of candidate inputs, with the seed that drew from them.
        renderings: the model for other engines.
    """

    name: str
    model_cid: str
    size_bytes: int
    inputs_cid: str
    renderings: tuple[Rendering, ...] = ()


def manifest_of(report: Report, survey: Survey, published: Published, pool: bytes) -> ModelManifest:
    """Return the manifest of a model that was accepted.

    Args:
        report: of the calibration.
        survey: of the same model.
        pool: auditors of TENSOR jobs, 12 bytes.

    Raises:
        SpecError: the report refuses the model.
        UnsupportedModel: the manifest would be too long.
    """
    chosen = report.accepted or report.exact
    if chosen is None:
        raise SpecError(report.verdict(), hint="A refused model has no certificate.")
    tau = report.accepted.result.tau if report.accepted and report.accepted.result else "0e0"
    terms = Terms(
        tau_sq=tau_sq_of(tau),
        tensor_pool=pool if report.accepted is not None else NO_POOL,
        exact_pool=report.exact_pool or NO_POOL,
        rows=survey.row_count,
        verify_rows_hash=verify_rows_hash(chosen.option.rows),
    )
    manifest = ModelManifest(
        terms=terms.encode(),
        name=published.name[:128],
        model_cid=published.model_cid,
        size_bytes=str(published.size_bytes),
        renderings=list(published.renderings),
        job_class="TENSOR" if report.accepted is not None else "EXACT",
        opset=str(survey.opset),
        inputs=survey.inputs,
        tensors=survey.outputs,
        certificate=_certificate(report, survey, chosen, tau, published.inputs_cid),
    )
    size = len(manifest.canonical_bytes())
    if size > MANIFEST_MAX_BYTES:
        raise UnsupportedModel(
            f"The certificate would be {size:,} bytes long; {MANIFEST_MAX_BYTES:,} is the most.",
            hint="Compare other tensors, named with --verify; nothing was written.",
        )
    return manifest


def _certificate(
    report: Report, survey: Survey, chosen: Tried, tau: str, inputs_cid: str
) -> Certificate:
    result = report.accepted.result if report.accepted is not None else None
    return Certificate(
        verify=_verify(chosen, survey),
        tail=chosen.option.tail,
        tau=tau,
        reference=f"{report.engine}, ort-off-1",
        honest_max=list(result.honest_max) if result else [],
        cheat_min=list(result.cheat_min) if result else [],
        inputs_cid=inputs_cid,
        inputs_count=str(report.inputs),
        op_table=OP_TABLE_VERSION,
    )


def _verify(chosen: Tried, survey: Survey) -> list[VerifyTensor]:
    outputs = {tensor.name: tensor for tensor in survey.outputs}
    is_fixed = all(dim.isdecimal() for tensor in survey.inputs for dim in tensor.shape)
    made = []
    for at, (name, row) in enumerate(zip(chosen.option.names, chosen.option.rows, strict=True)):
        shapes = [shapes[at] for shapes in chosen.shapes]
        exponents = chosen.exponents[at] if chosen.exponents else (0,)
        dtype = chosen.dtypes[at]
        shape = (
            outputs[name].shape
            if name in outputs and len(outputs[name].shape) == len(shapes[0])
            else _shape(name, shapes, is_fixed, len(exponents) > 1)
        )
        made.append(
            VerifyTensor(
                name=name,
                dtype=_DTYPES.get(dtype, dtype),
                shape=shape,
                exponent=[str(one) for one in exponents],
                row=str(row),
            )
        )
    return made


def _shape(
    name: str, shapes: Sequence[tuple[int, ...]], is_fixed: bool, has_channels: bool
) -> list[str]:
    """Return sizes that no input changes, and names for the others.

    A model whose inputs have named dimensions may give other sizes for other inputs, whatever the
    measured ones gave; only channels with exponents of their own are fixed by the certificate.
    """
    first = shapes[0]
    return [
        str(size)
        if (is_fixed and all(shape[axis] == size for shape in shapes))
        or (has_channels and axis == len(first) - 1)
        else f"{name[:100]}.{axis}"
        for axis, size in enumerate(first)
    ]
