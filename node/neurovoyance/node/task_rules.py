"""Whether a batch is taken: prices, credit, allotment and stake, on plain values.

Place: the pure part of ``task_desk``. The node works at most ``credit_wei`` ahead of the newest
vouchers of one client, in all its channels together; the rest of the rules only keep it from work
that no voucher could pay. Never: I/O, or a reading of the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.node.offering import PricePolicy, quote
from neurovoyance.node.task_book import Ledger
from neurovoyance.node.voucher_book import Standing
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.tasks import ORDER_LIFE_MAX_S, BatchOrder
from neurovoyance.protocol.units import UINT96_MAX, format_nvy


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """What the owner asks for tasks.

    Attributes:
        jobs: the price list of jobs, for its rate, its longest run and whom it works for.
        base_price_wei: of one task, in place of the jobs' base price.
        credit_wei: how far it works ahead of the newest voucher; 0 takes no tasks.
    """

    jobs: PricePolicy
    base_price_wei: int
    credit_wei: int

    def price_wei(self, max_runtime_s: int) -> int:
        """Return the least price of a task, in wei; a volunteer asks one wei."""
        if self.jobs.lending.is_volunteer:
            return 1
        return max(1, self.base_price_wei + self.jobs.price_per_second_wei * max_runtime_s)


def refusal_of_spec(policy: TaskPolicy, spec: JobSpec, client: str) -> Refusal | None:
    """Return why tasks like these are not for this node, before anything was read."""
    if policy.credit_wei == 0:
        return _refuse(RefusalCause.CLASS, "This node takes jobs alone, no tasks.")
    terms = quote(policy.jobs, spec, UINT96_MAX, 0, client)
    if isinstance(terms, Refusal):
        return terms
    if any(spec.client_key):
        return _refuse(RefusalCause.INPUT, "Tasks have no private inputs; post a job instead.")
    return None


def refusal_of_order(
    policy: TaskPolicy,
    order: BatchOrder,
    ledger: Ledger,
    standing: Standing,
    *,
    free_stake_wei: int,
) -> Refusal | None:
    """Return why an order is not taken now, or None.

    Args:
        policy: of the owner.
        order: signed by the channel's client.
        ledger: what was delivered and promised before.
        standing: the channel on chain.
        free_stake_wei: own stake that nothing holds and no offer promises.
    """
    end_wei = order.start_wei + order.total_wei
    return (
        _channel_fault(standing, end_wei)
        or _time_fault(order, standing.time_s)
        or _ledger_fault(order, ledger, policy.credit_wei)
        or _stake_fault(standing, end_wei, free_stake_wei)
    )


def _channel_fault(standing: Standing, end_wei: int) -> Refusal | None:
    side = standing.side
    if standing.channel.closes_at_s or side.is_closed:
        return _refuse(RefusalCause.CLIENT, "The channel is closing; it pays for no new work.")
    if end_wei > side.allotment_wei:
        return _refuse(
            RefusalCause.PRICE,
            f"{format_nvy(end_wei)} NVY would be owed, and the channel allots "
            f"{format_nvy(side.allotment_wei)} NVY. Top it up first.",
        )
    return None


def _time_fault(order: BatchOrder, time_s: int) -> Refusal | None:
    if not time_s <= order.expiry_s <= time_s + 2 * ORDER_LIFE_MAX_S:
        return _refuse(RefusalCause.TIME, "The order is over, or valid for too long.")
    return None


def _ledger_fault(order: BatchOrder, ledger: Ledger, credit_wei: int) -> Refusal | None:
    if ledger.is_busy:
        return _refuse(RefusalCause.BUSY, "Another batch of this channel is under way.")
    if order.start_wei != ledger.owed_wei:
        return _refuse(
            RefusalCause.SPEC,
            f"The order begins at {order.start_wei} wei, and {ledger.owed_wei} wei are owed for "
            "what was delivered before.",
        )
    if ledger.exposed_wei + order.total_wei > credit_wei:
        return _refuse(
            RefusalCause.PRICE,
            f"{format_nvy(ledger.exposed_wei)} NVY of work wait for a voucher; with this batch it "
            f"would be more than the {format_nvy(credit_wei)} NVY that this node advances.",
        )
    return None


def _stake_fault(standing: Standing, end_wei: int, free_stake_wei: int) -> Refusal | None:
    needed_wei = standing.side.lock_multiple * (end_wei - standing.side.redeemed_wei)
    # What waits in the channel holds stake that the next redemption takes over.
    held_wei = standing.side.lock_multiple * standing.last.amount_wei
    if needed_wei > free_stake_wei + held_wei:
        return _refuse(
            RefusalCause.STAKE,
            f"Redeeming what would be owed locks {format_nvy(needed_wei)} NVY of stake; "
            f"{format_nvy(max(0, free_stake_wei + held_wei))} NVY are free.",
        )
    return None


def _refuse(cause: RefusalCause, message: str) -> Refusal:
    return Refusal(cause=cause, message=message)
