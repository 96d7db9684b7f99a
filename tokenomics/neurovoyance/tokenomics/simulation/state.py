"""What is true at the end of a simulated day, for all seeds.

Place: made by :func:`genesis`, changed by the agents in the order of ``engine``. Data flow: agents
move tokens between the buckets here and note in :class:`Flows` what was bought and sold.
Never: a bucket that changes without its counterpart; :meth:`Economy.ledger_error` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurovoyance.tokenomics.simulation.assumptions import COHORTS, World
from neurovoyance.tokenomics.simulation.draws import Draws
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.policies import Policy
from neurovoyance.tokenomics.simulation.scenarios import Paths, Scenario
from neurovoyance.tokenomics.simulation.vault import Vault

CAP = 1_000_000_000.0
RESERVE, TREASURY, GRANTS, INSURANCE = 600e6, 150e6, 150e6, 48e6
AUDIT_POOL, BOOTSTRAP, LIQUID = 2e6, 40e6, 10e6
G = len(COHORTS)
DELEGATORS = G
PAY_LAG = 2


@dataclass(slots=True)
class Flows:
    """What one day moved, NVY a day and seed; cleared every morning."""

    bought: Array
    sold: Array
    fees: Array
    fees_usd: Array
    out: Array
    slashed: Array

    @classmethod
    def zeros(cls, seeds: int) -> Flows:
        """Return a day on which nothing moved."""
        return cls(*(np.zeros(seeds) for _ in range(6)))

    def clear(self) -> None:
        """Start a new day."""
        for name in self.__slots__:
            getattr(self, name)[:] = 0.0


@dataclass(slots=True)
class Books:
    """Running sums of an epoch or of the run; (S,) unless said."""

    fees_epoch: Array
    cohort_fees: Array  # (G, S), NVY in this epoch
    vest_due: Array  # (G + 1, S), NVY to vest at the next harvest
    deposits: Array  # (27, S), vault deposits of the last epochs
    emitted: Array
    emitted_epoch: Array
    fees_total: Array
    released: Array
    exits_paid: Array
    penalties: Array
    exit_holders: Array
    claims: Array
    claims_queue: Array
    queue_weeks: Array
    grant_room: Array
    insurance_paid: Array
    out_epoch: Array
    bound_ratio: Array
    wash_expected: Array
    wash_profit_usd: Array
    cheat_expected: Array
    cheat_profit_usd: Array


@dataclass(slots=True)
class Attack:
    """The governance attacker; (S,)."""

    budget: Array
    spent: Array
    tokens: Array
    taken_usd: Array
    taken_insurance: Array
    treasury_open: Array  # 1 where this week's vote opened the treasury
    fund_from: Array  # day on which the first payment that was voted may be executed
    fund_until: Array  # day of the last one
    weeks_in_control: Array
    rouse_day: Array
    has_lost: Array


@dataclass(slots=True)
class Economy:
    """All state of a run. Tokens in NVY (S,) or (G, S); see the names."""

    policy: Policy
    world: World
    scenario: Scenario
    paths: Paths
    draws: Draws
    day: int
    reserve: Array
    reserved: Array
    treasury: Array
    bootstrap: Array
    grants: Array
    grants_for_sale: Array
    insurance: Array
    audit_pool: Array
    floating: Array
    burned: Array
    minted: Array
    own: Array
    delegated: Array
    unbonding: Array  # (days, S)
    hoard: Array  # (G, S), tokens kept by providers, part of the float
    gpus: Array
    cash: Array  # (G, S), USD a GPU
    profit: Array  # (G, S), USD a GPU and day, smoothed
    age: Array  # (G + 1, S), weeks
    wanted: Array  # (G + 1, S), NVY asked to leave early
    inbox: Array  # (G, S), NVY that became liquid today
    accrued: Array  # (G, S), USD earned today, vesting included
    worked: Array  # (G, S), hours sold today
    price: Array
    impact: Array
    slow_price: Array
    quick_price: Array
    unit_price: Array
    load: Array
    demand_state: Array
    fees_usd_slow: Array
    avail: Array
    baseline: float
    stake_yield: Array
    stake_income: Array
    inflation: Array
    queue: list[tuple[Array, Array, Array]]
    vault: Vault
    flows: Flows
    books: Books
    attack: Attack
    cheat_seen: Array
    shut_until: int = -1

    @property
    def seeds(self) -> int:
        """Return the number of seeds."""
        return len(self.price)

    @property
    def stake(self) -> Array:
        """Return all stake with weight, NVY (S,): own, delegated and the attacker's."""
        total: Array = self.own.sum(axis=0) + self.delegated + self.attack.tokens
        return total

    @property
    def supply(self) -> Array:
        """Return the total supply."""
        return CAP - self.burned + self.minted

    @property
    def circulating(self) -> Array:
        """Return supply less reserve, treasury, insurance, vault and unreleased grants."""
        locked = self.reserve + self.reserved + self.treasury + self.bootstrap + self.grants
        rest: Array = self.supply - locked - self.insurance - self.audit_pool - self.vault.total
        return rest

    @property
    def providers(self) -> Array:
        """Return the number of providers, (S,)."""
        total: Array = self.gpus.sum(axis=0) / self.world.gpus_per_provider
        return total

    @property
    def votes(self) -> Array:
        """Return all votes: own stake, delegated stake and what the vault holds."""
        return self.stake + self.vault.total

    def ledger_error(self) -> Array:
        """Return how far all buckets are from the supply, as a share of the cap."""
        held = self.reserve + self.reserved + self.treasury + self.bootstrap + self.grants
        held = held + self.insurance + self.audit_pool + self.floating + self.stake
        held = held + self.unbonding.sum(axis=0) + self.vault.total
        held = held + self.books.vest_due.sum(axis=0)
        error: Array = np.abs(held - self.supply) / CAP
        return error


def genesis(
    policy: Policy, world: World, scenario: Scenario, paths: Paths, draws: Draws
) -> Economy:
    """Return the economy on its first morning."""
    seeds = draws.growth.shape[0]

    def full(value: float) -> Array:
        return np.full(seeds, value)

    start = world.demand_usd_year / 365.0 / world.unit_price_usd_h / 24.0 / world.target_load
    gpus = np.outer([one.share for one in COHORTS], full(start))
    bills = np.array([one.fixed_usd_day * one.cash for one in COHORTS])[:, None]
    own = np.minimum(gpus / world.gpus_per_provider * policy.min_stake, 2e6 / G)
    ages = np.zeros((G + 1, seeds))
    return Economy(
        policy=policy, world=world, scenario=scenario, paths=paths, draws=draws, day=0,
        reserve=full(RESERVE), reserved=full(0.0), treasury=full(TREASURY),
        bootstrap=full(BOOTSTRAP), grants=full(GRANTS), grants_for_sale=full(0.0),
        insurance=full(INSURANCE), audit_pool=full(AUDIT_POOL),
        floating=LIQUID - own.sum(axis=0), burned=full(0.0), minted=full(0.0),
        own=own, delegated=full(0.0), unbonding=np.zeros((policy.unbonding_days, seeds)),
        hoard=np.zeros((G, seeds)), gpus=gpus,
        cash=np.broadcast_to(world.cash_days * (bills + 0.5), (G, seeds)).copy(),
        profit=np.ones((G, seeds)), age=ages, wanted=np.zeros((G + 1, seeds)),
        inbox=np.zeros((G, seeds)), accrued=np.zeros((G, seeds)),
        worked=np.zeros((G, seeds)),
        price=full(world.launch_price_usd), impact=full(0.0),
        slow_price=full(world.launch_price_usd), quick_price=full(world.launch_price_usd),
        unit_price=full(world.unit_price_usd_h), load=full(world.target_load),
        demand_state=full(0.0), fees_usd_slow=full(world.demand_usd_year / 365.0),
        avail=full(policy.avail_start), baseline=policy.baseline,
        stake_yield=full(0.2), stake_income=full(0.0),
        inflation=full(RESERVE * policy.rho * 52.0 / 365.0 / (CAP - RESERVE)),
        queue=[], vault=Vault(G + 1, seeds, policy), flows=Flows.zeros(seeds),
        books=_books(seeds), cheat_seen=full(0.0),
        attack=_attack(world, draws),
    )  # fmt: skip


def _attack(world: World, draws: Draws) -> Attack:
    made = {name: np.zeros_like(draws.budget) for name in Attack.__slots__}
    made["budget"] = world.attack_budget_usd * np.exp(0.8 * draws.budget)
    waits = -np.log(np.maximum(1.0 - draws.rouse, 1e-9))
    made["fund_from"] = np.full_like(draws.budget, np.inf)
    made["rouse_day"] = waits * world.rouse_weeks * 7.0
    return Attack(**made)


def _books(seeds: int) -> Books:
    made = {name: np.zeros(seeds) for name in Books.__slots__}
    made["cohort_fees"] = np.zeros((G, seeds))
    made["vest_due"] = np.zeros((G + 1, seeds))
    made["deposits"] = np.zeros((27, seeds))
    made["wash_expected"] = np.full(seeds, -1.0)
    made["cheat_expected"] = np.full(seeds, -1.0)
    return Books(**made)
