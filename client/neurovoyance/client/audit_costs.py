"""What a job holds in escrow for audits beside its price.

Place: under :mod:`.hiring`, which has to put exactly this into the market before it sends. The
probabilities come from the chain, which refuses here already what it would refuse later; the
arithmetic is the contract's (``tokenomics.audits``). Never: a float.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.chain.contracts import Contracts
from neurovoyance.client.journal import Attempt
from neurovoyance.client.nodes import Quote
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.tokenomics.audits import Terms, held_of, pay_of, premium_of


@dataclass(frozen=True, slots=True)
class AuditCost:
    """What audits add to a job.

    Attributes:
        p_econ_bps: probability that the client pays for, in 1/10,000.
        p_bps: probability of an audit.
        premium_wei: what audits cost the client on average.
        held_wei: escrowed beside the price; the part over the premium returns if no audit is drawn.
    """

    p_econ_bps: int
    p_bps: int
    premium_wei: int
    held_wei: int


NO_AUDITS = AuditCost(0, 0, 0, 0)


async def audit_cost(
    contracts: Contracts, spec: JobSpec, provider: str, *, price_wei: int, lock_wei: int
) -> AuditCost:
    """Return what audits add to a job at an offer's price and lock.

    Raises:
        ContractRevert: the chain would refuse the job: its model is not registered or not active,
            too few auditors, or a risk too high for the lock.
    """
    if not contracts.has_audits:
        return NO_AUDITS
    found = await contracts.audits.terms(
        spec.model_id,
        spec.job_class,
        provider,
        price_wei=price_wei,
        lock_wei=lock_wei,
        declared_gain_wei=spec.declared_gain_wei,
        slots=spec.audit_slots,
    )
    terms = Terms(found.p_econ_bps, found.p_bps)
    pool_wei = await contracts.market.free_of_wei(contracts.deployment.audit_court)
    held = held_of(price_wei, spec.audit_slots, terms, pool_wei)
    premium_wei = premium_of(price_wei, spec.audit_slots, terms)
    return AuditCost(found.p_econ_bps, found.p_bps, premium_wei, held.held_wei)


@dataclass(frozen=True, slots=True)
class JobCost:
    """What the best offer of a quote costs: its price, and what audits add."""

    price_wei: int
    audits: AuditCost


async def cost_of_best(contracts: Contracts, quote: Quote) -> JobCost | None:
    """Return what the first offer costs, the best one; None without an offer.

    Raises:
        ContractRevert: see :func:`audit_cost`.
    """
    offers = [answer.offer for answer in quote.offers if answer.offer]
    if not offers or quote.spec is None:
        return None
    best = offers[0]
    cost = await audit_cost(
        contracts, quote.spec, best.provider, price_wei=best.price_wei, lock_wei=best.lock_wei
    )
    return JobCost(best.price_wei, cost)


async def escrow_of(contracts: Contracts, attempt: Attempt) -> int:
    """Return the wei that sending an attempt takes out of the free balance.

    A listing holds the whole audit pay at its highest price; what a provider does not need of it
    returns when it accepts.
    """
    price_wei, spec = attempt.price_wei, attempt.spec
    if not contracts.has_audits:
        return price_wei
    if attempt.offer is None:
        return price_wei + pay_of(price_wei) * spec.audit_slots
    cost = await audit_cost(
        contracts, spec, attempt.offer.provider, price_wei=price_wei, lock_wei=attempt.lock_wei
    )
    return price_wei + cost.held_wei
