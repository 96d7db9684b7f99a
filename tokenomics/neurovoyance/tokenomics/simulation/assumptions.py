"""Every number of the simulated world that is not a protocol parameter, with where it is from.

Place: read by the engine through :class:`World`; printed whole in the report. Money outside the
chain is in USD, tokens are NVY as floats, rates are a year unless a name says ``day`` or ``week``.
Never: a number in the engine that is missing here; where nothing better than judgement exists, the
source says ``assumption``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

ASSUMED = "assumption"
_FORUM = "Livepeer forum, inflation discussion thread 2753"
_AKASH = "Modular Capital, Our Akash Thesis, 24 January 2024"
_VAST = "Fairlane Systems, Vast.ai page, May 2026"
_FALK = "Falk et al., Blockchain Governance, arXiv 2407.10945"


@dataclass(frozen=True, slots=True)
class World:
    """Numbers of the world outside the protocol; each has a row in :data:`NOTES`."""

    launch_price_usd: float = 0.10
    demand_usd_year: float = 750_000.0
    demand_growth: float = 0.8
    demand_growth_spread: float = 0.5
    demand_growth_years: float = 2.0
    demand_noise: float = 0.35
    elasticity: float = 1.5
    unit_price_usd_h: float = 0.35
    outside_price_fall: float = 0.15
    clearing_speed_day: float = 0.02
    target_load: float = 0.6
    gpus_per_provider: float = 4.0
    power_usd_kwh: float = 0.17
    power_kw: float = 0.45
    hurdle_usd_day: float = 1.20
    entry_speed_day: float = 0.01
    churn_year: float = 0.20
    distress_exit_day: float = 0.03
    cash_days: float = 60.0
    surplus_sold: float = 0.5
    volatility_year: float = 1.0
    jumps_year: float = 4.0
    jump_size: float = 0.12
    price_to_fees: float = 40.0
    option_value_usd: float = 10_000_000.0
    anchor_pull_year: float = 0.5
    flow_multiplier: float = 3.0
    impact_factor: float = 1.0
    turnover_day: float = 0.03
    impact_halflife_days: float = 5.0
    stake_share_max: float = 0.60
    stake_yield_half: float = 0.08
    stake_speed_day: float = 0.02
    delegator_sells: float = 0.5
    commission: float = 0.10
    team_sells: float = 0.4
    treasury_spend_month: float = 0.01
    lock_multiple: float = 20.0
    lock_days: float = 0.10
    audit_pay: float = 0.25
    cheat_share: float = 0.01
    late_claim_share: float = 0.10
    exit_panic_week: float = 0.002
    exit_panic_drop: float = 0.10
    exit_deterrence: float = 4.0
    turnout: float = 0.15
    turnout_roused: float = 0.35
    rouse_weeks: float = 3.0
    attack_budget_usd: float = 1_000_000.0
    grant_weeks: float = 52.0
    accounts_per_provider: float = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    """What a number means and where it is from; ``low`` and ``high`` bound the sensitivity runs."""

    meaning: str
    unit: str
    source: str
    low: float | None = None
    high: float | None = None


def _note(meaning: str, unit: str, source: str = ASSUMED, *span: float) -> Note:
    return Note(meaning, unit, source, *span)


NOTES: Mapping[str, Note] = MappingProxyType(
    {
        "launch_price_usd": _note(
            "price of 1 NVY at the start; makes 40 M NVY outside the reserve worth what "
            "Akash was worth at a like stage",
            "USD",
            f"{ASSUMED}; Akash traded near 175 M USD fully diluted "
            "(BitcoinsNews, 9 May 2026), the launch here is 40 M USD without the reserve",
            0.05,
            0.20,
        ),
        "demand_usd_year": _note(
            "fees that clients would spend at the start",
            "USD a year",
            f"{_AKASH}: 0.5 to 1 M USD a year with 150 to 200 GPUs",
            375_000.0,
            1_500_000.0,
        ),
        "demand_growth": _note(
            "first log growth rate of demand, median seed",
            "1/year",
            "Ownyourmind, Akash review 2026: +128 % in a year (log 0.82)",
            0.4,
            1.2,
        ),
        "demand_growth_spread": _note("standard deviation of that rate over seeds", "1/year"),
        "demand_growth_years": _note("time in which growth falls to 1/e", "years"),
        "demand_noise": _note(
            "stationary standard deviation of log demand around its trend", "log"
        ),
        "elasticity": _note(
            "fall of hours asked per rise of price, both in per cent",
            "1",
            "Jiang, Lee, Zomaya, Price Elasticity of the Enterprise Computing Resource Market: "
            "public clouds are modestly elastic; the size is an assumption",
            0.8,
            2.5,
        ),
        "unit_price_usd_h": _note(
            "price of an hour of one consumer GPU (RTX 4090 class)",
            "USD/h",
            f"{_VAST}: 0.31 to 0.45; RunPod 0.34 (DeployBase, March 2026)",
        ),
        "outside_price_fall": _note(
            "yearly fall of the price elsewhere, and of what hardware costs",
            "1/year",
            "RBC in FT Alphaville, October 2025: H100 -22 %, H200 -29 % in a year; consumer cards "
            "steadily down (gerra, GPU Rental Market, May 2026); 15 % is an assumption",
            0.05,
            0.30,
        ),
        "clearing_speed_day": _note(
            "daily change of log price per unit of load above target", "1/day"
        ),
        "target_load": _note(
            "share of hours sold at which the unit price rests", "1", f"{_AKASH}: 50 to 70 %"
        ),
        "gpus_per_provider": _note("GPUs of an average provider", "GPU"),
        "power_usd_kwh": _note(
            "electricity for a home, mean of cheap and dear regions",
            "USD/kWh",
            "Eurostat, 29 October 2025: EU homes 0.287 EUR/kWh; United States near 0.17; cohorts "
            "span 0.09 to 0.31",
        ),
        "power_kw": _note(
            "draw of one GPU under load", "kW", "DeployBase, March 2026: RTX 4090 450 W"
        ),
        "hurdle_usd_day": _note(
            "profit a day and GPU for which providers come, about what it earns elsewhere",
            "USD",
            f"{ASSUMED}; {_VAST} lists 0.31 USD/h, at an assumed load of 30 % less power and a "
            "quarter for the platform 1.1; Terabyte Triangle, 30 May 2026: 1.00 net for an RTX "
            "4090 that renders at 65 % load",
            0.6,
            2.4,
        ),
        "entry_speed_day": _note(
            "largest daily growth of a cohort by entry", "1/day", ASSUMED, 0.005, 0.02
        ),
        "churn_year": _note(
            "share of providers that leave in a year for reasons of their own", "1/year"
        ),
        "distress_exit_day": _note(
            "daily exit of providers that cannot pay their bills", "1/day", ASSUMED, 0.01, 0.06
        ),
        "cash_days": _note(
            "bills that a provider can pay from savings", "days", ASSUMED, 30.0, 120.0
        ),
        "surplus_sold": _note(
            "share of liquid income beyond the bills that honest providers sell",
            "1",
            ASSUMED,
            0.25,
            1.0,
        ),
        "volatility_year": _note(
            "volatility of the token by news alone",
            "1/year",
            f"{ASSUMED}; HNT, FIL and AKT fell 79, 64 and 42 % in the year to June 2026 (Gate)",
            0.7,
            1.4,
        ),
        "jumps_year": _note("jumps of the price", "1/year"),
        "jump_size": _note("standard deviation of a jump of log price", "log"),
        "price_to_fees": _note(
            "value that speculators give to 1 USD of yearly fees, median seed",
            "years",
            "Akash 175 M USD (BitcoinsNews, 9 May 2026) over 1 to 5 M USD of yearly compute spend "
            "(Ownyourmind, Akash review 2026) is 35 to 175; the low end is taken",
            20.0,
            80.0,
        ),
        "option_value_usd": _note("value that speculators give to the hope of growth alone", "USD"),
        "anchor_pull_year": _note("pull of the price towards that value", "1/year"),
        "flow_multiplier": _note(
            "per cent of price per per cent of liquid float bought, lasting part",
            "1",
            "Gabaix and Koijen, In Search of the Origins of Financial Fluctuations: about 5 for "
            "equities; 3 is an assumption for a market with fast money",
            1.0,
            5.0,
        ),
        "impact_factor": _note(
            "factor Y of the square-root law of impact, passing part",
            "1",
            "Donier and Bonart, A Million Metaorder Analysis of Market Impact on the Bitcoin, "
            "arXiv 1412.4503: square root holds, impact of uninformed flow decays almost wholly",
        ),
        "turnover_day": _note("daily trade as a share of the liquid float", "1"),
        "impact_halflife_days": _note("time in which passing impact halves", "days"),
        "stake_share_max": _note(
            "share of circulating tokens staked at an endless yield",
            "1",
            f"{_FORUM}: 44 % staked at a yield of 58 %; Staked by Kraken, Q3 2023: 52 % at 10 %",
            0.4,
            0.8,
        ),
        "stake_yield_half": _note(
            "yield at which half of that is staked",
            "1/year",
            f"{ASSUMED}, between the two networks above",
            0.04,
            0.16,
        ),
        "stake_speed_day": _note(
            "daily share of the gap to the wanted stake that is closed", "1/day"
        ),
        "delegator_sells": _note("share of delegation income that is sold", "1"),
        "commission": _note("share of delegation income that the provider keeps", "1"),
        "team_sells": _note(
            "share of released team and backer tokens that is sold, over 90 days", "1"
        ),
        "treasury_spend_month": _note(
            "share of the treasury spent in 30 days, half of the limit", "1"
        ),
        "lock_multiple": _note(
            "lock as a multiple of a job's price", "1", "SDK default of the design"
        ),
        "lock_days": _note(
            "mean time a lock is held", "days", "challenge window and draw of the design: 2 to 3 h"
        ),
        "audit_pay": _note(
            "pay of an auditor as a share of the price, mean over job classes",
            "1",
            "design section 3: 25 % for GENERATION, the class with most jobs",
        ),
        "cheat_share": _note(
            "share of fees taken by providers that try to cheat", "1", ASSUMED, 0.002, 0.05
        ),
        "late_claim_share": _note("share of undetected cheats proven in the late window", "1"),
        "exit_panic_week": _note("share of the vault asking for early exit in a quiet week", "1"),
        "exit_panic_drop": _note(
            "further share a week when the price has halved in 90 days", "1", ASSUMED, 0.03, 0.3
        ),
        "exit_deterrence": _note(
            "how strongly a penalty holds back those who would like to leave: wishes "
            "fall by exp(-x times penalty)",
            "1",
            ASSUMED,
            0.0,
            8.0,
        ),
        "turnout": _note(
            "votes cast on an ordinary proposal, as a share of all votes",
            "1",
            f"{_FALK}: about 5 % of supply votes; a third of it is locked and can vote here",
            0.05,
            0.30,
        ),
        "turnout_roused": _note(
            "votes cast once holders know of an attack", "1", ASSUMED, 0.2, 0.6
        ),
        "rouse_weeks": _note(
            "mean time until holders have taken their votes back", "weeks", ASSUMED, 1.0, 8.0
        ),
        "attack_budget_usd": _note(
            "money of a governance attacker, median seed", "USD", ASSUMED, 250_000.0, 4_000_000.0
        ),
        "grant_weeks": _note(
            "weekly payments out of the insurance that an attacker passes with one vote; nothing "
            "in the contracts forbids to vote on many proposals at once and to execute them later",
            "weeks",
            ASSUMED,
            1.0,
            104.0,
        ),
        "accounts_per_provider": _note("vault accounts of one provider", "1"),
    }
)


def world_with(base: World | None = None, **changes: float) -> World:
    """Return a world with some numbers changed.

    Raises:
        TypeError: a name is not one of :class:`World`.
    """
    return replace(base or World(), **changes)


def rows() -> list[tuple[str, float, Note]]:
    """Return name, value and note of every assumption, in the order of :class:`World`."""
    world = World()
    return [(f.name, float(getattr(world, f.name)), NOTES[f.name]) for f in fields(World)]


def swings() -> list[tuple[str, float, float]]:
    """Return name, low and high of the assumptions that the sensitivity runs vary."""
    return [
        (name, note.low, note.high)
        for name, note in NOTES.items()
        if note.low is not None and note.high is not None
    ]


@dataclass(frozen=True, slots=True)
class Cohort:
    """One kind of provider, costs for one GPU.

    Attributes:
        name: shown in the report.
        power_usd_kwh: electricity, USD.
        fixed_usd_day: idle power, network, care and repayment, USD a day, due in cash.
        share: share of capacity at the start.
        cash: multiple of ``cash_days`` that its savings cover.
        role: ``honest``, ``mercenary``, ``wash`` or ``cheat``.
    """

    name: str
    power_usd_kwh: float
    fixed_usd_day: float
    share: float
    cash: float
    role: str = "honest"


COHORTS: tuple[Cohort, ...] = (
    Cohort("idle computer, cheap power", 0.12, 0.10, 0.25, 2.0),
    Cohort("idle computer, dear power", 0.31, 0.15, 0.20, 2.0),
    Cohort("small farm, paid off", 0.14, 0.50, 0.20, 1.0),
    Cohort("farm with a loan", 0.11, 1.60, 0.15, 0.5),
    Cohort("data centre, rented rack", 0.09, 2.40, 0.10, 0.5),
    Cohort("mercenary farm", 0.10, 1.20, 0.08, 0.3, "mercenary"),
    Cohort("wash ring", 0.12, 0.10, 0.01, 1.0, "wash"),
    Cohort("cheat", 0.12, 0.10, 0.01, 1.0, "cheat"),
)
ROLES: tuple[str, ...] = tuple(cohort.role for cohort in COHORTS)
HONEST: tuple[int, ...] = tuple(i for i, role in enumerate(ROLES) if role == "honest")
MERCENARY, WASH, CHEAT = (ROLES.index(role) for role in ("mercenary", "wash", "cheat"))
COHORT_SOURCE = (
    "assumption; fixed costs of the loan follow an RTX 4090 of about 1,800 USD repaid in three to "
    "four years, power spans Eurostat and United States homes and industry"
)
