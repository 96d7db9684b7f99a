"""What the quote route asks of a matcher: rank published offers for a job, or say why none fits.

Place: the seam between the service and the pure ranking of ``matching``; a test gives its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import JobSpec, WeiField
from neurovoyance.protocol.signing import AddressField


class QuoteRequest(BaseModel):
    """A job that wants offers.

    Attributes:
        spec: the job.
        client: who would take the offer.
        max_price_wei: most that it may cost.
        preset: name of a ranking, such as ``cheapest``; the matcher knows which there are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: JobSpec
    client: AddressField = ZERO_ADDRESS
    max_price_wei: WeiField
    preset: Annotated[str, Field(pattern="^[a-z-]{1,32}$")] = "cheapest"


class QuoteReply(BaseModel):
    """Offers, best first, and why others were left out.

    Attributes:
        ranked: published offers with ``offer_id`` and whatever the ranking adds.
        refused: a sentence by ``offer_id``.
    """

    ranked: list[dict[str, Any]]
    refused: dict[str, str]


class Matcher(Protocol):
    """Ranks offers; pure."""

    def __call__(
        self,
        request: QuoteRequest,
        offers: Sequence[dict[str, Any]],
        providers: dict[str, dict[str, Any]],
    ) -> QuoteReply:
        """Return the ranking of offers for a job, given what is known of their providers."""
