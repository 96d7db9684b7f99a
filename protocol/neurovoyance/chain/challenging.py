"""Open a challenge: find what the court asks for again, and send it.

Place: used by clients, the command line and nodes alike. The court keeps hashes only, so a
challenger gives spec, salt, opening and audit facts as they stood; all of them are public, the
opening in the data of the transaction that revealed it. It is believed only if it gives the
binding that the job's record holds. Never: a judgement about the output.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.chain import wire
from neurovoyance.chain.contracts import Contracts, JobRecord
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import (
    AuditContested,
    AuditOpened,
    DisputeOpened,
    JobPosted,
    JobRevealed,
)
from neurovoyance.chain.history import history
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.audit import AuditFacts, DisputeFacts, DisputeKind, binding_of
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.result import Opening, commitment_of

_WORD = 32
_SELECTOR = 4


@dataclass(frozen=True, slots=True)
class PublicCase:
    """A revealed job with all that a challenge of it has to give again.

    Attributes:
        salt: of the job id.
        audit_facts: None if the job was not audited.
        events: all of the job, in order.
    """

    job_id: JobId
    spec: JobSpec
    salt: bytes
    opening: Opening
    audit_facts: AuditFacts | None
    record: JobRecord
    events: tuple[ChainEvent, ...]


async def public_case(contracts: Contracts, job_id: JobId) -> PublicCase:
    """Return what is public of a revealed job.

    Raises:
        VerificationError: the job is unknown or not revealed, or its opening cannot be found.
        SpecError: this software does not accept its spec.
        ChainError: the chain could not be read.
    """
    deployment = contracts.deployment
    events = await history(
        contracts.client,
        deployment.contract_addresses(),
        job_id,
        start_block=deployment.deploy_block,
    )
    posted = [event for event in events if isinstance(event, JobPosted)]
    shown = [event for event in events if isinstance(event, JobRevealed | AuditContested)]
    if not posted or not shown:
        raise VerificationError("The job is unknown, or its result was not revealed.")
    record = await contracts.market.job(job_id)
    facts_hash = await contracts.audits.audit_of(job_id)
    audits = [event.facts for event in events if isinstance(event, AuditOpened)]
    return PublicCase(
        job_id=job_id,
        spec=posted[-1].spec.checked(),
        salt=posted[-1].salt,
        opening=await _opening(contracts, job_id, record, shown[-1]),
        audit_facts=next((facts for facts in audits if facts.facts_hash() == facts_hash), None),
        record=record,
        events=tuple(events),
    )


async def challenge(
    contracts: Contracts,
    wallet: Wallet,
    case: PublicCase,
    kind: DisputeKind,
    *,
    idempotency_key: str | None = None,
) -> DisputeFacts:
    """Challenge a revealed job and return the facts of the dispute.

    The bond comes out of the caller's free balance in the market
    (``tokenomics.audits.challenge_bond_of``).

    Raises:
        ChainError: see :meth:`ChainClient.send`; a revert says why it cannot be challenged.
    """
    receipt = await contracts.disputes.challenge(
        wallet,
        case.job_id,
        kind,
        case.spec,
        case.salt,
        case.opening,
        case.audit_facts,
        idempotency_key=idempotency_key,
    )
    return receipt.one(DisputeOpened).facts


async def _opening(
    contracts: Contracts, job_id: JobId, record: JobRecord, shown: JobRevealed | AuditContested
) -> Opening:
    raw = await contracts.client.rpc.request("eth_getTransactionByHash", [shown.meta.tx_hash])
    entry = wire.mapping(raw, "a transaction")
    data = wire.data(entry.get("input", entry.get("data")), "transaction data")
    for salt in salts_in(data, shown.result_key):
        opening = Opening(
            shown.seed0,
            shown.out_root,
            shown.envelope_cid,
            shown.result_key,
            record.shift,
            salt,
        )
        c0 = commitment_of(
            chain_id=contracts.client.chain_id,
            market=contracts.market.address,
            job_id=job_id,
            provider=record.provider,
            opening=opening,
        )
        if binding_of(c0, opening.seed0) == record.binding:
            return opening
    raise VerificationError(
        "The salt of the commitment cannot be found in the transaction that revealed the result."
    )


def salts_in(data: bytes, result_key: bytes) -> list[bytes]:
    """Return what may be the salt in call data: the word two after the key of the result.

    The struct holds key, shift and salt in three words one after the other, whichever call
    carried it and however many contracts it passed through.
    """
    found: list[bytes] = []
    at = data.find(result_key)
    while at >= 0:
        salt = data[at + 2 * _WORD : at + 3 * _WORD]
        if (at - _SELECTOR) % _WORD == 0 and len(salt) == _WORD:
            found.insert(0, salt)
        elif len(salt) == _WORD:
            found.append(salt)
        at = data.find(result_key, at + 1)
    return found
