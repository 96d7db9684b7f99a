"""The service's use of ``matching``: standing offers taken in, published offers ranked.

Place: behind the offer routes; the ranking itself is the pure package that clients use too, so
nobody needs this service to get the same answer. Chain facts are read when an offer is taken in.
Never: an order that money or a sponsor can change; there is no such input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from neurovoyance.chain.contracts import Contracts
from neurovoyance.marketplace.api.quoting import QuoteReply, QuoteRequest
from neurovoyance.matching.candidates import Candidate, Wanted, candidate_of
from neurovoyance.matching.columns import Columns
from neurovoyance.matching.exchange import OfferDropped
from neurovoyance.matching.explain import rows, summary, why
from neurovoyance.matching.offer_book import DROPPED_WORDS, Dropped, OfferBook, Standing
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.matching.ranking import Ranking, rank_plainly
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.standing_offers import SignedStandingOffer
from neurovoyance.tokenomics.params import default_of

StandingReader = Callable[[str], Awaitable[Standing]]
READS_AT_ONCE = 8
TABLE_MAX = 100


class StandingMarket:
    """The standing offers that this service heard; an ``OfferSink`` and an ``OfferSource``.

    Args:
        book: holds them.
        read_standing: reads a provider's operator and stake from the chain.
        chain_time_s: the chain's time, unix seconds.
    """

    def __init__(
        self, book: OfferBook, read_standing: StandingReader, chain_time_s: Callable[[], int]
    ) -> None:
        self.book = book
        self._read_standing = read_standing
        self._chain_time_s = chain_time_s
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._columns: tuple[int, str, Columns] | None = None

    @classmethod
    def of(cls, contracts: Contracts, chain_time_s: Callable[[], int]) -> StandingMarket:
        """Return the offers of one deployment, none yet."""

        async def read_standing(provider: str) -> Standing:
            stakes = contracts.stakes
            operator, stake = await asyncio.gather(
                stakes.operator_of(provider), stakes.stake_of(provider)
            )
            return Standing(operator, stake.own_wei, stake.own_wei - stake.locked_wei)

        book = OfferBook(
            chain_id=contracts.deployment.chain_id,
            market=contracts.deployment.market,
            min_stake_wei=default_of("minSelfStakeWei"),
        )
        return cls(book, read_standing, chain_time_s)

    async def take(self, raw: bytes) -> SignedStandingOffer:
        """Take in the bytes of a signed offer.

        Raises:
            OfferDropped: it is not sound; ``cause`` in the context says why.
            ChainError: the chain could not be read; publish it again.
        """
        read = self.book.read(raw, self._chain_time_s())
        if isinstance(read, Dropped):
            raise _dropped(read)
        async with self._reads:
            standing = await self._read_standing(read.offer.provider)
        cause = self.book.admit(read, standing, self._chain_time_s())
        if cause is not None:
            raise _dropped(cause)
        return read

    async def publish(self, signed: SignedStandingOffer) -> None:
        """Take in a signed offer; see :meth:`take`."""
        await self.take(signed.wire_bytes())

    async def offers(self) -> Sequence[SignedStandingOffer]:
        """Return the newest offer of each provider."""
        return [listed.signed for listed in self.book.live(self._chain_time_s())]

    def rank(self, wanted: Wanted, preset: Preset) -> Ranking:
        """Return the ranking of all standing offers for a job; columns are kept between jobs."""
        listed = self.book.live(self._chain_time_s())
        kept = self._columns
        if kept is None or kept[:2] != (self.book.version, wanted.device):
            made = [
                candidate_of(
                    item.signed.offer,
                    operator=item.standing.operator,
                    free_stake_wei=item.standing.free_stake_wei,
                    device=wanted.device,
                )
                for item in listed
            ]
            columns = Columns([one for one in made if one is not None])
            kept = self._columns = (self.book.version, wanted.device, columns)
        return kept[2].rank(wanted, preset)


def rank_published(
    request: QuoteRequest,
    offers: Sequence[dict[str, Any]],
    providers: dict[str, dict[str, Any]],
) -> QuoteReply:
    """Rank offers published for one job; a ``Matcher`` of the API.

    Reliability is what the index counts: jobs settled and jobs failed. Stake is the chain's to
    check, when an offer is taken.

    Raises:
        SpecError: there is no such preset.
    """
    preset = preset_of(request.preset)
    open_to = [one for one in offers if one["client"] in (ZERO_ADDRESS, request.client)]
    refused = {one["offer_id"]: "is made to another client" for one in offers if one not in open_to}
    wanted = Wanted.of(request.spec, request.max_price_wei)
    candidates = [_published(one, providers.get(one["provider"], {})) for one in open_to]
    ranking = rank_plainly(candidates, wanted, preset)
    for position in ranking.causes:
        refused[open_to[position]["offer_id"]] = "; ".join(why(ranking, position))
    by_rank = dict(zip(ranking.order, rows(ranking, len(ranking.order)), strict=True))
    ranked = [
        {**open_to[n], "rank": row.rank, "score": row.score, "reasons": list(row.reasons)}
        for n, row in by_rank.items()
    ]
    return QuoteReply(ranked=ranked, refused=refused)


def table(ranking: Ranking) -> dict[str, Any]:
    """Return a ranking of standing offers as JSON values, the first hundred lines."""
    return {
        "preset": ranking.preset.value,
        "summary": summary(ranking),
        "rows": [
            {
                "rank": row.rank,
                "provider": row.provider,
                "endpoint": row.endpoint,
                "price_wei": str(row.price_wei),
                "time_ms": row.time_ms,
                "score": row.score,
                "cause": row.cause.value if row.cause else None,
                "reasons": list(row.reasons),
            }
            for row in rows(ranking, TABLE_MAX)
        ],
    }


def _published(offer: dict[str, Any], provider: dict[str, Any]) -> Candidate:
    return Candidate(
        provider=offer["provider"],
        endpoint=str(provider.get("endpoint", "")),
        operator=str(provider.get("operator", "")),
        base_price_wei=int(offer["price_wei"]),
        min_lock_wei=int(offer["lock_wei"]),
        record=Record(int(provider.get("jobs_settled", 0)), int(provider.get("jobs_failed", 0))),
    )


def _dropped(cause: Dropped) -> OfferDropped:
    return OfferDropped(DROPPED_WORDS[cause], hint="Publish a newer one.", cause=cause.value)
