"""The rules that a run plays: ours from ``params.json``, four others, and ours less one mechanism.

Place: ``engine`` reads nothing of the protocol but a :class:`Policy`. Shares are fractions of 1,
tokens NVY. The other networks are likenesses on our market and with our budget in the first year,
so that rules are compared and not sizes.
Never: a default of ours written here; it comes from ``params.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.params import default_of

_BPS = 1e4
_WAD = 1e18


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules of an economy.

    Attributes:
        name: what ``--policy`` takes.
        title: what the report prints.
        family: ``ours``, ``baseline`` or ``ablation``.
        emission: ``ours``, ``filecoin`` (baseline minting), ``livepeer`` (ratchet) or ``akash``
            (burn and mint; only the availability part is emitted).
        work_by: ``fees`` or ``capacity``, by what the work pool is shared out.
        usage: whether the work pool scales with fees.
        controller: whether the availability share follows the stake.
        burn_mint: whether clients burn tokens and providers are paid by minting.
        grants_by: whose vote grants money of the insurance, ``constitutional`` or ``standard``.
        grant_epoch: share of the fund that grants may take in an epoch, within the epoch's limit.
    """

    name: str
    title: str
    family: str
    burn: float
    treasury: float
    insurance: float
    audit: float
    vest: float
    rho: float
    avail_start: float
    avail_step: float
    avail_floor: float
    avail_ceil: float
    stake_target: float
    stake_band: float
    wash_cap: float
    baseline: float
    baseline_growth: float
    emission_liquid: float
    loyalty: float
    vest_epochs: int
    p0: float
    p1: float
    holder: float
    penalty_burn: float
    exit_cap: float
    min_stake: float
    delegation_multiple: float
    stake_slash: float
    vest_slash: float
    slash_burn: float
    slash_finder: float
    slash_referee: float
    slash_client: float
    daily_slash: float
    unbonding_days: int
    detect: float
    audit_min: float
    insurance_event: float
    insurance_epoch: float
    grant_epoch: float
    treasury_limit_month: float
    quorum: float
    quorum_floor: float
    threshold: float
    vote_days: float
    guardian_days: float
    breaker_slash: float
    const_quorum: float
    const_quorum_floor: float
    const_majority: float
    const_vote_days: float
    const_wait_days: float
    emission: str = "ours"
    work_by: str = "fees"
    usage: bool = True
    controller: bool = True
    burn_mint: bool = False
    grants_by: str = "constitutional"

    @property
    def sink(self) -> float:
        """Return the share of a fee that nobody gets back: burn, treasury and insurance."""
        return self.burn + self.treasury + self.insurance

    @property
    def liquid(self) -> float:
        """Return the share of a fee that the provider gets at once."""
        return 1.0 - self.sink - self.audit - self.vest


def _bps(key: str) -> float:
    return default_of(key) / _BPS


def _nvy(key: str) -> float:
    return default_of(key) / _WAD


def ours() -> Policy:
    """Return the documented defaults, as ``params.json`` holds them."""
    vote_s = sum(map(default_of, ("standardDelayS", "standardPeriodS", "standardTimelockS")))
    slow_s = sum(map(default_of, ("constitutionalDelayS", "constitutionalPeriodS")))
    return Policy(
        name="ours", title="Neurovoyance", family="ours",
        burn=_bps("burnBps"), treasury=_bps("treasuryBps"), insurance=_bps("insuranceBps"),
        audit=_bps("auditBps"), vest=_bps("vestBps"),
        rho=default_of("rhoWad") / _WAD,
        avail_start=_bps("availGenesisBps"), avail_step=_bps("availStepBps"),
        avail_floor=_bps("availFloorBps"), avail_ceil=_bps("availCeilBps"),
        stake_target=_bps("stakeTargetBps"), stake_band=_bps("stakeBandBps"),
        wash_cap=_bps("washCapBps"), baseline=_nvy("baselineGenesisWei"),
        baseline_growth=_bps("baselineGrowthBps"), emission_liquid=_bps("emissionLiquidBps"),
        loyalty=_bps("loyaltyBps"), vest_epochs=default_of("vestEpochs"),
        p0=_bps("exitBaseBps"), p1=_bps("exitSlopeBps"), holder=_bps("holderBps"),
        penalty_burn=_bps("penaltyBurnBps"), exit_cap=_bps("exitCapBps"),
        min_stake=_nvy("minSelfStakeWei"),
        delegation_multiple=float(default_of("delegationMultiple")),
        stake_slash=_bps("stakeSlashBps"), vest_slash=_bps("vestSlashBps"),
        slash_burn=_bps("slashBurnBps"), slash_finder=_bps("slashFinderBps"),
        slash_referee=_bps("slashRefereeBps"), slash_client=_bps("slashClientBps"),
        daily_slash=_bps("dailySlashBps"), unbonding_days=default_of("unbondingS") // 86_400,
        detect=_bps("detectBps"), audit_min=_bps("auditMinBps"),
        insurance_event=_bps("insurancePerEventBps"), insurance_epoch=_bps("insurancePerEpochBps"),
        grant_epoch=_bps("insuranceGrantBps"),
        treasury_limit_month=_bps("treasuryStandardBps"), quorum=_bps("standardQuorumBps"),
        quorum_floor=_nvy("standardQuorumFloorWei"), threshold=_bps("standardThresholdBps"),
        vote_days=vote_s / 86_400, guardian_days=default_of("guardianTermS") / 86_400,
        breaker_slash=_bps("breakerSlashBps"),
        const_quorum=_bps("constitutionalQuorumBps"),
        const_quorum_floor=_nvy("constitutionalQuorumFloorWei"),
        const_majority=_bps("constitutionalMajorityBps"), const_vote_days=slow_s / 86_400,
        const_wait_days=default_of("constitutionalTimelockS") / 86_400,
    )  # fmt: skip


def _baselines(base: Policy) -> tuple[Policy, ...]:
    free = {"vest": 0.0, "emission_liquid": 1.0}
    plain = {"wash_cap": float("inf"), "loyalty": 0.0, "controller": False, "family": "baseline"}
    no_fees = {"burn": 0.0, "treasury": 0.0, "insurance": 0.0, "audit": 0.0}
    return (
        replace(base, name="no-vesting", title="No vesting", family="baseline", **free),  # type: ignore[arg-type]
        replace(
            base, name="filecoin-like", title="Filecoin-like", emission="filecoin", vest=0.0,
            work_by="capacity", emission_liquid=0.25, vest_epochs=26, exit_cap=0.0,
            treasury=0.0, insurance=0.0, audit=0.0, **plain,  # type: ignore[arg-type]
        ),
        replace(
            base, name="livepeer-like", title="Livepeer-like", emission="livepeer",
            stake_target=0.5, stake_band=0.0, **free, **no_fees, **plain,  # type: ignore[arg-type]
        ),
        replace(
            base, name="burn-mint", title="Burn and mint (Akash-like)", emission="akash",
            burn_mint=True, **free, **no_fees, **plain,  # type: ignore[arg-type]
        ),
    )  # fmt: skip


def _ablations(base: Policy) -> tuple[Policy, ...]:
    changes: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("no-fee-vesting", "fees not vested", {"vest": 0.0}),
        ("no-emission-vesting", "emission not vested", {"emission_liquid": 1.0}),
        ("no-exit-penalty", "no early-exit penalty", {"p0": 0.0, "p1": 0.0}),
        ("no-limiter", "no exit limiter", {"exit_cap": 1.0}),
        ("no-wash-cap", "no wash cap", {"wash_cap": float("inf")}),
        ("no-usage", "work pool always full", {"usage": False}),
        ("no-controller", "no stake controller", {"controller": False}),
        ("no-burn", "no fee burn (to the provider)", {"burn": 0.0}),
        ("no-loyalty", "no loyalty", {"loyalty": 0.0}),
        ("no-insurance", "no insurance slice (to the provider)", {"insurance": 0.0}),
        ("no-delegation", "no delegation", {"delegation_multiple": 0.0}),
        ("fast-grants", "grants up to the epoch's limit", {"grant_epoch": 1.0}),
        ("standard-grants", "grants by Standard vote", {"grants_by": "standard"}),
        (
            "fast-standard-grants",
            "grants by Standard vote, up to the epoch's limit",
            {"grants_by": "standard", "grant_epoch": 1.0},
        ),
        ("no-grants", "no grants at all", {"grant_epoch": 0.0}),
    )
    return tuple(
        replace(base, name=name, title=f"Ours, {title}", family="ablation", **change)  # type: ignore[arg-type]
        for name, title, change in changes
    )


def _all() -> Mapping[str, Policy]:
    base = ours()
    made = (base, *_baselines(base), *_ablations(base))
    return MappingProxyType({policy.name: policy for policy in made})


POLICIES: Mapping[str, Policy] = _all()


def policy_named(name: str) -> Policy:
    """Return a policy.

    Raises:
        ConfigError: there is none of that name; the hint lists all.
    """
    if name not in POLICIES:
        raise ConfigError(
            f"There is no policy called {name!r}; nothing was simulated.",
            hint="Choose one of: " + ", ".join(POLICIES) + ".",
        )
    return POLICIES[name]
