"""Hands keys to those who have a right to them: drawn auditors and referees, and the client.

Place: between ``api`` and the key book. Rights are read from the chain at the moment of asking:
the owner was drawn for an audit of the job, or sits on a dispute about it, and its operator signed
the request. A right is told apart from nothing: whoever has none gets the same refusal, whether
the job exists or not. Never: a key that is not sealed to its recipient.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.audit import DisputeFacts
from neurovoyance.protocol.errors import AccessDenied, SpecError, StorageDecryptError
from neurovoyance.protocol.ids import ZERO_ADDRESS, JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferRequest
from neurovoyance.protocol.privacy import (
    InputKeyReply,
    InputKeyRequest,
    NodeKey,
    ResultKeyReply,
    drawn_context,
    offer_context,
    recover_key_request_signer,
    result_context,
    sign_node_key,
)

DisputesOf = Callable[[JobId], Sequence[DisputeFacts]]

_NOT_COMMITTED = frozenset({JobState.NONE, JobState.OPEN, JobState.ASSIGNED})


def no_disputes(_job_id: JobId) -> Sequence[DisputeFacts]:
    """Return nothing: a deployment without courts has no disputes."""
    return ()


@dataclass(slots=True)
class KeyDesk:
    """Opens keys that are sealed to this node, and seals them to others.

    Attributes:
        disputes_of: the disputes about a job that this node has heard of.
    """

    chain: ChainSide
    book: KeyBook
    disputes_of: DisputesOf = no_disputes

    def node_key(self) -> NodeKey:
        """Return our public key with the operator's signature."""
        chain = self.chain
        return sign_node_key(
            chain.wallet.account,
            self.book.public_key,
            provider=chain.provider,
            chain_id=chain.chain_id,
            market=chain.market,
        )

    def opened(self, request: OfferRequest) -> bytes | None:
        """Return the input's key in a request for an offer, or None if it has none.

        Raises:
            SpecError: anybody could take the offer, or the key is not for us and this job.
        """
        if request.sealed_key is None:
            return None
        if request.client == ZERO_ADDRESS:
            raise SpecError(
                "A request with a private input has to name its client.",
                hint="Nothing was promised and no key was kept.",
            )
        context = offer_context(request.spec.spec_hash(), request.client, self.chain.provider)
        try:
            return self.book.open(request.sealed_key, context)
        except StorageDecryptError as error:
            raise SpecError(
                "The key of the input is not sealed to this node, this job and this client.",
                hint="Read the node's key from its status again, and ask once more.",
            ) from error

    async def input_key(self, job_id: JobId, request: InputKeyRequest) -> InputKeyReply:
        """Return the key of a job's input to somebody who was drawn for it.

        Raises:
            AccessDenied: not drawn, not signed by the owner's operator, or not a job of ours.
            ChainError: the chain could not be read; asking again is safe.
        """
        entry = self.chain.journal.entry(job_id)
        if entry is None or not entry.execution.view.is_ours:
            raise _denied()
        key = self.book.input_key(entry.job.spec.input_cid, entry.job.client)
        if key is None or not await self._is_signed(job_id, request):
            raise _denied()
        if not await self._is_drawn(job_id, request.owner):
            raise _denied()
        sealed = self.book.seal(key, request.public_key, drawn_context(job_id, request.owner))
        log_event(logging.INFO, "input_key_given", job_id=job_id, owner=request.owner)
        return InputKeyReply(sealed_key=sealed)

    async def _is_signed(self, job_id: JobId, request: InputKeyRequest) -> bool:
        chain = self.chain
        try:
            signer = recover_key_request_signer(
                request, job_id, chain_id=chain.chain_id, market=chain.market
            )
        except SpecError:
            return False
        return signer == await chain.contracts.stakes.operator_of(request.owner)

    async def _is_drawn(self, job_id: JobId, owner: str) -> bool:
        contracts = self.chain.contracts
        if not contracts.has_audits:
            return False
        if await contracts.audits.was_drawn(job_id, owner):
            return True
        for facts in self.disputes_of(job_id):
            record = await contracts.disputes.dispute_of(facts.dispute_id)
            if record.facts_hash != facts.facts_hash():
                continue  # of another branch of the chain
            for level in range(record.level + 1):
                seats = await contracts.disputes.referees_of(facts.dispute_id, level)
                if any(seat.owner == owner for seat in seats):
                    return True
        return False

    async def result_key(self, job_id: JobId) -> ResultKeyReply:
        """Return the key of a committed output, sealed to the key that its spec names.

        Raises:
            AccessDenied: not a committed job of ours, or its client named no key.
            ChainError: the chain could not be read; asking again is safe.
        """
        entry, sealed = self.chain.journal.entry(job_id), self.chain.journal.sealed(job_id)
        if entry is None or sealed is None or not any(entry.job.spec.client_key):
            raise _denied()
        # On chain, not in our memory: before the commitment is there, nothing binds the output.
        record = await self.chain.contracts.market.job(job_id)
        if record.state in _NOT_COMMITTED or record.provider != self.chain.provider:
            raise _denied()
        opening, client_key = sealed.opening, entry.job.spec.client_key
        return ResultKeyReply(
            envelope_cid=opening.envelope_cid,
            sealed_key=self.book.seal(opening.result_key, client_key, result_context(job_id)),
        )


def _denied() -> AccessDenied:
    return AccessDenied(
        "No key is given: only the drawn auditors and referees of a private job have a right to "
        "the key of its input, and only its client to the key of its committed result.",
        hint="Ask the node of the job's provider, signed by the operator of the owner drawn.",
    )
