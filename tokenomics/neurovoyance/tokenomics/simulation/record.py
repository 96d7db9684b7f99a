"""What a run leaves behind: weekly bands of every series and one row of outcomes a seed.

Place: the engine calls :meth:`Recorder.day` and :meth:`Recorder.week`; :class:`Run` is saved as an
``.npz`` without pickles and read back by the report. Bands are quantiles over seeds, so that a file
stays small and nobody mistakes one path for the answer.
Never: a mean where a band is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurovoyance.tokenomics.simulation import holders
from neurovoyance.tokenomics.simulation.assumptions import HONEST, MERCENARY
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import INSURANCE, Economy

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
WINDOW_DAYS = 30
YEAR = 365
SAMPLED = 60
RUIN_SHARE = 0.10
RUIN_WEEKS = 13


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario under one policy, all seeds.

    Attributes:
        meta: scenario, policy, seeds, days, code and parameter hashes, changed assumptions.
        bands: series name to float64 (7, W): the :data:`QUANTILES` of each week.
        outcomes: outcome name to float64 (S,).
        samples: series name to float64 (W, n): single seeds, for phase portraits.
    """

    meta: Mapping[str, object]
    bands: Mapping[str, Array]
    outcomes: Mapping[str, Array]
    samples: Mapping[str, Array]

    def median(self, name: str) -> Array:
        """Return the median path of a series, (W,)."""
        return self.band(name, 0.50)

    def band(self, name: str, quantile: float) -> Array:
        """Return one quantile path of a series, (W,)."""
        path: Array = self.bands[name][QUANTILES.index(quantile)]
        return path

    def save(self, path: Path) -> None:
        """Write the run."""
        arrays: dict[str, Array] = {}
        for kind in ("bands", "outcomes", "samples"):
            arrays |= {f"{kind}/{name}": value for name, value in getattr(self, kind).items()}
        text = np.frombuffer(json.dumps(dict(self.meta)).encode(), np.uint8)
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, meta=text, **arrays)


def load(path: Path) -> Run:
    """Read a run back."""
    parts: dict[str, dict[str, Array]] = {"bands": {}, "outcomes": {}, "samples": {}}
    with np.load(path, allow_pickle=False) as file:
        meta = json.loads(file["meta"].tobytes())
        for key in file.files:
            if "/" in key:
                kind, name = key.split("/", 1)
                parts[kind][name] = file[key]
    return Run(meta, parts["bands"], parts["outcomes"], parts["samples"])


def quantiles(values: Array) -> Array:
    """Return the :data:`QUANTILES` over the last axis, (7, W), of values (W, S).

    As ``numpy.quantile`` with linear interpolation, in a fifth of its time.
    """
    ordered = np.sort(values, axis=1)
    place = np.array(QUANTILES) * (values.shape[1] - 1)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, values.shape[1] - 1)
    part = place - low
    made: Array = (ordered[:, low] * (1.0 - part) + ordered[:, high] * part).T
    return made


class Recorder:
    """Watches a run; weekly series are kept per seed until the bands are taken."""

    def __init__(self, seeds: int, days: int) -> None:
        self.weeks = days // 7
        self.week_index = 0
        self.series: dict[str, Array] = {}
        self.recent_out = np.zeros((WINDOW_DAYS, seeds))
        self.recent_all = np.zeros((WINDOW_DAYS, seeds))
        self.out_share = np.zeros(seeds)
        self.all_share = np.zeros(seeds)
        self.worst_out = np.zeros(seeds)
        self.worst_all = np.zeros(seeds)
        self.worst_bound = np.zeros(seeds)
        self.worst_ledger = np.zeros(seeds)
        self.least_float = np.full(seeds, np.inf)
        self.is_ruined = np.zeros(seeds, np.bool_)
        self.last_grants: Array | None = None
        self.last_totals: dict[str, Array] = {}

    def day(self, e: Economy) -> None:
        """Note the day's outflow, and everything from all sources beside it."""
        slot = e.day % WINDOW_DAYS
        before = e.grants if self.last_grants is None else self.last_grants
        beside = (before - e.grants) + e.unbonding[0] + e.flows.fees * e.policy.liquid
        self.last_grants = e.grants.copy()
        self.recent_out[slot] = e.flows.out
        self.recent_all[slot] = e.flows.out + beside
        circulating = np.maximum(e.circulating, 1.0)
        self.out_share = self.recent_out.sum(axis=0) / circulating
        self.all_share = self.recent_all.sum(axis=0) / circulating
        if e.day >= YEAR + WINDOW_DAYS:
            self.worst_out = np.maximum(self.worst_out, self.out_share)
            self.worst_all = np.maximum(self.worst_all, self.all_share)

    def week(self, e: Economy) -> None:
        """Note one row of every series."""
        for name, value in _series(e).items():
            self._put(name, value)
        for name in ("emitted", "fees_total", "released", "exits_paid", "penalties", "claims"):
            total = getattr(e.books, name)
            last = self.last_totals.get(name, np.zeros_like(total))
            self._put(f"week_{name}", total - last)
            self.last_totals[name] = total.copy()
        self._put("out_share", self.out_share)
        self._put("all_share", self.all_share)
        self.worst_bound = np.maximum(self.worst_bound, e.books.bound_ratio)
        self.worst_ledger = np.maximum(self.worst_ledger, e.ledger_error())
        self.least_float = np.minimum(self.least_float, e.floating)
        low = e.insurance < RUIN_SHARE * INSURANCE
        self.is_ruined |= low | (e.books.queue_weeks >= RUIN_WEEKS)
        self.week_index += 1

    def _put(self, name: str, value: Array) -> None:
        if name not in self.series:
            self.series[name] = np.zeros((self.weeks, len(value)))
        self.series[name][self.week_index] = value

    def finish(self, e: Economy, meta: Mapping[str, object]) -> Run:
        """Take the bands and outcomes."""
        bands = {name: quantiles(values) for name, values in self.series.items()}
        kept = ("price", "providers", "fees_usd", "unit_price")
        samples = {name: self.series[name][:, :SAMPLED] for name in kept}
        return Run(meta, bands, self._outcomes(e), samples)

    def _outcomes(self, e: Economy) -> dict[str, Array]:
        providers = self.series["honest_providers"]
        start = min(START_DAY // 7, self.weeks - 1)
        peak = np.maximum(providers[: start + 1].max(axis=0), 1e-9)
        hit = providers[start : start + 104]
        return {
            "retention": hit.min(axis=0) / peak,
            "retention_after": providers[min(start + 104, self.weeks - 1)] / peak,
            "worst_out": self.worst_out,
            "worst_all": self.worst_all,
            "worst_bound": self.worst_bound,
            "ledger_error": self.worst_ledger,
            "least_float": self.least_float,
            "ruined": self.is_ruined.astype(np.float64),
            "insurance_end": e.insurance / INSURANCE,
            "fees_over_emission": self._year_ratio(4),
            "fees_over_emission_5": self._year_ratio(5),
            "wash_expected": e.books.wash_expected,
            "wash_profit_usd": e.books.wash_profit_usd,
            "cheat_expected": e.books.cheat_expected,
            "cheat_profit_usd": e.books.cheat_profit_usd,
            "price_end": e.price,
            "providers_end": providers[-1],
            "profit_median": np.median(self.series["profit"], axis=0),
            "fees_usd_total": self.series["fees_usd"].sum(axis=0),
            "burned": e.burned,
            "exits_paid": e.books.exits_paid,
            "vault_end": e.vault.total,
            "price_low": self.series["price"].min(axis=0),
            "penalties": e.books.penalties,
            "control_weeks": e.attack.weeks_in_control,
            "attack_profit_usd": e.attack.taken_usd
            - e.attack.spent
            + holders.sale_value(e, e.attack.tokens),
            "attack_spent_usd": e.attack.spent,
            "attack_insurance": e.attack.taken_insurance,
            "stake_ratio_end": e.stake / np.maximum(e.circulating, 1.0),
        }

    def _year_ratio(self, year: int) -> Array:
        """Return fees over emission in a whole year, both in tokens."""
        rows = slice((year - 1) * 52, year * 52)
        fees = self.series["week_fees_total"][rows].sum(axis=0)
        ratio: Array = fees / np.maximum(self.series["week_emitted"][rows].sum(axis=0), 1.0)
        return ratio


def _series(e: Economy) -> dict[str, Array]:
    honest = list(HONEST)
    per_provider = e.world.gpus_per_provider
    gpus = np.maximum(e.gpus[honest].sum(axis=0), 1e-9)
    profit = (e.profit[honest] * e.gpus[honest]).sum(axis=0) / gpus
    groups = _vote_groups(e)
    votes = np.maximum(e.votes, 1.0)
    made = {
        "price": e.price,
        "unit_price": e.unit_price,
        "load": np.minimum(e.load, 2.0),
        "providers": e.providers,
        "honest_providers": gpus / per_provider,
        "mercenaries": e.gpus[MERCENARY] / per_provider,
        "profit": profit,
        "cash": (e.cash[honest] * e.gpus[honest]).sum(axis=0) / gpus,
        "fees_usd": e.fees_usd_slow * 365.0,
        "reserve": e.reserve + e.reserved,
        "treasury": e.treasury + e.bootstrap,
        "grants": e.grants,
        "insurance": e.insurance + e.audit_pool,
        "insurance_fund": e.insurance,
        "claims_queue": e.books.claims_queue,
        "stake": e.stake,
        "unbonding": e.unbonding.sum(axis=0),
        "vault": e.vault.total + e.books.vest_due.sum(axis=0),
        "floating": e.floating,
        "burned": e.burned,
        "minted": e.minted,
        "circulating": e.circulating,
        "stake_ratio": e.stake / np.maximum(e.circulating, 1.0),
        "stake_yield": e.stake_yield,
        "avail": e.avail,
        "bound_ratio": e.books.bound_ratio,
        "quorum_cost": holders.quorum_cost(e),
        "grant_cost": holders.grant_cost(e),
        "votes": e.votes,
        "effective_voters": _effective(e, groups, votes),
        "exit_wanted": e.wanted.sum(axis=0),
    }
    for index in range(len(e.gpus)):
        made[f"gpus_{index}"] = e.gpus[index]
        made[f"profit_{index}"] = e.profit[index]
    made |= {f"votes_{name}": value / votes for name, value in groups.items()}
    return made


def _vote_groups(e: Economy) -> dict[str, Array]:
    return {
        "providers": e.own[list(HONEST)].sum(axis=0) + e.vault.held[list(HONEST)].sum(axis=0),
        "others": e.own[MERCENARY:].sum(axis=0) + e.vault.held[MERCENARY:-1].sum(axis=0),
        "delegators": e.delegated + e.vault.held[-1],
        "attacker": e.attack.tokens,
    }


def _effective(e: Economy, groups: Mapping[str, Array], votes: Array) -> Array:
    """Return the effective number of voters, 1 over the sum of squared shares.

    Within a group, holdings follow a Pareto law in which a fifth holds four fifths, for which n
    accounts count like about n/8 equal ones; delegators are taken as ten times the providers.
    """
    people = np.maximum(e.providers, 2.0)
    counts = {"providers": people, "others": people / 10.0, "delegators": 10.0 * people}
    total = (groups["attacker"] / votes) ** 2
    for name, count in counts.items():
        total = total + (groups[name] / votes) ** 2 / np.maximum(count / 8.0, 1.0)
    effective: Array = 1.0 / np.maximum(total, 1e-12)
    return effective
