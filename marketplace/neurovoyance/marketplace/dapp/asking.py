"""Asks providers' nodes for binding offers on behalf of pages, which may reach this origin alone.

Place: behind ``asking_routes``. Questions, checks and ranking are the client's and ``matching``'s;
the records of providers are the index's. A page checks every signature again before it signs.
Never: an offer whose signer the chain does not name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from neurovoyance.chain.contracts import Contracts
from neurovoyance.client.nodes import Asker, MarketId, Node, NodeAnswer, Quote
from neurovoyance.client.ranking import candidate_of_answer, ordered, rank_quote
from neurovoyance.client.standing import Heard, hear
from neurovoyance.marketplace.matching import RecordsReader
from neurovoyance.matching.explain import Row, rows, summary
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.offer_exchange import OfferRequest

ASKED_MAX = 32
"""Nodes asked for one job: each offer is a promise of its node, held for minutes."""
ANSWER_S = 6.0

NodesReader = Callable[[], Sequence[Node]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What nodes answered to one job.

    Attributes:
        summary: one line that counts causes.
        offers: best first, with the reasons of the place.
        refusals: of nodes that made no offer, or one that was left out.
    """

    summary: str
    offers: tuple[tuple[Row, NodeAnswer], ...]
    refusals: tuple[NodeAnswer, ...]


class AskingDesk:
    """Asks the nodes of registered providers.

    Args:
        contracts: to look up who signs for a provider.
        nodes: lists providers' nodes, most useful first; it may block.
        records: reads what the index counts of every provider; it may block.
        allow_private: whether nodes at private addresses may be asked.
    """

    def __init__(
        self,
        contracts: Contracts,
        nodes: NodesReader,
        records: RecordsReader = dict,
        *,
        allow_private: bool,
    ) -> None:
        deployment = contracts.deployment
        self._asker = Asker(
            contracts,
            MarketId(deployment.chain_id, deployment.market),
            allow_private=allow_private,
            timeout_s=ANSWER_S,
        )
        self._nodes = nodes
        self._records = records

    async def ask(self, request: OfferRequest, preset: Preset, now_s: int) -> Asked:
        """Return every node's answer to a job, offers ranked; silent nodes count as refusals."""
        nodes = (await asyncio.to_thread(self._nodes))[:ASKED_MAX]
        heard, quote = await asyncio.gather(
            hear(self._asker, nodes, (), now_s), self._asker.ask(nodes, request, now_s=now_s)
        )
        quote = ordered(await self._with_facts(quote, heard), request.spec, preset)
        ranking = rank_quote(quote, request.spec, preset, max_price_wei=request.max_price_wei)
        by_provider = {str(one.offer.provider): one for one in quote.offers if one.offer}
        placed = [row for row in rows(ranking, ASKED_MAX) if row.cause is None]
        return Asked(
            summary=summary(ranking) if quote.offers else quote.summary,
            offers=tuple((row, by_provider[row.provider]) for row in placed),
            refusals=tuple(one for one in quote.answers if one.refusal),
        )

    async def _with_facts(self, quote: Quote, heard: Heard) -> Quote:
        records = await asyncio.to_thread(self._records)
        found = {
            str(answer.offer.provider): candidate_of_answer(
                answer,
                heard=heard,
                standing=heard.standings.get(answer.offer.provider),
                record=records.get(answer.offer.provider),
            )
            for answer in quote.offers
            if answer.offer
        }
        return replace(quote, candidates=found)
