"""Which contract names which: every address that a contract of ours stores, and what it must be.

Place: used by ``deploy`` to tell whether a record and a chain belong together. Data flow: the table
below -> a read call for each entry -> the first address that is not the recorded one. A test
compares the table with the interfaces, so that a new address cannot be forgotten.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from neurovoyance.chain.abi_codec import Call, contract_abi
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.deployment import Deployment
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address

_AT_ONCE = 16
"""Read calls under way at a time; a node asks all of them when it starts."""

CONTRACT_OF: Mapping[str, str] = {
    "token": "ComputeToken",
    "beacon": "BlockHashBeacon",
    "stake_manager": "StakeManager",
    "market": "JobMarket",
    "registry": "ModelRegistry",
    "audit_court": "AuditCourt",
    "dispute_court": "DisputeCourt",
    "params": "ProtocolParams",
    "votes": "VotingPower",
    "vault": "VestingVault",
    "fee_router": "FeeRouter",
    "emission": "EmissionController",
    "canaries": "Canaries",
    "insurance_fund": "InsuranceFund",
    "treasury": "Treasury",
    "channels": "PaymentChannels",
    "guardian": "Guardian",
    "standard_governor": "StandardGovernor",
    "constitutional_governor": "ConstitutionalGovernor",
    "standard_timelock": "ProtocolTimelock",
    "constitutional_timelock": "ProtocolTimelock",
    "team_grant": "Grant",
    "backers_grant": "Grant",
    "treasury_grant": "Grant",
}
"""The contract behind each field of a record."""

_VIEWS: Mapping[str, str] = {
    "stake_manager": "token market auditCourt disputeCourt params channels vault votes emission",
    "market": "token stakeManager beacon auditCourt disputeCourt params feeRouter channels",
    "registry": "token",
    "audit_court": "market stakeManager registry disputeCourt params",
    "dispute_court": "market stakeManager registry auditCourt beacon",
    "params": "standardTimelock constitutionalTimelock guardian stakeManager insurance",
    "votes": "stakeManager vault",
    "vault": "token stakeManager feeRouter emission insurance params votes",
    "fee_router": "token market stakeManager channels auditCourt vault treasury insurance params",
    "emission": "token stakeManager feeRouter vault canaries params",
    "canaries": "market stakeManager registry auditCourt beacon params standardTimelock",
    "insurance_fund": "token market stakeManager auditCourt constitutionalTimelock params",
    "treasury": "token standardTimelock constitutionalTimelock params",
    "channels": "market stakeManager feeRouter params",
    "guardian": "params constitutionalTimelock standardGovernor constitutionalGovernor",
    "standard_governor": "params guardian",
    "constitutional_governor": "params guardian",
    "standard_timelock": "params",
    "constitutional_timelock": "params",
}
"""Views that are named like the field they must show."""

_OTHERS: Mapping[str, Mapping[str, str]] = {
    "standard_governor": {"token": "votes", "timelock": "standard_timelock"},
    "constitutional_governor": {"token": "votes", "timelock": "constitutional_timelock"},
    "standard_timelock": {"governor": "standard_governor"},
    "constitutional_timelock": {"governor": "constitutional_governor"},
    "treasury_grant": {"owner": "treasury"},
}
"""Views with another name than their field."""

UNRECORDED: frozenset[tuple[str, str]] = frozenset(
    {
        ("registry", "arbiter"),  # the Standard timelock, unless a deployment chose another
        ("guardian", "holder"),  # votes may name another
        ("team_grant", "owner"),
        ("backers_grant", "owner"),
        ("dispute_court", "refereeDraw"),  # made by the court itself
        ("dispute_court", "traceCheck"),
    }
)
"""Addresses that no record holds."""


class Link(NamedTuple):
    """One stored address: the field of its holder, the view, and the field it must equal."""

    holder: str
    view: str
    target: str


def links_of(deployment: Deployment) -> tuple[Link, ...]:
    """Return what the contracts of a deployment must name."""
    present = deployment.named_addresses()
    return tuple(link for link in _links(deployment.has_economy) if link.holder in present)


def _links(has_economy: bool) -> Iterator[Link]:
    for holder, views in _VIEWS.items():
        for view in views.split():
            yield Link(holder, view, _field(view))
    for holder, targets in _OTHERS.items():
        for view, target in targets.items():
            yield Link(holder, view, target)
    if has_economy:  # else whoever was given at deployment collects
        yield Link("stake_manager", "insurance", "insurance_fund")


def _field(view: str) -> str:
    snake = re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), view)
    return "insurance_fund" if snake == "insurance" else snake


async def wrong_link(client: ChainClient, deployment: Deployment) -> str | None:
    """Return in words the first address that is not the recorded one; None if all are.

    Raises:
        ContractRevert: an address holds another kind of contract.
        RpcError: no endpoint answers, or one answers with something else than an address.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(link: Link) -> Address:
        abi = contract_abi(CONTRACT_OF[link.holder])
        async with gate:
            (found,) = await client.call(Call(abi, getattr(deployment, link.holder), link.view))
        return Address(found)

    links = links_of(deployment)
    answers = await asyncio.gather(*map(read, links), return_exceptions=True)
    for link, found in zip(links, answers, strict=True):
        if isinstance(found, BaseException):
            raise found
        expected = getattr(deployment, link.target, ZERO_ADDRESS)
        if found != expected:
            holder, target = (name.replace("_", " ") for name in (link.holder, link.target))
            return f"the {holder} names {found} as its {target}, not {expected}"
    return None
