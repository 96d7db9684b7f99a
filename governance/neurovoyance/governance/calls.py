"""Intentions as calls of contracts, and calls read back as words.

Place: pure; between ``intentions`` and a proposal's calldata. Decoding trusts nothing that a
proposer wrote: the words of a proposal are made from its calldata alone. Never: a call that these
tools would make and could not read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.abi import function_abi_to_4byte_selector

from neurovoyance.chain.abi_codec import Call, contract_abi, decode_values
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.governing import key_bytes
from neurovoyance.governance.intentions import (
    CanaryListing,
    ChallengeRuling,
    GuardianRenewal,
    Intention,
    ModelSuspension,
    ParameterChange,
    Payment,
    SlashReduction,
    clause_of,
)
from neurovoyance.protocol.errors import RpcError
from neurovoyance.protocol.ids import Address
from neurovoyance.tokenomics.params import PARAMETERS

_CONTRACTS = {
    "params": "ProtocolParams",
    "treasury": "Treasury",
    "insurance_fund": "InsuranceFund",
    "guardian": "Guardian",
    "stake_manager": "StakeManager",
    "canaries": "Canaries",
    "registry": "ModelRegistry",
}


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """One call of a proposal, as far as it is understood.

    Attributes:
        contract: name of the contract; empty if it is none of this deployment.
        function: name of the function; empty if the contract has no such function.
        args: its arguments, or empty.
        intention: what it means, if these tools can propose it.
        words: a sentence for people, in any case.
        note: text that the call carries, such as the reason of a payment.
    """

    target: Address
    calldata: bytes
    contract: str
    function: str
    args: tuple[Any, ...]
    intention: Intention | None
    words: str
    note: str = ""


def call_of(deployment: Deployment, intention: Intention, reason: str) -> Call:
    """Return the call that does what an intention says; ``reason`` goes into payments."""
    if isinstance(intention, ParameterChange):
        args: tuple[Any, ...] = (key_bytes(intention.key), intention.value)
        return _call("ProtocolParams", deployment.params, "set", args)
    if isinstance(intention, Payment):
        args = (intention.to, intention.amount_wei, reason)
        if intention.fund == "treasury":
            return _call("Treasury", deployment.treasury, "pay", args)
        return _call("InsuranceFund", deployment.insurance_fund, "pay", args)
    if isinstance(intention, GuardianRenewal):
        return _call("Guardian", deployment.guardian, "renew", (intention.holder,))
    if isinstance(intention, SlashReduction):
        args = (intention.slash_id, intention.amount_wei)
        return _call("StakeManager", deployment.stake_manager, "reduceSlash", args)
    if isinstance(intention, ModelSuspension):
        return _call("ModelRegistry", deployment.registry, "suspend", (intention.model_id,))
    if isinstance(intention, ChallengeRuling):
        args = (intention.model_id, intention.is_upheld)
        return _call("ModelRegistry", deployment.registry, "rule", args)
    listing = (intention.model_id, intention.pool, intention.batch, intention.max_runtime_s)
    return _call("Canaries", deployment.canaries, "setModel", (*listing, intention.is_listed))


def decode_call(deployment: Deployment, target: str, calldata: bytes) -> DecodedCall:
    """Return what a call does, in words; what is not understood is said to be so."""
    address = Address(target)
    contract = contract_at(deployment, target)
    entry = _function_entry(contract, calldata)
    if entry is None:
        selector = "0x" + calldata[:4].hex()
        where = contract or "a contract that is not part of this deployment"
        words = f"calls an unknown function {selector} of {where} at {target}"
        return DecodedCall(address, calldata, contract, "", (), None, words)
    name = str(entry["name"])
    try:
        args = decode_values(entry["inputs"], calldata[4:], name)
    except RpcError:
        words = f"calls {contract}.{name} with arguments that do not fit it; it will fail"
        return DecodedCall(address, calldata, contract, name, (), None, words)
    intention = _intention_of(contract, name, args)
    if intention is None or call_of(deployment, intention, _note(args)).data != calldata:
        shown = ", ".join(_shown(value) for value in args)
        words = f"calls {contract}.{name}({shown})"
        return DecodedCall(address, calldata, contract, name, args, None, words)
    note = _note(args) if isinstance(intention, Payment) else ""
    return DecodedCall(
        address, calldata, contract, name, args, intention, clause_of(intention), note
    )


def decode_calls(
    deployment: Deployment, targets: Sequence[str], calldatas: Sequence[bytes]
) -> tuple[DecodedCall, ...]:
    """Return every call of a proposal in words."""
    pairs = zip(targets, calldatas, strict=True)
    return tuple(decode_call(deployment, target, data) for target, data in pairs)


def contract_at(deployment: Deployment, target: str) -> str:
    """Return the name of the contract at an address of a deployment; empty if there is none."""
    for name, address in deployment.named_addresses().items():
        if address == target:
            return _CONTRACTS.get(name, name)
    return ""


def _call(contract: str, address: Address, function: str, args: tuple[Any, ...]) -> Call:
    return Call(contract_abi(contract), address, function, args)


def _function_entry(contract: str, calldata: bytes) -> dict[str, Any] | None:
    if contract not in _CONTRACTS.values():
        return None
    for entry in contract_abi(contract).functions.values():
        if bytes(function_abi_to_4byte_selector(entry)) == calldata[:4]:  # type: ignore[arg-type]
            return entry
    return None


def _intention_of(contract: str, function: str, args: tuple[Any, ...]) -> Intention | None:
    match (contract, function):
        case ("ProtocolParams", "set"):
            key = bytes(args[0]).rstrip(b"\0").decode("ascii", errors="replace")
            is_known = key in PARAMETERS and bool(PARAMETERS[key].word)
            return ParameterChange(key, int(args[1])) if is_known else None
        case ("Treasury", "pay"):
            return Payment("treasury", Address(args[0]), int(args[1]))
        case ("InsuranceFund", "pay"):
            return Payment("insurance fund", Address(args[0]), int(args[1]))
        case ("Guardian", "renew"):
            return GuardianRenewal(Address(args[0]))
        case ("StakeManager", "reduceSlash"):
            return SlashReduction(bytes(args[0]), int(args[1]))
        case ("Canaries", "setModel"):
            model_id, pool, batch, runtime_s, is_listed = args
            return CanaryListing(bytes(model_id), bytes(pool), batch, runtime_s, is_listed)
        case ("ModelRegistry", "suspend"):
            return ModelSuspension(bytes(args[0]))
        case ("ModelRegistry", "rule"):
            return ChallengeRuling(bytes(args[0]), bool(args[1]))
    return None


def _note(args: tuple[Any, ...]) -> str:
    return str(args[2]) if len(args) == 3 and isinstance(args[2], str) else ""


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
