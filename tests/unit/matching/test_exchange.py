"""Carriers are interchangeable: anything with the two methods is a sink and a source."""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.protocol.made_offers import signed

from neurovoyance.matching.exchange import OfferDropped, OfferSink, OfferSource
from neurovoyance.protocol.errors import RequestError, from_wire
from neurovoyance.protocol.standing_offers import SignedStandingOffer


class Memory:
    """The smallest carrier."""

    def __init__(self) -> None:
        self.kept: dict[str, SignedStandingOffer] = {}

    async def publish(self, signed: SignedStandingOffer) -> None:
        self.kept[signed.offer.provider] = signed

    async def offers(self) -> Sequence[SignedStandingOffer]:
        return list(self.kept.values())


async def test_what_is_published_is_heard() -> None:
    memory = Memory()
    sink: OfferSink = memory
    source: OfferSource = memory
    await sink.publish(signed())
    assert await source.offers() == [signed()]


def test_a_dropped_offer_keeps_its_cause_on_the_wire() -> None:
    error = from_wire(OfferDropped("The offer is over.", cause="expired").to_wire())
    assert isinstance(error, OfferDropped)
    assert isinstance(error, RequestError)
    assert error.context["cause"] == "expired"
