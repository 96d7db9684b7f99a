"""Exact twin of ``AuditOdds`` and ``AuditFees``: how often jobs are audited, and who pays.

Place: beside the contracts; quotes, books and tests compute here what the chain will. Amounts in
wei, probabilities in bps (1/10,000). The odds make cheating a loss within the declared risk: with
q the chance of being found, ``q * lock >= (1 - q) * risk``.
Never: a float, or a division that does not name the way it rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.units import BPS, bps_up, mul_div_down, mul_div_up
from neurovoyance.tokenomics.params import default_of


@dataclass(frozen=True, slots=True)
class Policy:
    """What a deployment fixes for ever; mirrors ``IAuditCourt.Policy`` without pool sizes.

    Attributes:
        min_bps: smallest audit probability; 10,000 audits every job.
        first_jobs: passed audits of a provider with a model before its probability falls.
    """

    min_bps: int
    first_jobs: int


DEFAULT_POLICY = Policy(default_of("auditMinBps"), default_of("auditFirstJobs"))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is frozen when a job is assigned.

    Attributes:
        p_econ_bps: share of the probability that the client pays for.
        p_bps: what the draw uses, at least ``p_econ_bps``.
    """

    p_econ_bps: int
    p_bps: int


@dataclass(frozen=True, slots=True)
class Held:
    """What a client escrows for audits beside the price.

    Attributes:
        held_wei: the premium, or the whole audit pay.
        is_whole: whether it is the whole pay, since the pool is too small to carry it.
    """

    held_wei: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ShareOut:
    """Where held money and surcharge of a settled job go, wei."""

    to_pool_wei: int
    to_client_wei: int


def risk_of(price_wei: int, declared_gain_wei: int) -> int:
    """Return the wei that a provider gains by cheating: the price and the declared gain."""
    return price_wei + declared_gain_wei


def needed_bps(risk_wei: int, lock_wei: int) -> int:
    """Return the probability that the risk calls for, rounded up; over 10,000 none suffices.

    ``ceil(risk * 1e8 / ((lock + risk) * detectBps))``; 0 where nothing is at stake.
    """
    whole = (lock_wei + risk_wei) * default_of("detectBps")
    return mul_div_up(risk_wei, BPS * BPS, whole) if whole else 0


def economic_bps(risk_wei: int, lock_wei: int, min_bps: int) -> int:
    """Return the share of the probability that the client pays for, in bps."""
    return max(needed_bps(risk_wei, lock_wei), min_bps)


def draw_bps(p_econ_bps: int, passes: int, first_jobs: int) -> int:
    """Return the probability that the draw uses: a short record raises it.

    Args:
        p_econ_bps: see :func:`economic_bps`.
        passes: consecutive passed audits of the provider with the model.
        first_jobs: passes below which every job is audited.
    """
    by_record = BPS if passes < first_jobs else mul_div_down(BPS, 1, 1 + passes)
    return max(p_econ_bps, by_record)


def slots_needed(risk_wei: int) -> int:
    """Return how many audit slots a job of this risk has to have."""
    return 2 if risk_wei > default_of("twoSlotsRiskWei") else 1


def terms_of(
    *,
    price_wei: int,
    lock_wei: int,
    declared_gain_wei: int,
    slots: int,
    passes: int,
    policy: Policy = DEFAULT_POLICY,
) -> Terms:
    """Return the audit probabilities of a job; mirrors ``AuditCourt.terms``.

    Raises:
        ContractRevert: the risk is too high for the lock, or for so few slots.
    """
    risk_wei = risk_of(price_wei, declared_gain_wei)
    if slots < slots_needed(risk_wei):
        raise ContractRevert(
            f"A job of this risk needs {slots_needed(risk_wei)} audit slots, not {slots}.",
            hint="Ask for two audit slots in the job spec.",
            error="AuditCourt__SlotsTooFew",
            risk=str(risk_wei),
            slots=slots,
            needed=slots_needed(risk_wei),
        )
    needed = needed_bps(risk_wei, lock_wei)
    if needed > BPS:
        raise ContractRevert(
            f"No audit rate makes honesty pay: {needed} bps would be needed.",
            hint="Declare a smaller gain, or choose an offer with a larger lock.",
            error="AuditCourt__RiskTooHigh",
            risk=str(risk_wei),
            lock=str(lock_wei),
            needed_bps=needed,
        )
    p_econ_bps = economic_bps(risk_wei, lock_wei, policy.min_bps)
    return Terms(p_econ_bps, draw_bps(p_econ_bps, passes, policy.first_jobs))


# --- money --------------------------------------------------------------------------------------


def pay_of(price_wei: int) -> int:
    """Return the pay of one auditor: ``ceil(F * auditPayBps / 1e4)``."""
    return bps_up(price_wei, default_of("auditPayBps"))


def audit_lock_of(pay_wei: int) -> int:
    """Return the stake that an auditor locks for one audit."""
    return pay_wei * default_of("auditLockMultiple")


def challenge_bond_of(price_wei: int) -> int:
    """Return the bond of a challenge: 150 % of the price, at least 20 NVY, by default."""
    share_wei = bps_up(price_wei, default_of("challengeBondBps"))
    return max(share_wei, default_of("challengeBondMinWei"))


def surcharge_of(price_wei: int, terms: Terms) -> int:
    """Return what a short record costs the provider, at most the price.

    ``min(F, ceil(a * pBps / 1e4) - ceil(a * pEcon / 1e4))``.
    """
    pay_wei = pay_of(price_wei)
    surcharge_wei = bps_up(pay_wei, terms.p_bps) - bps_up(pay_wei, terms.p_econ_bps)
    return min(price_wei, surcharge_wei)


def premium_of(price_wei: int, slots: int, terms: Terms) -> int:
    """Return what the client pays for audits: ``ceil(a * slots * pBps / 1e4) - surcharge``."""
    return bps_up(pay_of(price_wei) * slots, terms.p_bps) - surcharge_of(price_wei, terms)


def held_of(price_wei: int, slots: int, terms: Terms, pool_wei: int) -> Held:
    """Return what is escrowed beside the price.

    The premium; the whole pay of all slots if that exceeds ``auditEscrowPoolBps`` of the pool.
    """
    whole_wei = pay_of(price_wei) * slots
    if whole_wei * BPS > pool_wei * default_of("auditEscrowPoolBps"):
        return Held(whole_wei, is_whole=True)
    return Held(premium_of(price_wei, slots, terms), is_whole=False)


def share_out(held: Held, surcharge_wei: int, *, is_drawn: bool) -> ShareOut:
    """Return where held money and surcharge of a settled job go.

    The provider is paid the price less the surcharge. On a drawn audit ``held`` went to the pool
    before, at the draw.
    """
    if not is_drawn:
        if held.is_whole:
            return ShareOut(surcharge_wei, held.held_wei)
        return ShareOut(held.held_wei + surcharge_wei, 0)
    if not held.is_whole:
        return ShareOut(surcharge_wei, 0)
    to_client_wei = min(surcharge_wei, held.held_wei)
    return ShareOut(surcharge_wei - to_client_wei, to_client_wei)
