"""Who may call what: every state-changing function of every contract, classified by hand.

A function that is missing here fails ``test_genesis``: whoever adds one says who may call it.
``OWN``: it touches what the caller owns, signed, is party to or is drawn for, and nothing else.
``ANYONE``: open to everybody by design; the caller chooses when, not what happens.
Any other word is the error with which a caller without the right is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.governing import key_bytes

OWN = "own"
ANYONE = "anyone"


def _all(power: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), power)


_TIMELOCK = {
    **_all(
        "AccessControlUnauthorizedAccount", "schedule scheduleBatch execute executeBatch cancel"
    ),
    # It may be sent collectibles; no proposal can move them.
    **_all(ANYONE, "onERC721Received onERC1155Received onERC1155BatchReceived"),
}
_GOVERNOR = {
    # These count past votes of the caller; a cancel is the proposer's, or the Guardian's.
    **_all(OWN, "propose castVote castVoteWithReason castVoteWithReasonAndParams cancel"),
    **_all(OWN, "castVoteBySig castVoteWithReasonAndParamsBySig"),
    **_all(ANYONE, "queue execute"),
    **_all("ProtocolGovernorFixed", "relay"),
    **_all("GovernorDisabledDeposit", "onERC721Received onERC1155Received onERC1155BatchReceived"),
}

POWERS: Mapping[str, Mapping[str, str]] = {
    "ComputeToken": _all(OWN, "approve burn burnFrom permit transfer transferFrom"),
    "BlockHashBeacon": {},
    "StakeManager": {
        **_all(OWN, "register setOperator setEndpoint setCommission takeSeats leaveSeats"),
        **_all(OWN, "stake stakeWithPermit requestUnbonding withdrawUnbonded"),
        **_all(OWN, "delegate requestUndelegation withdrawUndelegated"),
        **_all(ANYONE, "pruneSeats finalizeSlash slashVesting syncVotes"),
        **_all("StakeManagerOnlyCourt", "lock unlock slashLock slashFree bookSlash"),
        "slashTimeout": "StakeManagerOnlyMarket",
        **_all("StakeManagerOnlyEmission", "notifyReward takeReward"),
        "scaleAge": "StakeManagerOnlyVault",
        "reduceSlash": "StakeManagerOnlyTimelock",
        "collectInsurance": "StakeManagerOnlyInsurance",
    },
    "JobMarket": {
        **_all(OWN, "deposit depositWithPermit withdraw harvest open post cancel accept"),
        **_all(OWN, "commit reveal drawAndReveal declareInvalid confirm revokeNonce"),
        **_all(OWN, "openWithPermit postWithPermit"),
        **_all(ANYONE, "draw expire settle settleBatch closeLock"),
        **_all("JobMarketOnlyCourt", "collect courtPay courtMove doubleWindow"),
        "creditSlash": "JobMarketOnlyStakeManager",
    },
    "ModelRegistry": {
        **_all(OWN, "register withdrawBond"),
        **_all(ANYONE, "challenge lapse"),
        **_all("ModelRegistryOnlyArbiter", "rule suspend"),
    },
    "AuditCourt": {
        **_all(OWN, "commitAudit revealAudit answer concede contest fundPool"),
        **_all(ANYONE, "openAudit drawAndOpen voidJob seat closeVotes expire expireContest"),
        "bookSlash": ANYONE,
        "endStreak": "AuditCourtOnlyMarket",
    },
    "DisputeCourt": {
        **_all(OWN, "challenge appeal commitVote revealVote postTrace point"),
        **_all(ANYONE, "advance drawReferees closeReferee bookSlash"),
        "openContest": "DisputeCourtOnlyAuditCourt",
    },
    "FeeRouter": {
        "harvest": OWN,
        **_all(ANYONE, "sweep vest"),
        "record": "FeeRouterOnlyMarket",
    },
    "VestingVault": {
        **_all(OWN, "release requestExit executeExit"),
        "syncVotes": ANYONE,
        "deposit": "VestingVaultOnlyDepositor",
        "slash": "VestingVaultOnlyStakeManager",
    },
    "EmissionController": {
        **_all(OWN, "claim claimDelegated"),
        **_all(ANYONE, "roll register handOn vest expire"),
    },
    "Canaries": {
        "fund": OWN,
        **_all(ANYONE, "request draw take miss score"),
        "setModel": "CanariesOnlyTimelock",
    },
    "InsuranceFund": {
        "fund": OWN,
        **_all(ANYONE, "collect payVerdict topUpPool"),
        "pay": "InsuranceFundOnlyTimelock",
    },
    "Treasury": {"fund": OWN, "collectGrant": ANYONE, "pay": "TreasuryOnlyTimelock"},
    "PaymentChannels": {
        **_all(OWN, "open topUp requestClose redeem redeemDelegated closeSide reclaim"),
        **_all(ANYONE, "settle settleBatch closeLock"),
    },
    "ProtocolParams": {
        "set": "ProtocolParamsWrongClass",
        **_all("ProtocolParamsOnlyBreaker", "trip pause"),
    },
    "VotingPower": {**_all(OWN, "delegate delegateBySig"), "move": "VotingPowerOnlySource"},
    "Guardian": {
        **_all("GuardianNotHolder", "cancel pause"),
        "renew": "GuardianOnlyTimelock",
    },
    "StandardGovernor": _GOVERNOR,
    "ConstitutionalGovernor": _GOVERNOR,
    "ProtocolTimelock": _TIMELOCK,
    "Grant": {
        **_all(ANYONE, "release() release(address)"),  # they pay the owner
        **_all("OwnableUnauthorizedAccount", "transferOwnership renounceOwnership"),
    },
}
"""State-changing functions by contract; overloaded ones with their types."""

SUSPICIOUS = (
    r"(?i)owner|admin|role|upgrad|implement|proxy|initiali|mint|pause|freez|black|allowlist|rescue|"
    r"recover|migrat|kill|destr|selfd|delegatecall|multicall|relay|emergency|arbiter|holder|reclaim|"
    r"(?-i:^set[A-Z])|^update|^grant|^revoke|^renounce|^trip$|^sweep$|^pay$"
)
"""What a name looks like that gives somebody power over others' money or over the code."""

DOCUMENTED: Mapping[str, frozenset[str]] = {
    # A provider's own settings.
    "StakeManager": frozenset({"setOperator", "setEndpoint", "setCommission"}),
    "JobMarket": frozenset({"revokeNonce"}),  # withdraws one's own offer
    "ModelRegistry": frozenset({"arbiter"}),  # the Standard timelock
    "FeeRouter": frozenset({"sweep"}),  # hands the pots on to where they belong
    "Canaries": frozenset({"setModel"}),  # the Standard timelock
    # The Constitutional timelock, within limits; and a view of them.
    "InsuranceFund": frozenset({"pay", "grantLeftNow"}),
    "Treasury": frozenset({"pay"}),  # the timelocks, within limits
    "PaymentChannels": frozenset({"reclaim"}),  # the client's own rest
    "ProtocolParams": frozenset(
        {"pause", "pausedUntil", "trip"}
    ),  # early exits and large jobs alone
    "Guardian": frozenset({"pause", "holder"}),
    # OpenZeppelin's; those that would change something always revert.
    "StandardGovernor": frozenset({"relay", "updateTimelock", "setLateQuorumVoteExtension"}),
    "ConstitutionalGovernor": frozenset({"relay", "updateTimelock", "setLateQuorumVoteExtension"}),
    "ProtocolTimelock": frozenset(
        {
            *("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"),
            *("getRoleAdmin", "hasRole"),
            *("grantRole", "revokeRole", "renounceRole", "updateDelay"),
        }
    ),
    "Grant": frozenset({"owner", "transferOwnership", "renounceOwnership"}),  # the beneficiary's
}
"""Functions with such a name, each with who may use it."""

FIXED = {
    "StandardGovernor": _all("ProtocolGovernorFixed", "updateTimelock setLateQuorumVoteExtension"),
    "ConstitutionalGovernor": _all(
        "ProtocolGovernorFixed", "updateTimelock setLateQuorumVoteExtension"
    ),
    "ProtocolTimelock": _all("TimelockFixed", "grantRole revokeRole renounceRole updateDelay"),
}
"""Inherited setters, which refuse everybody, the timelock itself, too."""

_SOMEBODY = "0x" + "11" * 20


def _sample(param: dict[str, Any]) -> Any:
    """Return a value of a parameter's type that is not zero; lists of any length are empty."""
    kind = str(param["type"])
    if kind.endswith("[]"):
        return []
    if kind.endswith("]"):
        base, length = kind[:-1].rsplit("[", 1)
        return [_sample({**param, "type": base}) for _ in range(int(length))]
    if kind == "tuple":
        return tuple(_sample(part) for part in param["components"])
    known = {
        "address": _SOMEBODY,
        "bool": True,
        "string": "x",
        "bytes": b"",
        "bytes32": b"\1" * 32,
    }
    if kind in known:
        return known[kind]
    return bytes([1] * int(kind[5:])) if kind.startswith("bytes") else 1


def arguments_of(contract: str, function: str) -> tuple[Any, ...]:
    """Return arguments that a function takes; of a real parameter where a name is asked for."""
    if (contract, function) == ("ProtocolParams", "set"):
        return key_bytes("burnBps"), 450
    return tuple(_sample(param) for param in contract_abi(contract).function(function)["inputs"])


def address_views(contract: str) -> list[str]:
    """Return the functions without arguments that answer with one address."""
    return [
        name
        for name, entry in contract_abi(contract).functions.items()
        if not entry["inputs"] and [out["type"] for out in entry["outputs"]] == ["address"]
    ]
