"""Challenge what an audit of ours proved forged, from the operator's own balance.

Place: told by the audit duty of a forgery. The bond comes out of the free balance of the operator's
key in the market; where that does not suffice nothing is sent, and the log says what the owner can
do. Never: a challenge without a proof that every referee can repeat, or a second one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neurovoyance.chain.challenging import challenge, public_case
from neurovoyance.chain.reverts import DisputeCourtAlreadyChallenged
from neurovoyance.node.audit_work import Forgery
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.audit import DisputeKind
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.units import format_nvy
from neurovoyance.tokenomics.audits import challenge_bond_of


@dataclass(frozen=True, slots=True)
class Challenger:
    """Opens challenges for one operator."""

    court: CourtSide

    async def on_forgery(self, forgery: Forgery) -> None:
        """Challenge a forgery that an audit found; an ``auditing.OnForgery``.

        Raises:
            ChainError: it could not be sent now.
        """
        await self.challenge(JobId(forgery.facts.job_id), forgery.kind, forgery.why)

    async def challenge(self, job_id: JobId, kind: DisputeKind, why: str) -> bool:
        """Challenge a revealed job; False if the bond cannot be paid.

        Raises:
            VerificationError: the job is not one that can be challenged.
            ChainError: it could not be sent, or the court refuses.
        """
        contracts, wallet = self.court.contracts, self.court.wallet
        case = await public_case(contracts, job_id)
        bond_wei = challenge_bond_of(case.record.price_wei)
        free_wei = await contracts.market.free_of_wei(wallet.address)
        if free_wei < bond_wei:
            log_event(
                logging.ERROR,
                "challenge_not_bonded",
                job_id=job_id,
                kind=kind.name,
                why=why,
                needed_nvy=format_nvy(bond_wei),
                free_nvy=format_nvy(free_wei),
                hint="Deposit the bond for the operator's address, or challenge yourself: "
                f"neurovoyance audit challenge {hex_of(job_id)}",
            )
            return False
        key = f"{hex_of(job_id)}:challenge:{kind.name}:{case.opening.seed0.hex()}"
        try:
            facts = await challenge(contracts, wallet, case, kind, idempotency_key=key)
        except DisputeCourtAlreadyChallenged:
            return True
        log_event(
            logging.WARNING,
            "challenged",
            job_id=job_id,
            dispute_id=facts.dispute_id,
            kind=kind.name,
            why=why,
        )
        return True
