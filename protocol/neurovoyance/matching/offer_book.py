"""The standing offers that one listener holds: the newest of each provider, none that is not sound.

Place: behind every source of offers. Two steps, so that chain reads cost only for what passed the
cheap checks: :meth:`OfferBook.read` looks at bytes and times, :meth:`OfferBook.admit` at signature
and stake. What is dropped is counted by cause. Pure: times and chain facts are handed in. Never: an
offer of somebody without stake, or an older one in place of a newer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.standing_offers import (
    CLOCK_TOLERANCE_S,
    STANDING_MAX_BYTES,
    STANDING_VALID_MAX_S,
    SignedStandingOffer,
    parse_standing_offer,
    recover_standing_signer,
)

OFFERS_MAX = 20_000
_REMEMBER_S = STANDING_VALID_MAX_S + CLOCK_TOLERANCE_S


class Dropped(StrEnum):
    """Why an offer was not taken in."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    FUTURE = "future"
    OLDER = "older"
    SIGNATURE = "signature"
    UNSTAKED = "unstaked"
    FULL = "full"


DROPPED_WORDS = {
    Dropped.OVERSIZED: f"The offer is longer than {STANDING_MAX_BYTES:,} bytes.",
    Dropped.MALFORMED: "The offer is not well-formed.",
    Dropped.EXPIRED: "The offer is over.",
    Dropped.FUTURE: f"The offer is dated more than {CLOCK_TOLERANCE_S} s ahead of the chain.",
    Dropped.OLDER: "A newer offer of this provider is known.",
    Dropped.SIGNATURE: "The offer is not signed by the provider's operator.",
    Dropped.UNSTAKED: "The provider has not the stake that taking jobs needs.",
    Dropped.FULL: "There is no room for further offers here.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says of a provider: who may sign for it, its own stake, and what is free."""

    operator: Address
    own_stake_wei: int
    free_stake_wei: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A sound offer with the chain's facts when it was taken in."""

    signed: SignedStandingOffer
    standing: Standing


class OfferBook:
    """Offers of one market.

    Args:
        chain_id, market: what signatures have to bind.
        min_stake_wei: own stake below which nobody is listed.
        max_offers: providers listed at once.

    Attributes:
        dropped: offers that were not taken in, by cause, since the start.
        version: grows with every change of what is listed.
    """

    def __init__(
        self, *, chain_id: int, market: str, min_stake_wei: int, max_offers: int = OFFERS_MAX
    ) -> None:
        self._chain_id = chain_id
        self._market = market
        self._min_stake_wei = min_stake_wei
        self._max_offers = max_offers
        self._listed: dict[str, Listed] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._changed: set[str] = set()
        self._ends_s: dict[str, int] = {}
        self._first_end_s = 0
        self.dropped: Counter[Dropped] = Counter()
        self.version = 0

    def __len__(self) -> int:
        return len(self._listed)

    def read(self, raw: bytes, now_s: int) -> SignedStandingOffer | Dropped:
        """Return the offer in bytes from a stranger, or why it is dropped; no signature yet.

        Args:
            raw: as received.
            now_s: chain time, unix seconds.
        """
        if len(raw) > STANDING_MAX_BYTES:
            return self._drop(Dropped.OVERSIZED)
        try:
            signed = parse_standing_offer(raw)
        except SpecError:
            return self._drop(Dropped.MALFORMED)
        cause = self._stale(signed, now_s)
        return signed if cause is None else self._drop(cause)

    def admit(self, signed: SignedStandingOffer, standing: Standing, now_s: int) -> Dropped | None:
        """Take an offer in, or return why not; the same offer again changes nothing.

        Args:
            signed: from :meth:`read`.
            standing: of its provider, read from the chain.
            now_s: chain time, unix seconds.
        """
        offer = signed.offer
        known = self._listed.get(offer.provider)
        if known is not None and known.signed == signed:
            return None
        cause = self._stale(signed, now_s) or self._unsound(signed, standing)
        if cause is None and known is None and len(self._listed) >= self._max_offers:
            self.expire(now_s)
            if len(self._listed) >= self._max_offers:
                cause = Dropped.FULL
        if cause is not None:
            return self._drop(cause)
        self._listed[offer.provider] = Listed(signed, standing)
        self._seen[offer.provider] = (offer.seq, now_s)
        self._ends_s[offer.provider] = offer.expires_s
        self._first_end_s = min(self._first_end_s, offer.expires_s)
        self._changed.add(offer.provider)
        self.version += 1
        return None

    def take_changes(self) -> dict[str, Listed | None]:
        """Return what is listed of everybody who changed since the last call; None if nothing is.

        For one follower, who rebuilds what it makes of the offers without looking at all of them.
        """
        changes = {provider: self._listed.get(provider) for provider in self._changed}
        self._changed.clear()
        return changes

    def expire(self, now_s: int) -> None:
        """Forget offers that are over, and numbers that no valid offer could undercut any more."""
        if now_s <= self._first_end_s:
            return  # before any offer is over there is nothing to look through
        over = [provider for provider, end_s in self._ends_s.items() if end_s < now_s]
        for provider in over:
            del self._listed[provider], self._ends_s[provider]
        self._changed.update(over)
        self._first_end_s = min(self._ends_s.values(), default=now_s)
        self._seen = {
            provider: (seq, seen_s)
            for provider, (seq, seen_s) in self._seen.items()
            if provider in self._listed or seen_s + _REMEMBER_S >= now_s
        }
        self.version += bool(over)

    def live(self, now_s: int) -> list[Listed]:
        """Return the offers that are valid now, in the order of their providers' addresses."""
        self.expire(now_s)
        return [self._listed[provider] for provider in sorted(self._listed)]

    def _stale(self, signed: SignedStandingOffer, now_s: int) -> Dropped | None:
        offer = signed.offer
        if offer.expires_s < now_s:
            return Dropped.EXPIRED
        if offer.issued_s > now_s + CLOCK_TOLERANCE_S:
            return Dropped.FUTURE
        seq, _ = self._seen.get(offer.provider, (0, 0))
        known = self._listed.get(offer.provider)
        is_same = known is not None and known.signed == signed
        return Dropped.OLDER if offer.seq <= seq and not is_same else None

    def _unsound(self, signed: SignedStandingOffer, standing: Standing) -> Dropped | None:
        try:
            signer = recover_standing_signer(signed, chain_id=self._chain_id, market=self._market)
        except SignatureError:
            return Dropped.SIGNATURE
        if signer != standing.operator:
            return Dropped.SIGNATURE
        return Dropped.UNSTAKED if standing.own_stake_wei < self._min_stake_wei else None

    def _drop(self, cause: Dropped) -> Dropped:
        self.dropped[cause] += 1
        return cause
