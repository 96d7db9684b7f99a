"""The weekly clock: harvest into the vault, mature it, roll the emission, pay what is due.

Place: at the end of every seventh day. Data flow: fees of the epoch and stake make payouts that
become payable two epochs later (earn in e, register in e+1, payable in e+2); vault deposits and
payouts feed the outflow bound, which is checked here against what left.
Never: an emission that leaves the reserve above the budget of its epoch.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.assumptions import WASH
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.providers import required_stake
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.staking import counted
from neurovoyance.tokenomics.simulation.state import DELEGATORS, PAY_LAG, RESERVE, Economy, G

WEEKS = 26
_ROUND = 5e-7
_SIX_YEARS = 1.0 - 2.0 ** (-1.0 / (6.0 * 365.25 / 7.0))


def end_epoch(e: Economy) -> None:
    """Close the epoch that ends today and open the next."""
    _roll(e)
    _harvest(e)
    bound = _check_bound(e)
    matured = e.vault.step()
    e.inbox += matured[:G]
    _sell_matured(e, matured[DELEGATORS])
    e.floating += matured.sum(axis=0)
    e.books.released += matured.sum(axis=0)
    e.flows.out += matured.sum(axis=0)
    e.books.out_epoch += matured.sum(axis=0)
    _pay_due(e)
    e.avail = (
        mechanics.next_avail(e.avail, e.stake, e.circulating, e.policy)
        if e.policy.controller
        else e.avail
    )
    e.baseline *= 1.0 + e.policy.baseline_growth
    e.books.bound_ratio = bound


def _sell_matured(e: Economy, tokens: Array) -> None:
    e.flows.sold += e.world.delegator_sells * tokens


def _harvest(e: Economy) -> None:
    """Vest the week's vesting fees, as providers do once a week."""
    due = e.books.vest_due
    e.vault.credit(due)
    _note_deposit(e, due.sum(axis=0))
    due[:] = 0.0
    e.books.cohort_fees[:] = 0.0
    e.books.fees_epoch[:] = 0.0


def _note_deposit(e: Economy, amount: Array) -> None:
    e.books.deposits[0] += amount


def _check_bound(e: Economy) -> Array:
    """Return what left in the epoch over what section 6 allows, (S,), and open a new epoch.

    ``Out ≤ l·E + Σ D/V + 0.95·windowCap``, with dust of a ten-thousandth of a token.
    """
    b = e.books
    vested = b.deposits[1 : e.policy.vest_epochs + 1].sum(axis=0) / e.policy.vest_epochs
    cap = np.where(e.vault.was_open, e.vault.window_cap, 0.0)
    bound = b.emitted_epoch * e.policy.emission_liquid + vested + 0.95 * cap + 1e-4
    ratio = b.out_epoch / np.maximum(bound, 1e-4)
    b.deposits[1:] = b.deposits[:-1]
    b.deposits[0] = 0.0
    b.out_epoch[:] = 0.0
    b.emitted_epoch[:] = 0.0
    return np.where(bound > 1.0, ratio, 0.0)


def _roll(e: Economy) -> None:
    """Work out what each cohort earned and set it aside."""
    if e.scenario.is_emission_stopped and e.day >= START_DAY:
        nothing = np.zeros((G + 1, e.seeds))
        e.queue.append((nothing, nothing, np.zeros(e.seeds)))
        return
    work, available, due = _shares(e)
    paid = work.sum(axis=0) + available.sum(axis=0)
    if e.policy.emission == "livepeer":
        e.minted += paid
    else:
        e.reserve -= paid
    e.reserved += paid
    together = np.vstack([work, np.zeros((1, e.seeds))]) + due
    e.queue.append((together, available, paid))
    _note_yield(e, available.sum(axis=0))
    _note_wash(e, work[WASH])


def _shares(e: Economy) -> tuple[Array, Array, Array]:
    """Return work (G, S), availability (G, S) and the payout of availability (G + 1, S)."""
    pools = _pools(e)
    loyalty = mechanics.loyalty_of(e.age[:-1], e.policy)
    weight = e.gpus if e.policy.work_by == "capacity" else e.books.cohort_fees
    cap = e.policy.sink * e.policy.wash_cap
    work = mechanics.work_payouts(pools.work, weight, loyalty, cap)
    k = counted(e)
    available = mechanics.available_payouts(pools.available, k, np.ones_like(k), loyalty)
    lent = 1.0 - e.own / np.maximum(k, 1e-9)
    to_delegators = available * lent * (1.0 - e.world.commission)
    due = np.vstack([available - to_delegators, to_delegators.sum(axis=0)[None]])
    return work, available, due


def _pools(e: Economy) -> mechanics.Pools:
    """Return the epoch's pools by the rules of the policy."""
    fees, kind = e.books.fees_epoch, e.policy.emission
    if kind == "filecoin":  # 30 % simple, 70 % baseline minting, half-life six years
        used = np.minimum(fees, e.baseline) / e.baseline
        budget = e.reserve * _SIX_YEARS * (0.3 + 0.7 * used)
        return mechanics.Pools(budget, np.zeros_like(budget), budget)
    if kind == "livepeer":  # up below half staked, down above, every day
        low = e.stake < e.policy.stake_target * e.circulating
        e.inflation = np.maximum(e.inflation + 7.0 * _ROUND * np.where(low, 1.0, -1.0), 0.0)
        budget = 7.0 * e.inflation * (e.supply - RESERVE)
        return mechanics.Pools(budget, budget, np.zeros_like(budget))
    pools = mechanics.emission_pools(e.reserve, e.avail, fees, e.baseline, e.policy)
    if kind == "akash":
        return mechanics.Pools(pools.budget, pools.available, np.zeros_like(fees))
    return pools


def _note_yield(e: Economy, available: Array) -> None:
    now = 52.0 * available / np.maximum(e.stake, 1.0)
    e.stake_yield += (np.minimum(now, 2.0) - e.stake_yield) / 8.0


def _note_wash(e: Economy, work: Array) -> None:
    """Note what the ring expects per NVY paid to itself, and what it has made so far."""
    fees = e.books.cohort_fees[WASH]
    is_on = fees > 0.0
    gain = np.where(is_on, work / np.maximum(fees, 1e-9) - e.policy.sink, -1.0)
    e.books.wash_expected = np.maximum(e.books.wash_expected, gain)
    e.books.wash_profit_usd += work * e.price


def _pay_due(e: Economy) -> None:
    """Pay the epoch that is due: part liquid, the rest into the vault."""
    if len(e.queue) <= PAY_LAG:
        return
    due, _, paid = e.queue.pop(0)
    liquid = due * e.policy.emission_liquid
    e.reserved -= paid
    e.floating += liquid.sum(axis=0)
    e.inbox += liquid[:G]
    _sell_matured(e, liquid[DELEGATORS])
    rest = due - liquid
    e.vault.credit(rest)
    _note_deposit(e, rest.sum(axis=0))
    for_gpus = np.minimum(required_stake(e) / np.maximum(e.own, 1e-9), 1.0)
    worth = e.price * (e.policy.emission_liquid + 0.85 * (1.0 - e.policy.emission_liquid))
    e.accrued += due[:G] * worth * for_gpus
    e.books.emitted += paid
    e.books.emitted_epoch += paid
    e.books.out_epoch += liquid.sum(axis=0)
    e.flows.out += liquid.sum(axis=0)
