"""How standing offers travel: one interface to publish them, one to hear them.

Place: between providers and whoever ranks. A market service, a node's own address and, later, the
peer network are all a sink or a source, so that nobody depends on one of them. Never: trust in a
carrier; what it carries is signed and checked again by whoever uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from neurovoyance.protocol.errors import RequestError
from neurovoyance.protocol.standing_offers import SignedStandingOffer


class OfferDropped(RequestError):
    """A standing offer was not taken in; ``cause`` in the context says which check failed."""

    code = "request.offer_dropped"
    http_status = 422


class OfferSink(Protocol):
    """Somewhere to publish."""

    async def publish(self, signed: SignedStandingOffer) -> None:
        """Hand on an offer; handing on the same one again changes nothing.

        Raises:
            OfferDropped: it is not wanted there, for the cause given.
            NetworkError: it did not arrive; try again later.
        """
        ...


class OfferSource(Protocol):
    """Somewhere to hear what is on offer."""

    async def offers(self) -> Sequence[SignedStandingOffer]:
        """Return the newest offer of each provider that this source knows, in any order.

        Raises:
            NetworkError: the source does not answer; others may.
        """
        ...
