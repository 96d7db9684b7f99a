"""A provider's standing offer: its price list, what it holds and how busy it is, signed.

Place: before stage 3; off chain alone. Providers publish one at their own address and to whoever
listens; matching ranks them. It binds nobody: only the offer for one job, see :mod:`.signing`, can
be taken. Canonical bytes are hashed into an EIP-712 digest that binds chain and market. A higher
``seq`` replaces every lower one. Recovery alone proves nothing: compare the signer with
``StakeManager.operatorOf(provider)``. Never: a float, or a field that is not signed.

Format: docs/spec/offers.md.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    model_validator,
)

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.eth_accounts import LocalAccount, SignableMessage
from neurovoyance.protocol.ids import Address, keccak256
from neurovoyance.protocol.job_spec import (
    HEX,
    MAX_RUNTIME_MAX_S,
    Bytes32,
    ClassField,
    JobClass,
    WeiField,
    bytes_from_hex,
)
from neurovoyance.protocol.signing import (
    AddressField,
    recover_signer,
    sign_message,
    typed_message,
)

STANDING_MAX_BYTES = 16_384
STANDING_VALID_MAX_S = 3_600
CLOCK_TOLERANCE_S = 60
"""How far ahead of the chain a provider's clock may be."""
HELD_MAX = 96
DEVICES_MAX = 8
UNITS_MAX = 2**30 - 1

_UINT32 = 2**32 - 1
_UINT53 = 2**53 - 1
_DOMAIN_NAME = "Neurovoyance Offers"
_FIELDS = [
    {"name": "provider", "type": "address"},
    {"name": "seq", "type": "uint64"},
    {"name": "issued", "type": "uint64"},
    {"name": "expires", "type": "uint64"},
    {"name": "bodyHash", "type": "bytes32"},
]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _count(most: int, least: int = 0) -> Any:
    return Field(ge=least, le=most)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DevicePrice(_Part):
    """What one kind of device costs.

    Attributes:
        device: what computes, in lower case: ``cpu``, ``cuda`` or a name of hardware.
        per_second_wei: wei for each second of the job's longest runtime.
        per_unit_wei: wei for each unit of work, where a job states units (tokens, images).
    """

    device: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9 ._-]{0,39}$")]
    per_second_wei: WeiField = 0
    per_unit_wei: WeiField = 0


class HeldModel(_Part):
    """A model on the provider's disk.

    Attributes:
        model_id: of its manifest, 32 bytes; also its storage address.
        load_ms: measured time from disk to ready; None before the first run.
    """

    model_id: Bytes32
    load_ms: Annotated[int, _count(_UINT32)] | None = None


class StandingOffer(_Part):
    """What a provider offers to anybody until it says otherwise.

    Attributes:
        provider: owner address.
        endpoint: base URL at which its node answers.
        seq: grows with each offer of the provider.
        issued_s, expires_s: chain time, unix seconds; the last second counts.
        base_price_wei: part of every price; ``price = base + per_second * s + per_unit * units``.
        devices: at least one; each kind once.
        held: models that need no download; each once.
        job_classes: kinds of checking that it takes; each once.
        slots: executions computed at once.
        occupied: executions accepted, running or promised now.
        max_runtime_s: longest job taken.
        memory_bytes: most memory of one execution; 0 if it does not say.
        lock_multiple, min_lock_wei: ``lock = max(lock_multiple * price, min_lock)``.
    """

    provider: AddressField
    endpoint: Annotated[str, Field(min_length=1, max_length=256)]
    seq: Annotated[int, _count(_UINT53, 1)]
    issued_s: Annotated[int, _count(_UINT53)]
    expires_s: Annotated[int, _count(_UINT53)]
    base_price_wei: WeiField
    devices: Annotated[
        tuple[DevicePrice, ...],
        BeforeValidator(_tuple),
        Field(min_length=1, max_length=DEVICES_MAX),
    ]
    held: Annotated[tuple[HeldModel, ...], BeforeValidator(_tuple), Field(max_length=HELD_MAX)] = ()
    job_classes: Annotated[
        tuple[ClassField, ...], BeforeValidator(_tuple), Field(min_length=1, max_length=4)
    ] = (JobClass.EXACT,)
    slots: Annotated[int, _count(10_000, 1)] = 1
    occupied: Annotated[int, _count(_UINT32)] = 0
    max_runtime_s: Annotated[int, _count(MAX_RUNTIME_MAX_S, 1)]
    memory_bytes: Annotated[int, _count(_UINT53)] = 0
    lock_multiple: Annotated[int, _count(10_000, 1)]
    min_lock_wei: WeiField = 0

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        HttpUrl(self.endpoint)
        if not self.endpoint.isascii():
            raise ValueError("endpoint: must be ASCII")
        if not 0 < self.expires_s - self.issued_s <= STANDING_VALID_MAX_S:
            raise ValueError(f"expires_s: must be 1 to {STANDING_VALID_MAX_S} s after issued_s")
        for name, keys in (
            ("devices", [item.device for item in self.devices]),
            ("held", [item.model_id for item in self.held]),
            ("job_classes", list(self.job_classes)),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name}: each may be named once")
        return self

    def canonical_bytes(self) -> bytes:
        """Return the canonical JSON: ASCII, sorted keys, no blanks, wei as decimal strings."""
        body = self.model_dump(mode="json")
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")


Signature65 = Annotated[
    bytes, BeforeValidator(bytes_from_hex), Field(min_length=65, max_length=65), HEX
]


class SignedStandingOffer(_Part):
    """A standing offer with its operator's signature, 65 bytes; what travels."""

    offer: StandingOffer
    signature: Signature65

    def wire_bytes(self) -> bytes:
        """Return what is sent: one JSON object with ``offer`` and ``signature``."""
        return self.model_dump_json().encode()


def standing_offer_message(offer: StandingOffer, *, chain_id: int, market: str) -> SignableMessage:
    """Return the EIP-712 message of a standing offer for one market on one chain."""
    body_hash = keccak256(offer.canonical_bytes())
    values = (offer.provider, offer.seq, offer.issued_s, offer.expires_s, body_hash)
    return typed_message(
        _DOMAIN_NAME, "StandingOffer", _FIELDS, values, chain_id=chain_id, contract=market
    )


def sign_standing_offer(
    offer: StandingOffer, account: LocalAccount, *, chain_id: int, market: str
) -> SignedStandingOffer:
    """Return an offer with the signature of the provider's operator key."""
    message = standing_offer_message(offer, chain_id=chain_id, market=market)
    return SignedStandingOffer(offer=offer, signature=sign_message(message, account))


def recover_standing_signer(signed: SignedStandingOffer, *, chain_id: int, market: str) -> Address:
    """Return the address that signed a standing offer; compare it with the operator's.

    Raises:
        SignatureError: the bytes are not a signature at all.
    """
    return recover_signer(
        standing_offer_message(signed.offer, chain_id=chain_id, market=market),
        signed.signature,
        what="standing offer's signature",
        hint="The offer is dropped; the provider publishes another within minutes.",
    )


def parse_standing_offer(raw: bytes) -> SignedStandingOffer:
    """Return the signed standing offer in bytes from a stranger; its signature is not checked.

    Raises:
        SpecError: longer than 16 KiB, not JSON, or not a valid offer; ``faults`` lists all.
    """
    if len(raw) > STANDING_MAX_BYTES:
        raise SpecError(
            f"The standing offer is longer than {STANDING_MAX_BYTES:,} bytes.",
            hint="Name fewer held models.",
            size_bytes=len(raw),
        )
    try:
        return SignedStandingOffer.model_validate(json.loads(raw))
    except ValidationError as error:
        faults = [
            ".".join(map(str, item["loc"])) + ": " + str(item["msg"]).removeprefix("Value error, ")
            for item in error.errors(include_url=False, include_input=False)
        ][:20]
        raise SpecError(
            "The standing offer is not valid: " + "; ".join(faults)[:900] + ".",
            hint="Mend the fields named and publish it again.",
            faults=faults,
        ) from error
    except (ValueError, RecursionError) as error:
        raise SpecError("The standing offer is not JSON.", hint="Publish it again.") from error
