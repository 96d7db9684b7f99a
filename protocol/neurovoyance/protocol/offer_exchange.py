"""What a client asks a provider's node for a price, and what it may answer.

Place: stage 3. ``POST /v1/offers`` of a node takes an :class:`OfferRequest` and answers an
:class:`OfferReply`: a signed offer or a refusal with its cause. A refusal is a value, not an error;
clients count the causes ("0 of 3 nodes: 2 price, 1 memory").
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, model_validator

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import HEX, JobSpec, WeiField, bytes_from_hex
from neurovoyance.protocol.privacy import SealedKey
from neurovoyance.protocol.signing import AddressField, Offer

REQUEST_MAX_BYTES = 65_536
SOURCES_MAX = 8

SignatureBytes = Annotated[
    bytes, BeforeValidator(bytes_from_hex), Field(min_length=1, max_length=4_096), HEX
]


class RefusalCause(StrEnum):
    """Why a node does not take a job; the words that people read in a refusal."""

    PRICE = "price"
    MEMORY = "memory"
    DISK = "disk"
    TIME = "time"
    MODEL = "model"
    INPUT = "input"
    CLASS = "job class"
    RUNTIME = "runtime"
    STAKE = "stake"
    BUSY = "busy"
    CLIENT = "client"
    CHAIN = "chain"
    SPEC = "spec"
    UNREACHABLE = "unreachable"


class Refusal(BaseModel):
    """One node's reason, as a word to count and a sentence to read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cause: Annotated[RefusalCause, Field(strict=False)]
    message: Annotated[str, Field(max_length=1_000)]


class OfferRequest(BaseModel):
    """A request for a price; it costs nothing and binds nobody.

    Attributes:
        spec: the job.
        client: who will take the offer.
        max_price_wei: refuse with cause ``price`` rather than offer above this.
        sources: base URLs of gateways where model and input can be fetched now.
        sealed_key: key of a private input, sealed to the node that is asked; see ``privacy``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    spec: JobSpec
    client: AddressField = ZERO_ADDRESS
    max_price_wei: WeiField
    sources: Annotated[list[Annotated[str, Field(max_length=512)]], Field(max_length=SOURCES_MAX)]
    sealed_key: SealedKey | None = None

    @model_validator(mode="after")
    def _sources_are_urls(self) -> Self:
        for source in self.sources:
            HttpUrl(source)
        return self


class OfferReply(BaseModel):
    """Either a signed offer or a refusal, never both."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    offer: Offer | None = None
    signature: SignatureBytes | None = None
    refusal: Refusal | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.offer is None) == (self.refusal is None):
            raise ValueError("must hold an offer or a refusal")
        if (self.offer is None) != (self.signature is None):
            raise ValueError("an offer comes with its signature")
        return self


def summarise(refusals: list[Refusal], asked: int) -> str:
    """Return one line that counts causes, most frequent first.

    >>> summarise([Refusal(cause=RefusalCause.PRICE, message="over the maximum")], 3)
    '2 of 3 nodes: 1 price'
    """
    counts = Counter(refusal.cause.value for refusal in refusals)
    causes = ", ".join(f"{count} {cause}" for cause, count in counts.most_common())
    line = f"{asked - len(refusals)} of {asked} nodes"
    return f"{line}: {causes}" if causes else line
