"""What a deployment consists of: every contract, its arguments, and the genesis money.

Place: pure data for ``deploy``. The contracts name each other and none can change it later, so all
addresses are computed before the first contract exists; a step's arguments are functions of them.
Amounts follow the design of the token: they sum to the cap, and every wei has its holder.
Never: a contract with an owner, or a role for the deployer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from eth_utils.crypto import keccak

from neurovoyance.chain.courts import AuditPolicy
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.units import WEI_PER_NVY

Addresses: TypeAlias = Mapping[str, Address]

CAP_WEI = 1_000_000_000 * WEI_PER_NVY
RESERVE_WEI = 600_000_000 * WEI_PER_NVY
TREASURY_WEI = 150_000_000 * WEI_PER_NVY
CANARIES_WEI = 100_000 * WEI_PER_NVY
"""First budget of canaries, out of the treasury's part."""
TEAM_WEI = 100_000_000 * WEI_PER_NVY
BACKERS_WEI = 50_000_000 * WEI_PER_NVY
INSURANCE_WEI = 50_000_000 * WEI_PER_NVY
AUDIT_POOL_WEI = 2_000_000 * WEI_PER_NVY
"""First audit pool, out of the insurance fund's part."""
LIQUID_WEI = 10_000_000 * WEI_PER_NVY
TREASURY_GRANT_WEI = 40_000_000 * WEI_PER_NVY

_YEAR_S = 365 * 86_400
_WEEK_S = 7 * 86_400
GRANT_S = 4 * _YEAR_S
GRANT_CLIFF_S = _YEAR_S
TREASURY_GRANT_S = 104 * _WEEK_S


class CanaryModel(NamedTuple):
    """A model of the canaries' catalogue; mirrors ``ICanaries.CanaryModel``."""

    model_id: bytes
    pool: bytes
    batch: int
    max_runtime_s: int


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What the courts of a deployment are made with, for ever.

    Attributes:
        policy: see :class:`AuditPolicy`; a public network uses the protocol's parameters
            auditMinBps, auditFirstJobs, poolSeatsMin and poolOwnersMin.
        activation_delay_s: seconds between a model's registration and its first job
            (modelActivationS).
        arbiter: who suspends models and rules on challenged certificates; None for the Standard
            timelock, or without an economy the deployer.
    """

    policy: AuditPolicy
    activation_delay_s: int
    arbiter: str | None = None

    @classmethod
    def local(cls, *, min_bps: int = 200, first_jobs: int = 2) -> AuditSettings:
        """Return settings for a network on one machine: few seats, models active at once."""
        return cls(AuditPolicy(min_bps, first_jobs, seats_min=1, owners_min=1), 0)


@dataclass(frozen=True, slots=True)
class EconomySettings:
    """Who holds what when the token economy begins.

    Attributes:
        guardian: the multisig that may cancel proposals and pause, for 18 months.
        team, backers: whom the grants with a cliff of one year pay.
        liquid_wei: who holds the liquid tokens, 10,000,000 NVY together.
        canary_models: the canaries' first catalogue.
    """

    guardian: Address
    team: Address
    backers: Address
    liquid_wei: Mapping[Address, int]
    canary_models: Sequence[CanaryModel] = field(default_factory=tuple)

    @classmethod
    def local(cls, holder: Address) -> EconomySettings:
        """Return settings for a network on one machine, where one account is everybody."""
        return cls(holder, holder, holder, {holder: LIQUID_WEI})


class Step(NamedTuple):
    """One contract to create: its field in the record, its artefact, its arguments."""

    name: str
    contract: str
    args: Callable[[Addresses], tuple[Any, ...]]


def steps(
    deployer: Address,
    insurance: Address | None,
    audits: AuditSettings | None,
    economy: EconomySettings | None,
    time_s: int,
) -> list[Step]:
    """Return the contracts of a deployment behind token and beacon, in the order of creation.

    Args:
        deployer: arbiter and insurance where nobody else is.
        insurance: who collects the insurance share of slashes; with an economy the fund does.
        audits: None for a market without audits.
        economy: None for a market where providers earn the whole price.
        time_s: when the grants start, unix seconds.
    """
    found = [*_core(insurance or deployer)]
    if audits is not None:
        found += _courts(deployer, audits)
    if economy is not None:
        found += [*_rewards(economy), *_governance(economy), *_grants(economy, time_s)]
    return found


def genesis_wei(
    economy: EconomySettings, deployer: Address, found: Addresses
) -> dict[Address, int]:
    """Return the holders of the whole supply; the deployer holds for a moment what it funds.

    ``funded_wei`` says what it does with its part.
    """
    held = {
        found["emission"]: RESERVE_WEI,
        found["team_grant"]: TEAM_WEI,
        found["backers_grant"]: BACKERS_WEI,
        found["treasury_grant"]: TREASURY_GRANT_WEI,
    }
    for holder, amount_wei in economy.liquid_wei.items():
        held[holder] = held.get(holder, 0) + amount_wei
    held[deployer] = held.get(deployer, 0) + TREASURY_WEI + INSURANCE_WEI
    return held


def _core(insurance: Address) -> list[Step]:
    return [
        Step(
            "stake_manager",
            "StakeManager",
            lambda a: (
                a["token"],
                a["market"],
                a.get("insurance_fund", insurance),
                _of(a, "audit_court"),
                _of(a, "dispute_court"),
                _economy(a),
            ),
        ),
        Step(
            "market",
            "JobMarket",
            lambda a: (
                a["token"],
                a["stake_manager"],
                a["beacon"],
                _of(a, "audit_court"),
                _of(a, "dispute_court"),
                _economy(a),
            ),
        ),
    ]


def _courts(deployer: Address, audits: AuditSettings) -> list[Step]:
    def arbiter(a: Addresses) -> str:
        return audits.arbiter or a.get("standard_timelock", deployer)

    return [
        Step(
            "registry",
            "ModelRegistry",
            lambda a: (a["token"], arbiter(a), audits.activation_delay_s),
        ),
        Step(
            "audit_court",
            "AuditCourt",
            lambda a: (
                *_pick(a, "market", "stake_manager", "registry", "dispute_court"),
                tuple(audits.policy),
                _of(a, "params"),
            ),
        ),
        Step(
            "dispute_court",
            "DisputeCourt",
            lambda a: _pick(a, "market", "stake_manager", "registry", "audit_court", "beacon"),
        ),
    ]


def _rewards(economy: EconomySettings) -> list[Step]:
    fees = ("token", "market", "stake_manager", "channels", "audit_court", "vault", "treasury")
    vault = ("token", "stake_manager", "fee_router", "emission", "insurance_fund", "params")
    canaries = ("market", "stake_manager", "registry", "audit_court", "beacon", "params")
    models = [tuple(model) for model in economy.canary_models]
    return [
        Step("vault", "VestingVault", lambda a: _pick(a, *vault, "votes")),
        Step("fee_router", "FeeRouter", lambda a: _pick(a, *fees, "insurance_fund", "params")),
        Step("emission", "EmissionController", _emission_args),
        Step(
            "canaries",
            "Canaries",
            lambda a: (*_pick(a, *canaries, "standard_timelock"), models),
        ),
        Step(
            "insurance_fund",
            "InsuranceFund",
            lambda a: _pick(
                a,
                *("token", "market", "stake_manager", "audit_court"),
                *("constitutional_timelock", "params"),
            ),
        ),
        Step(
            "channels",
            "PaymentChannels",
            lambda a: _pick(a, "market", "stake_manager", "fee_router", "params"),
        ),
    ]


def _emission_args(a: Addresses) -> tuple[Any, ...]:
    named = _pick(a, "token", "stake_manager", "fee_router", "vault", "canaries", "params")
    grants = _pick(a, "team_grant", "backers_grant", "treasury_grant")
    return *named, [*_pick(a, "treasury", "insurance_fund", "vault"), *grants]


def _governance(economy: EconomySettings) -> list[Step]:
    timelocks = ("standard_timelock", "constitutional_timelock")
    return [
        Step(
            "params",
            "ProtocolParams",
            lambda a: _pick(a, *timelocks, "guardian", "stake_manager", "insurance_fund"),
        ),
        Step("votes", "VotingPower", lambda a: _pick(a, "stake_manager", "vault")),
        Step(
            "treasury",
            "Treasury",
            lambda a: (*_pick(a, "token", *timelocks, "params"), [a["treasury_grant"]]),
        ),
        Step(
            "guardian",
            "Guardian",
            lambda a: (
                economy.guardian,
                *_pick(a, "params", "constitutional_timelock"),
                *_pick(a, "standard_governor", "constitutional_governor"),
            ),
        ),
        Step(
            "standard_governor",
            "StandardGovernor",
            lambda a: (
                *_pick(a, "votes", "standard_timelock", "params", "guardian"),
                _standard_calls(a),
            ),
        ),
        Step(
            "constitutional_governor",
            "ConstitutionalGovernor",
            lambda a: (
                *_pick(a, "votes", "constitutional_timelock", "params", "guardian"),
                _constitutional_calls(a),
            ),
        ),
        Step(
            "standard_timelock",
            "ProtocolTimelock",
            lambda a: (*_pick(a, "standard_governor", "params"), False),
        ),
        Step(
            "constitutional_timelock",
            "ProtocolTimelock",
            lambda a: (*_pick(a, "constitutional_governor", "params"), True),
        ),
    ]


def _constitutional_calls(a: Addresses) -> list[tuple[str, bytes]]:
    return [
        (a["params"], selector("set(bytes32,uint256)")),
        (a["treasury"], selector("pay(address,uint256,string)")),
        (a["insurance_fund"], selector("pay(address,uint256,string)")),
        (a["guardian"], selector("renew(address)")),
    ]


def _standard_calls(a: Addresses) -> list[tuple[str, bytes]]:
    calls: list[tuple[str, bytes]] = [
        (a["params"], selector("set(bytes32,uint256)")),
        (a["treasury"], selector("pay(address,uint256,string)")),
        (a["stake_manager"], selector("reduceSlash(bytes32,uint256)")),
        (a["canaries"], selector("setModel(bytes32,bytes12,uint32,uint32,bool)")),
    ]
    if "registry" in a:
        # The Standard timelock is its arbiter.
        calls.append((a["registry"], selector("suspend(bytes32)")))
        calls.append((a["registry"], selector("rule(bytes32,bool)")))
    return calls


def _grants(economy: EconomySettings, time_s: int) -> list[Step]:
    return [
        Step("team_grant", "Grant", lambda _: (economy.team, time_s, GRANT_S, GRANT_CLIFF_S)),
        Step("backers_grant", "Grant", lambda _: (economy.backers, time_s, GRANT_S, GRANT_CLIFF_S)),
        Step("treasury_grant", "Grant", lambda a: (a["treasury"], time_s, TREASURY_GRANT_S, 0)),
    ]


def selector(signature: str) -> bytes:
    """Return the first four bytes of the hash of a function's signature."""
    return bytes(keccak(text=signature)[:4])


def _of(found: Addresses, name: str) -> Address:
    return found.get(name, ZERO_ADDRESS)


def _pick(found: Addresses, *names: str) -> tuple[Address, ...]:
    return tuple(_of(found, name) for name in names)


def _economy(found: Addresses) -> tuple[Address, ...]:
    return _pick(found, "params", "fee_router", "channels", "vault", "votes", "emission")
