"""Cheats, slashes, insurance and the run for the exit of the vault.

Place: daily, after the clients have paid. Data flow: fees of cheats meet audits; what is found is
slashed and split; what is proven too late is claimed from the insurance; fear makes owners ask for
early exit, which the limiter fills.
Never: an insurance that pays more than its limits.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.assumptions import CHEAT
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import Economy

JOB_USD = 0.5


def run_day(e: Economy, cheat_fees: Array) -> None:
    """Audit the cheats of the day, slash, take claims, and let leavers out of the vault.

    Args:
        e: the economy.
        cheat_fees: fees of the cheats today, NVY (S,).
    """
    _audit(e, cheat_fees)
    if e.scenario.slash and e.day == START_DAY:
        _slash_all(e, e.scenario.slash)
    _leave_vault(e)


def _refill(e: Economy, fees: Array) -> None:
    """Let cheats buy the stake that their jobs lock; without it the contract gives them no job."""
    people = e.gpus[CHEAT] / e.world.gpus_per_provider
    need = np.maximum(people * e.policy.min_stake, e.world.lock_multiple * fees * 0.25)
    buys = np.minimum(np.maximum(need - e.own[CHEAT], 0.0), 0.05 * e.floating)
    e.own[CHEAT] += buys
    e.floating -= buys
    e.flows.bought += buys


def _audit(e: Economy, fees: Array) -> None:
    lock = e.world.lock_multiple
    _refill(e, fees)
    caught = min(mechanics.job_odds(lock, e.policy), 1.0) * e.policy.detect
    luck = np.maximum(0.0, 1.0 + 0.3 * e.draws.verdicts[e.day])
    found = np.minimum(fees * caught * luck, fees)
    people = np.maximum(e.gpus[CHEAT] / e.world.gpus_per_provider, 1.0)
    jobs = fees * e.price / JOB_USD / people
    share = 1.0 - np.exp(-jobs * caught)
    own = np.minimum(e.own[CHEAT] * e.policy.stake_slash * share, e.own[CHEAT])
    locked = np.minimum(lock * found, 0.9 * (e.own[CHEAT] - own))
    from_vault = e.vault.slash(CHEAT, e.policy.vest_slash * share)
    e.own[CHEAT] -= own + locked
    _split(e, own + locked + from_vault, found)
    beside = (
        e.own[CHEAT] * e.policy.stake_slash + e.vault.held[CHEAT] * e.policy.vest_slash
    ) / people
    prices = beside * e.price / JOB_USD
    for held in (lock, 5.0):
        odds = mechanics.job_odds(held, e.policy)
        expected = mechanics.cheat_profit(1.0, held, odds, e.policy.detect, prices)
        e.books.cheat_expected = np.maximum(e.books.cheat_expected, expected)
    e.books.cheat_profit_usd += (fees - found - own - locked - from_vault) * e.price
    late = e.world.late_claim_share * (fees - found) * np.exp(0.5 * e.draws.claims[e.day])
    e.books.claims_queue += np.minimum(late, fees)
    e.books.claims += np.minimum(late, fees)


def _split(e: Economy, slash: Array, price: Array) -> None:
    """Burn, reward and insure with a slash; the vault's part was taken by the caller."""
    parts = mechanics.split_slash(slash, price, e.policy)
    e.burned += parts.burn
    e.insurance += parts.insurance
    e.floating += parts.finder + parts.referees + parts.client
    e.flows.slashed += slash


def _slash_all(e: Economy, share: float) -> None:
    """Slash every stake at once; a tenth of the week's fees is claimed back."""
    taken = share * (e.own.sum(axis=0) + e.delegated + e.unbonding.sum(axis=0))
    e.own *= 1.0 - share
    e.delegated *= 1.0 - share
    e.unbonding *= 1.0 - share
    week = 7.0 * e.flows.fees
    _split(e, taken, share * week)
    e.books.claims_queue += share * week
    e.books.claims += share * week
    if share > e.policy.breaker_slash:
        e.shut_until = e.day + 1
    e.wanted += 0.1 * e.vault.held


def end_epoch(e: Economy) -> None:
    """Pay claims within the epoch's limit; note how long they wait and what grants may take."""
    held = np.maximum(e.insurance, 0.0)
    limit = e.policy.insurance_epoch * held
    paid = np.minimum(e.books.claims_queue, limit)
    e.insurance -= paid
    e.floating += paid
    e.books.insurance_paid += paid
    e.books.claims_queue -= paid
    e.books.grant_room = np.minimum(limit - paid, e.policy.grant_epoch * held)
    waits = e.books.claims_queue > 1.0
    e.books.queue_weeks = np.where(waits, e.books.queue_weeks + 1.0, 0.0)


def _leave_vault(e: Economy) -> None:
    """Ask for early exit out of fear and let leavers out."""
    if e.day % 2:
        return  # notice takes a day, so exits every other day lose nothing
    drop = mechanics.clamp(np.log2(e.slow_price / e.price), 0.0, 2.0)
    wish = (e.world.exit_panic_week + e.world.exit_panic_drop * drop) * (2.0 / 7.0)
    cost = mechanics.exit_penalty(
        np.ones_like(e.vault.held), e.vault.rate, e.vault.week_weight, e.policy
    )
    e.wanted += e.vault.held * wish * np.exp(-e.world.exit_deterrence * cost)
    if e.scenario.vault_run and e.day == START_DAY:
        e.wanted += e.scenario.vault_run * e.vault.held
    e.wanted = np.minimum(e.wanted, e.vault.held)
    if e.day <= e.shut_until or e.policy.exit_cap <= 0.0:
        return
    people = np.maximum(e.providers * 0.05, 1.0)
    left = e.vault.exit(e.wanted, people)
    taken = left.paid + left.penalty
    fraction = taken / np.maximum(e.vault.held + taken, 1e-9)
    e.age *= 1.0 - mechanics.clamp(fraction, 0.0, 1.0)
    e.wanted = np.maximum(e.wanted - taken, 0.0) * 0.9
    _book_exit(e, left.paid.sum(axis=0), left.penalty.sum(axis=0), left.burn, left.insurance)
    e.books.exit_holders += left.holders
    e.books.deposits[0] += left.holders


def _book_exit(e: Economy, paid: Array, penalty: Array, burn: Array, insurance: Array) -> None:
    e.burned += burn
    e.insurance += insurance
    e.floating += paid
    e.flows.sold += paid
    e.flows.out += paid
    e.books.exits_paid += paid
    e.books.penalties += penalty
    e.books.out_epoch += paid
