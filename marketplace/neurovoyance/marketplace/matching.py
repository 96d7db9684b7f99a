"""The service's use of ``matching``: standing offers taken in, published offers ranked.

Place: behind the offer routes; the ranking itself is the pure package that clients use too, so
nobody needs this service to get the same answer. Chain facts are read when an offer is taken in,
records of providers come from the index.
Never: an order that money or a sponsor can change; there is no such input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from neurovoyance.chain.contracts import Contracts
from neurovoyance.marketplace.api.answering import Answer
from neurovoyance.marketplace.api.quoting import QuoteReply, QuoteRequest
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.exchange import OfferDropped
from neurovoyance.matching.explain import rows, summary, why
from neurovoyance.matching.live_columns import LiveColumns
from neurovoyance.matching.offer_book import DROPPED_WORDS, Dropped, Listed, OfferBook, Standing
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.matching.ranking import Ranking, rank_plainly
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.standing_offers import SignedStandingOffer
from neurovoyance.tokenomics.params import default_of

StandingReader = Callable[[str], Awaitable[Standing]]
RecordsReader = Callable[[], Mapping[str, Record]]
READS_AT_ONCE = 8
TABLE_MAX = 100
_NEVER = object()
_T = TypeVar("_T")


class StandingMarket:
    """The standing offers that this service heard; an ``OfferSink`` and an ``OfferSource``.

    The book is looked at in the event loop, which costs little; what it lists is made into columns,
    rankings and documents by one thread, in the order of the questions, so that nobody else waits.

    Args:
        book: holds them.
        read_standing: reads a provider's operator and stake from the chain.
        chain_time_s: the chain's time, unix seconds.
        read_records: reads what the index counts of every provider; it may block.
        position: tells where the index is; equal values mean equal records.
    """

    def __init__(
        self,
        book: OfferBook,
        read_standing: StandingReader,
        chain_time_s: Callable[[], int],
        read_records: RecordsReader = dict,
        position: Callable[[], object] = lambda: None,
    ) -> None:
        self.book = book
        self._read_standing = read_standing
        self._chain_time_s = chain_time_s
        self._read_records = read_records
        self._position = position
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._thread = ThreadPoolExecutor(1, "matching")
        self._live = LiveColumns()
        self._records_at: object = _NEVER
        self._wire: dict[str, tuple[SignedStandingOffer, bytes]] = {}
        self._listing: tuple[int, Answer] = (-1, Answer.of(b""))

    @classmethod
    def of(
        cls,
        contracts: Contracts,
        chain_time_s: Callable[[], int],
        read_records: RecordsReader = dict,
        position: Callable[[], object] = lambda: None,
    ) -> StandingMarket:
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
        return cls(book, read_standing, chain_time_s, read_records, position)

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

    async def listing(self) -> Answer:
        """Return the newest offer of each provider as a document, kept until one changes."""
        self.book.expire(self._chain_time_s())
        version = self.book.version
        if self._listing[0] != version:
            made = await self._aside(self._document, self.book.live(self._chain_time_s()))
            self._listing = (version, made)
        return self._listing[1]

    def _document(self, listed: Sequence[Listed]) -> Answer:
        kept, self._wire = self._wire, {}
        for one in listed:
            signed, provider = one.signed, one.signed.offer.provider
            before = kept.get(provider)
            is_same = before is not None and before[0] is signed
            self._wire[provider] = before if before and is_same else (signed, signed.wire_bytes())
        return Answer.of(
            b'{"offers":[' + b",".join(wire for _, wire in self._wire.values()) + b"]}"
        )

    async def rank(self, wanted: Wanted, preset: Preset) -> Ranking:
        """Return the ranking of all standing offers for a job; rows are kept between jobs."""
        return await self._matched(wanted, preset, lambda ranking: ranking)

    async def table(self, wanted: Wanted, preset: Preset) -> dict[str, Any]:
        """Return the ranking as JSON values; see :func:`table`."""
        return await self._matched(wanted, preset, table)

    async def _matched(self, wanted: Wanted, preset: Preset, shown: Callable[[Ranking], _T]) -> _T:
        self.book.expire(self._chain_time_s())
        changes, position = self.book.take_changes(), self._position()

        def match() -> _T:
            columns = self._live.follow(changes)  # before anything that may fail
            if (records := self._records_of(position)) is not None:
                columns = self._live.follow({}, records)
            if wanted.device:
                columns = self._live.of_device(wanted.device)
            return shown(columns.rank(wanted, preset))

        return await self._aside(match)

    def _records_of(self, position: object) -> Mapping[str, Record] | None:
        """Return the records at a position of the index; None if they are those of before."""
        if position == self._records_at:
            return None
        records = self._read_records()
        self._records_at = position
        return records

    async def _aside(self, work: Callable[..., _T], *args: Any) -> _T:
        # Work that was begun is done even if nobody waits any more: it holds changes of the book.
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, work, *args))


def records_in(reading: Reading) -> RecordsReader:
    """Return what reads the records of all providers from an index."""
    return lambda: {name: record_of(counted) for name, counted in reading.providers().items()}


def record_of(counted: Mapping[str, Any]) -> Record:
    """Return what the index counts of a provider as matching knows it; what counts is its rule."""
    names = {"ok": "settled", "failed": "failed", "missed": "missed"}
    found = {name: int(counted.get(f"jobs_{column}", 0)) for name, column in names.items()}
    return Record(**found, slashed=int(counted.get("slashes", 0)))


def rank_published(
    request: QuoteRequest,
    offers: Sequence[dict[str, Any]],
    providers: dict[str, dict[str, Any]],
) -> QuoteReply:
    """Rank offers published for one job; a ``Matcher`` of the API.

    Reliability is what the index counts, see :func:`record_of`. Stake is the chain's to check, when
    an offer is taken.

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
        record=record_of(provider),
    )


def _dropped(cause: Dropped) -> OfferDropped:
    return OfferDropped(DROPPED_WORDS[cause], hint="Publish a newer one.", cause=cause.value)
