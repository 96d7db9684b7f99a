"""The model manifest: what a model id stands for.

Place: stages 1 and 4. ``modelId`` is keccak256 of the manifest's canonical JSON (RFC 8785, numbers
as strings), and the same digest addresses the manifest as a raw block in content-addressed storage,
so anybody who reads a job can resolve its model without asking anyone. A model that can be audited
carries a certificate, and its terms come first in the bytes.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neurovoyance.protocol.certificate import (
    NO_TERMS,
    Certificate,
    Terms,
    tau_sq_of,
    verify_rows_hash,
)
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


class Rendering(BaseModel):
    """The same model in another format: same weights and computation, for another engine."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["torch"]
    model_cid: Annotated[str, Field(min_length=8, max_length=256)]
    size_bytes: _Decimal


class ModelManifest(BaseModel):
    """Which bytes are the model, and what goes in and comes out.

    Attributes:
        terms: what contracts know of the certificate; all zero without one.
        version: of this form.
        format: engine-neutral file format of the model.
        model_cid: text CID of the model file or directory.
        size_bytes: total size of the model's content, decimal string.
        renderings: the model for other engines.
        job_class: name of the class in which the model may be used; with a certificate the terms
            decide, and this names the usual one.
        opset: of the default ONNX domain, decimal string.
        inputs: graph inputs in order.
        tensors: the graph outputs, in graph order.
        certificate: how outputs are compared; None for a model that cannot be audited.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True
    )

    terms: Annotated[str, Field(alias="$terms", pattern=r"^0x[0-9a-f]{112}$")] = NO_TERMS.encode()
    version: Literal["1"] = "1"
    format: Literal["onnx"] = "onnx"
    name: Annotated[str, Field(max_length=128)] = ""
    model_cid: Annotated[str, Field(min_length=8, max_length=256)]
    size_bytes: _Decimal
    renderings: Annotated[list[Rendering], Field(max_length=4)] = Field(default_factory=list)
    job_class: Literal["EXACT", "TENSOR"] = "EXACT"
    opset: _Decimal
    inputs: Annotated[list[TensorSpec], Field(min_length=1, max_length=256)]
    tensors: Annotated[list[TensorSpec], Field(min_length=1, max_length=256)]
    certificate: Certificate | None = None

    @model_validator(mode="after")
    def _check_terms(self) -> ModelManifest:
        terms, certificate = self.read_terms(), self.certificate
        if certificate is None:
            if terms != NO_TERMS:
                raise ValueError("a manifest without a certificate has no terms")
            return self
        if terms.verify_rows_hash != verify_rows_hash(certificate.verify_rows()):
            raise ValueError("the terms name other verify tensors than the certificate")
        if terms.tau_sq != tau_sq_of(certificate.tau):
            raise ValueError("the terms name another tolerance than the certificate")
        return self

    def read_terms(self) -> Terms:
        """Return the terms of the certificate."""
        return Terms.decode(self.terms)

    def committed(self) -> list[TensorSpec]:
        """Return what a commitment covers, in order: the verify tensors, or else all outputs."""
        if self.certificate is None:
            return self.tensors
        return [
            TensorSpec(name=tensor.name, dtype=tensor.dtype, shape=tensor.shape)
            for tensor in self.certificate.verify
        ]

    def canonical_bytes(self) -> bytes:
        """Return the RFC 8785 JSON of the manifest."""
        return rfc8785.dumps(self.model_dump(mode="json", by_alias=True))

    def model_id(self) -> ModelId:
        """Return keccak256 of the canonical JSON, 32 bytes."""
        return ModelId(keccak256(self.canonical_bytes()))

    def allows(self, job_class: JobClass) -> bool:
        """Return whether the model may be used in a job class."""
        if self.certificate is None:
            return self.job_class == job_class.name
        terms = self.read_terms()
        pools = {JobClass.TENSOR: terms.tensor_pool, JobClass.EXACT: terms.exact_pool}
        return any(pools.get(job_class, b""))


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
