"""The model manifest: what a model id stands for.

Place: stages 1 and 4. ``modelId`` is keccak256 of the manifest's canonical JSON (RFC 8785, numbers
as strings), and the same digest addresses the manifest as a raw block in content-addressed storage,
so anybody who reads a job can resolve its model without asking anyone. The registration
certificate adds fields to this form.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ModelId, keccak256
from neurovoyance.protocol.job_spec import JobClass

MANIFEST_MAX_BYTES = 262_144

_Decimal = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,18})$")]
_Name = Annotated[str, Field(min_length=1, max_length=512)]


class TensorSpec(BaseModel):
    """One input or output: name, dtype and shape; a symbolic dimension is its name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: _Name
    dtype: Annotated[str, Field(pattern=r"^(float32|float16|bfloat16|int32|int64|uint8|bool)$")]
    shape: Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=16)]


class ModelManifest(BaseModel):
    """Which bytes are the model, and what goes in and comes out.

    Attributes:
        version: of this form.
        format: engine-neutral file format of the model.
        model_cid: text CID of the model file or directory.
        size_bytes: total size of the model's content, decimal string.
        job_class: name of the class in which the model may be used.
        opset: of the default ONNX domain, decimal string.
        inputs: graph inputs in order.
        tensors: the graph outputs that a commitment covers, in graph order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Literal["1"] = "1"
    format: Literal["onnx"] = "onnx"
    name: Annotated[str, Field(max_length=128)] = ""
    model_cid: Annotated[str, Field(min_length=8, max_length=256)]
    size_bytes: _Decimal
    job_class: Literal["EXACT", "TENSOR"] = "EXACT"
    opset: _Decimal
    inputs: Annotated[list[TensorSpec], Field(min_length=1, max_length=256)]
    tensors: Annotated[list[TensorSpec], Field(min_length=1, max_length=256)]

    def canonical_bytes(self) -> bytes:
        """Return the RFC 8785 JSON of the manifest."""
        return rfc8785.dumps(self.model_dump(mode="json"))

    def model_id(self) -> ModelId:
        """Return keccak256 of the canonical JSON, 32 bytes."""
        return ModelId(keccak256(self.canonical_bytes()))

    def allows(self, job_class: JobClass) -> bool:
        """Return whether the model may be used in a job class."""
        return self.job_class == job_class.name


def parse_manifest(raw: bytes, model_id: bytes) -> ModelManifest:
    """Return the manifest in bytes from an untrusted source.

    Raises:
        SpecError: too long, not the bytes of ``model_id``, not canonical, or not a valid manifest.
    """
    if len(raw) > MANIFEST_MAX_BYTES:
        raise SpecError(
            f"The model manifest is {len(raw):,} bytes long; {MANIFEST_MAX_BYTES:,} is the most.",
            size_bytes=len(raw),
        )
    if keccak256(raw) != model_id:
        raise SpecError("The model manifest is not the one that the model id names.")
    try:
        manifest = ModelManifest.model_validate(json.loads(raw))
    except (ValueError, RecursionError, ValidationError) as error:
        raise SpecError(
            "The model manifest is not valid, so the job cannot be priced.",
            hint="The model has to be published again with `neurovoyance model add`.",
        ) from error
    if manifest.canonical_bytes() != raw:
        raise SpecError("The model manifest is not in canonical form (RFC 8785).")
    return manifest
