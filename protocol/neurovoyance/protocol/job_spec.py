"""What is to be computed: the immutable description that prices, ids and hashes bind.

Place: stage 1 of the data flow. Mirrors ``JobSpec`` of ``contracts/types/Job.sol``; the vectors in
``tests/vectors/job_spec.json`` hold both sides together. Never: a default that changes money.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from neurovoyance.protocol.abi_words import bytes32_words, uint_word
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hex_of, keccak256
from neurovoyance.protocol.units import UINT96_MAX

SPEC_MAX_BYTES = 16_384
CID_MIN_BYTES = 4
CID_MAX_BYTES = 128
MAX_RUNTIME_MAX_S = 14_400
WINDOW_MIN_S = 600
WINDOW_MAX_S = 86_400
AUDIT_SLOTS_MAX = 8

SPEC_TYPE = (
    "JobSpec(bytes32 modelId,bytes inputCid,uint8 jobClass,uint32 batch,bytes32 seed,"
    "uint96 declaredGain,uint32 maxRuntime,uint32 window,bytes32 clientKey,uint8 auditSlots)"
)
_TYPE_HASH = keccak256(SPEC_TYPE.encode())


class JobClass(IntEnum):
    """How the output of a job is checked; see ``docs/spec/job.md``."""

    EXACT = 0
    TENSOR = 1
    GENERATION = 2
    TRAINING = 3


def bytes_from_hex(value: object) -> object:
    """Accept bytes as they are or as ``0x`` and hex digits (a pydantic before-validator)."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise ValueError("must be 0x followed by an even number of hexadecimal digits")


def _int_from_decimal(value: object) -> object:
    """Accept wei as a decimal string, since JSON numbers lose digits above 2**53."""
    if isinstance(value, str):
        if value.isascii() and value.isdecimal() and len(value) <= 40:
            return int(value)
        raise ValueError("must be a decimal string of wei")
    return value


def _class_from_name(value: object) -> object:
    if isinstance(value, str) and value in JobClass.__members__:
        return JobClass[value]
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and value in JobClass._value2member_map_
    ):
        return JobClass(value)
    raise ValueError("must be one of " + ", ".join(JobClass.__members__))


HEX = PlainSerializer(hex_of, return_type=str, when_used="json")
Bytes32 = Annotated[
    bytes, BeforeValidator(bytes_from_hex), Field(min_length=32, max_length=32), HEX
]
CidBytes = Annotated[
    bytes,
    BeforeValidator(bytes_from_hex),
    Field(min_length=CID_MIN_BYTES, max_length=CID_MAX_BYTES),
    HEX,
]
WeiField = Annotated[
    int,
    BeforeValidator(_int_from_decimal),
    Field(ge=0, le=UINT96_MAX),
    PlainSerializer(str, return_type=str, when_used="json"),
]
ClassField = Annotated[
    JobClass,
    BeforeValidator(_class_from_name),
    PlainSerializer(lambda value: value.name, return_type=str, when_used="json"),
]


class JobSpec(BaseModel):
    """One job's description.

    Attributes:
        model_id: keccak256 of the model manifest's bytes, 32 bytes; also its storage address.
        input_cid: binary CID of the input tensors (a safetensors file).
        job_class: how the output is checked.
        batch: inputs computed in one run, >= 1.
        seed: randomness of the job, 32 bytes (GENERATION).
        declared_gain_wei: what a provider could gain outside by cheating, as the client sees it.
        max_runtime_s: seconds one execution may take, 1 to 14,400.
        window_s: seconds of the challenge window, 600 to 86,400.
        client_key: X25519 public key of the client, 32 bytes.
        audit_slots: independent audits if one is drawn, 1 to 8.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model_id: Bytes32
    input_cid: CidBytes
    job_class: ClassField = JobClass.EXACT
    batch: Annotated[int, Field(ge=1, le=2**32 - 1)] = 1
    seed: Bytes32 = bytes(32)
    declared_gain_wei: WeiField = 0
    max_runtime_s: Annotated[int, Field(ge=1, le=MAX_RUNTIME_MAX_S)] = 60
    window_s: Annotated[int, Field(ge=WINDOW_MIN_S, le=WINDOW_MAX_S)] = 1_800
    client_key: Bytes32 = bytes(32)
    audit_slots: Annotated[int, Field(ge=1, le=AUDIT_SLOTS_MAX)] = 1

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (
            self.model_id,
            self.input_cid,
            int(self.job_class),
            self.batch,
            self.seed,
            self.declared_gain_wei,
            self.max_runtime_s,
            self.window_s,
            self.client_key,
            self.audit_slots,
        )

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> JobSpec:
        """Rebuild a spec from the values of the Solidity struct.

        Raises:
            SpecError: a value is out of the range that this software accepts.
        """
        names = list(cls.model_fields)
        return parse_spec(dict(zip(names, values, strict=True)))

    def spec_hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes; mirrors ``JobMarket.specHashOf``."""
        return keccak256(
            bytes32_words(_TYPE_HASH, self.model_id, keccak256(self.input_cid))
            + uint_word(self.job_class, 8)
            + uint_word(self.batch, 32)
            + bytes32_words(self.seed)
            + uint_word(self.declared_gain_wei, 96)
            + uint_word(self.max_runtime_s, 32)
            + uint_word(self.window_s, 32)
            + bytes32_words(self.client_key)
            + uint_word(self.audit_slots, 8)
        )

    def canonical_bytes(self) -> bytes:
        """Return the canonical JSON of the spec: sorted keys, no blanks, wei as strings."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":")
        ).encode()


def parse_spec(data: object) -> JobSpec:
    """Return the spec in a mapping, every fault in one sentence each.

    Raises:
        SpecError: unknown fields, wrong types, values out of range; ``faults`` lists all.
    """
    try:
        return JobSpec.model_validate(data)
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors(include_url=False, include_input=False)]
        raise SpecError(
            "The job spec is not valid: " + "; ".join(faults) + ".",
            hint="Nothing was sent and no money moved. Mend the fields named and try again.",
            faults=faults,
        ) from error


def parse_spec_json(text: bytes | str) -> JobSpec:
    """Return the spec in JSON text from an untrusted source.

    Raises:
        SpecError: longer than 16 KiB, not JSON, or not a valid spec.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > SPEC_MAX_BYTES:
        raise SpecError(
            f"The job spec is {len(raw):,} bytes long; {SPEC_MAX_BYTES:,} is the most.",
            hint="Inputs travel by CID, not inside the spec.",
            size_bytes=len(raw),
        )
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SpecError(
            "The job spec is not JSON.", hint="Nothing was sent. Check the file's syntax."
        ) from error
    return parse_spec(data)


def _fault(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "spec"
    return f"{where}: {str(item['msg']).removeprefix('Value error, ')}"
