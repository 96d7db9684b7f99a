"""Asks nodes for offers on a private job, so that as few as possible can read its input.

Place: stage 3, beside :mod:`.nodes`. Whoever is asked for an offer has to look at the input, so the
key goes to one node at a time, the best ranked by its listed price and our record first, and
asking ends with the first offer. A node's X25519 key counts only with the signature of its
provider's operator.
Never: a key sealed to a key that nobody with a stake signed for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from neurovoyance.client.nodes import Asker, Node, NodeAnswer, Quote
from neurovoyance.ipfs.sealing import seal_key
from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.columns import rank
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.protocol.ids import ZERO_ADDRESS, parse_address
from neurovoyance.protocol.offer_exchange import OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.privacy import NodeKey, offer_context, recover_node_key_signer

STATUS_MAX_BYTES = 65_536
ASKED_MAX = 5
"""Nodes that are given the key of one input before asking ends without an offer."""


@dataclass(frozen=True, slots=True)
class _Able:
    """A node that can be given a key: whom it works for, its key, its listed price in wei."""

    node: Node
    public_key: bytes
    price_wei: int


async def ask_in_private(
    asker: Asker,
    nodes: Sequence[Node],
    request: OfferRequest,
    key: bytes,
    *,
    now_s: int,
    avoid: Collection[str] = (),
    preset: Preset = Preset.CHEAPEST,
    records: Mapping[str, Record] | None = None,
) -> Quote:
    """Return the first offer, and why the nodes before it made none.

    Args:
        asker: speaks to nodes and checks what they answer.
        nodes: whom to ask.
        request: the job; its ``sealed_key`` is set here for each node.
        key: of the input, 32 bytes.
        now_s: chain time, unix seconds.
        avoid: providers that are not asked.
        preset: what decides whom the input is shown to first.
        records: of jobs that providers had from us.
    """
    found = await asyncio.gather(*(_able(asker, node, request) for node in nodes))
    able = [one for one in found if isinstance(one, _Able) and one.node.provider not in avoid]
    answers = [one for one in found if isinstance(one, NodeAnswer)]
    spec_hash = request.spec.spec_hash()
    candidates = [
        Candidate(
            one.node.provider,
            base_price_wei=one.price_wei,
            record=(records or {}).get(one.node.provider, Record()),
        )
        for one in able
    ]
    ranking = rank(candidates, Wanted.of(request.spec, request.max_price_wei), preset)
    for one in [able[position] for position in ranking.order][:ASKED_MAX]:
        context = offer_context(spec_hash, request.client, one.node.provider)
        sealed = seal_key(key, one.public_key, context)
        asked = request.model_copy(update={"sealed_key": sealed})
        [answer] = (await asker.ask([one.node], asked, now_s=now_s)).answers
        answers.append(answer)
        if answer.offer is not None:
            break
    answers.sort(key=lambda answer: answer.offer is None)
    return Quote(tuple(answers), request.spec)


async def _able(asker: Asker, node: Node, request: OfferRequest) -> _Able | NodeAnswer:
    """Return what is needed to ask a node, or why it is not asked; it sees nothing of the job."""
    try:
        status = json.loads(await asker.get(node.endpoint, "/v1/status", STATUS_MAX_BYTES))
        provider = parse_address(status["provider"])
        prices = status["prices"]
        price_wei = int(prices["base_price_wei"])
        price_wei += int(prices["price_per_second_wei"]) * request.spec.max_runtime_s
        if status.get("input_key") is None:
            return _refused(node, RefusalCause.INPUT, "The node takes no private inputs.")
        key = NodeKey.model_validate_json(json.dumps(status["input_key"]))
        if node.provider not in (ZERO_ADDRESS, provider):
            return _refused(node, RefusalCause.SPEC, "The node answers for another provider.")
        signer = recover_node_key_signer(
            key, provider=provider, chain_id=asker.market.chain_id, market=asker.market.address
        )
        if signer != await asker.contracts.stakes.operator_of(provider):
            return _refused(
                node, RefusalCause.SPEC, "The node's key is not signed by its operator."
            )
    except NeurovoyanceError as error:
        return _refused(node, RefusalCause.UNREACHABLE, error.message)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        said = str(error) or type(error).__name__
        return _refused(node, RefusalCause.UNREACHABLE, f"The node did not answer: {said}.")
    except (ValidationError, ValueError, KeyError, TypeError):
        return _refused(node, RefusalCause.SPEC, "The node's status is not a valid one.")
    if price_wei > request.max_price_wei:
        return _refused(node, RefusalCause.PRICE, "The listed price is above the maximum.")
    return _Able(Node(provider, node.endpoint), key.public_key, price_wei)


def _refused(node: Node, cause: RefusalCause, message: str) -> NodeAnswer:
    return NodeAnswer(node, refusal=Refusal(cause=cause, message=message[:1_000]))
