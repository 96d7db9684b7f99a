"""Offers that providers signed and published: checked, listed, forgotten when they are over.

Place: under the offer routes. The contract checks all of it again when an offer is taken; the
service refuses what the contract would.

Never: an offer whose signature is not the operator's of its provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from neurovoyance.chain.deployment import Deployment
from neurovoyance.marketplace.api.reading import as_json
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import MarketNotFound
from neurovoyance.marketplace.indexer.schema import PROVIDER
from neurovoyance.marketplace.service_tables import OFFER
from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.ids import Address, hex_of, keccak256
from neurovoyance.protocol.offer_exchange import SignatureBytes
from neurovoyance.protocol.signing import OFFER_MAX_S, Offer, offer_message, recover_signer


class SignedOffer(BaseModel):
    """An offer with its provider's signature, as nodes answer it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offer: Offer
    signature: Annotated[SignatureBytes, "65 bytes"]


class OfferBoard:
    """The published offers.

    Args:
        database: where they are.
        deployment: the market they are for.
        chain_time_s: the chain's time, unix seconds.
    """

    def __init__(
        self, database: Database, deployment: Deployment, chain_time_s: Callable[[], int]
    ) -> None:
        self._database = database
        self._deployment = deployment
        self._chain_time_s = chain_time_s

    def publish(self, signed: SignedOffer) -> dict[str, Any]:
        """Check and list an offer; publishing one again changes nothing.

        Raises:
            SpecError: it is over, or lasts longer than the market allows.
            SignatureError: the provider's operator did not sign it.
            MarketNotFound: nobody registered as this provider.
        """
        offer = signed.offer
        left_s = offer.valid_until_s - self._chain_time_s()
        if not 0 <= left_s <= OFFER_MAX_S:
            raise SpecError(
                f"offer.valid_until_s is {left_s} s ahead of the chain, not 0 to {OFFER_MAX_S}.",
                hint="Sign an offer that lasts a few minutes.",
            )
        message = offer_message(
            offer, chain_id=self._deployment.chain_id, market=self._deployment.market
        )
        hint = "Sign it with the provider's operator key, for this chain and market."
        signer = recover_signer(message, signed.signature, what="offer's signature", hint=hint)
        if signer != self._operator(offer.provider):
            raise SignatureError("The offer was not signed by the provider's operator.", hint=hint)
        row = _row(signed, keccak256(b"\x19" + message.version + message.header + message.body))
        try:
            with self._database.writer.begin() as connection:
                connection.execute(insert(OFFER), row)
        except IntegrityError:
            pass  # this very offer is listed already
        return as_json(OFFER, row)

    def _operator(self, provider: Address) -> str:
        wanted = select(PROVIDER.c.operator).where(PROVIDER.c.provider == provider)
        with self._database.reader.connect() as connection:
            operator = connection.scalar(wanted)
        if not operator:
            raise MarketNotFound(f"Nobody registered as provider {provider}.")
        return str(operator)

    def listed(self, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        """Return offers that can still be taken, cheapest first."""
        wanted = select(OFFER).where(OFFER.c.valid_until_s >= self._chain_time_s())
        for name, value in filters.items():
            if value is not None:
                wanted = wanted.where(OFFER.c[name] == value)
        wanted = wanted.order_by(OFFER.c.price_wei, OFFER.c.number).limit(limit)
        with self._database.reader.connect() as connection:
            rows = [dict(row) for row in connection.execute(wanted).mappings()]
        for row in rows:
            del row["number"]
        return [as_json(OFFER, row) for row in rows]


def _row(signed: SignedOffer, offer_hash: bytes) -> dict[str, Any]:
    offer = signed.offer
    return {
        "offer_id": hex_of(offer_hash),
        "provider": offer.provider,
        "client": offer.client,
        "spec_hash": hex_of(offer.spec_hash),
        "price_wei": offer.price_wei,
        "lock_wei": offer.lock_wei,
        "valid_until_s": offer.valid_until_s,
        "nonce": str(offer.nonce),
        "signature": hex_of(signed.signature),
    }
