"""Every function of the contracts has a typed method, and every method a function."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest

from neurovoyance.chain import (
    channels,
    contracts,
    courts,
    disputes,
    emission,
    market,
    registry,
    rewards,
    staking,
)
from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.facade import Facade

# Where a contract names another one: the addresses stand in the deployment file, and are compared
# with the contracts by `verify_deployment`, so a facade may leave these views out.
LINKS = {"market", "token", "beacon", "stakeManager", "registry", "auditCourt", "disputeCourt"} | {
    *("refereeDraw", "traceCheck", "params", "vault", "votes", "emission", "channels", "feeRouter"),
    *("treasury", "insurance", "canaries", "excluded", "standardTimelock"),
}
# Only contracts may call these; eip712Domain is for wallets, which read it themselves.
NOT_FOR_US = {
    "StakeManager": {
        *("lock", "unlock", "slashTimeout", "slashLock", "slashFree", "bookSlash"),
        *("notifyReward", "takeReward", "scaleAge", "reduceSlash"),
    },
    "JobMarket": {
        *("courtMove", "doubleWindow", "collect", "courtPay", "creditSlash"),
        *("checkOpening", "checkSpec"),
    },
    "ComputeToken": {"eip712Domain"},
    "ModelRegistry": {"requireActive", "termsOf"},
    "AuditCourt": {"endStreak"},
    "DisputeCourt": {"openContest"},
    "FeeRouter": {"record"},
    "VestingVault": {"deposit", "slash"},
    "Canaries": {"setModel"},
    "PaymentChannels": {"eip712Domain"},
}
FACADES: list[tuple[ModuleType, type[Facade]]] = [
    (contracts, contracts.Token),
    (staking, staking.Stakes),
    (contracts, contracts.Beacon),
    (market, market.Market),
    (registry, registry.Registry),
    (courts, courts.Audits),
    (disputes, disputes.Disputes),
    (rewards, rewards.FeeRouter),
    (rewards, rewards.Vault),
    (emission, emission.Emission),
    (emission, emission.Canaries),
    (channels, channels.Channels),
]


def called_functions(cls: type[Facade]) -> set[str]:
    """Return the contract functions that a facade's methods name."""
    tree = ast.parse(inspect.getsource(cls))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            position = {"_read": 0, "prepare": 0, "_send": 2}.get(node.func.attr)
            if position is None:
                continue
            named = node.args[position]
            if isinstance(named, ast.Constant):
                found.add(str(named.value))
    return found


@pytest.mark.parametrize(("module", "cls"), FACADES, ids=lambda v: getattr(v, "contract", ""))
def test_methods_and_functions_match(module: ModuleType, cls: type[Facade]) -> None:
    expected = set(contract_abi(cls.contract).functions) - NOT_FOR_US.get(cls.contract, set())
    called = called_functions(cls)
    assert called - LINKS == expected - LINKS
    assert called <= expected


@pytest.mark.parametrize(("module", "cls"), FACADES, ids=lambda v: getattr(v, "contract", ""))
def test_methods_are_documented_and_typed(module: ModuleType, cls: type[Facade]) -> None:
    for name, method in inspect.getmembers(cls, inspect.iscoroutinefunction):
        if not name.startswith("_"):
            assert method.__doc__, f"{cls.__name__}.{name} has no docstring"
            assert method.__annotations__["return"], name


def test_sending_methods_take_an_idempotency_key() -> None:
    for _, cls in FACADES:
        for name, method in inspect.getmembers(cls, inspect.iscoroutinefunction):
            if method.__annotations__.get("return") == "Receipt" and not name.startswith("_"):
                parameter = inspect.signature(method).parameters["idempotency_key"]
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name
