"""Checks of the chain: endpoints, their agreement, sync, clock, contracts, software's fit.

Place: part of ``doctor_checks``. Each endpoint is asked by itself, since a pool would hide the one
that lies. Never: a transaction.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.deploy import verify_deployment
from neurovoyance.chain.deployment import Deployment, load_deployment
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.cli.doctor_finding import Finding, fail, ok, unknown, warn
from neurovoyance.protocol.errors import NeurovoyanceError

SKEW_MOST_S = 120
BEHIND_MOST_BLOCKS = 5
SAME_BLOCK_BACK = 3
TIMEOUT_S = 5.0
_NAMES = {
    "token": "ComputeToken",
    "stake_manager": "StakeManager",
    "market": "JobMarket",
    "registry": "ModelRegistry",
    "audit_court": "AuditCourt",
    "dispute_court": "DisputeCourt",
    "params": "ProtocolParams",
    "vault": "VestingVault",
    "fee_router": "FeeRouter",
    "emission": "EmissionController",
    "canaries": "Canaries",
    "channels": "PaymentChannels",
}
_NOT_IN_CODE = {"EIP712DomainChanged"}
"""Declared by an interface of OpenZeppelin and never emitted."""


@dataclass(frozen=True, slots=True)
class Where:
    """The chain that is meant; ``state_dir`` is a scratch folder for the connection."""

    urls: Sequence[str]
    chain_id: int
    deployment_path: Path
    is_devnet: bool
    state_dir: Path


@dataclass(frozen=True, slots=True)
class Head:
    """What one endpoint said: its newest block, the hash of a slightly older one, or an error."""

    label: str
    number: int = 0
    time_s: int = 0
    error: str = ""


async def check_chain(where: Where) -> tuple[list[Finding], ChainClient | None]:
    """Return the findings about the chain, and a client if it can be used; the caller closes it."""
    heads = await asyncio.gather(*(head_of(url, where.chain_id) for url in where.urls))
    findings = [check_endpoints(heads, is_devnet=where.is_devnet)]
    up = [head for head in heads if not head.error]
    if not up:
        return findings, None
    findings += [
        ok("chain id", f"{where.chain_id}, on {len(up)} endpoint(s)"),
        await check_agreement(where, heads),
        check_clock(max(head.time_s for head in up), is_devnet=where.is_devnet),
    ]
    try:
        client = await ChainClient.connect(
            where.urls,
            state_dir=where.state_dir,
            expected_chain_id=where.chain_id,
            rpc_timeout_s=TIMEOUT_S,
        )
    except NeurovoyanceError as error:
        return [*findings, fail("chain", error.message, error.hint)], None
    return [*findings, *await check_contracts(client, where.deployment_path)], client


async def head_of(url: str, chain_id: int) -> Head:
    """Return what one endpoint says; an endpoint of another chain is an error."""
    label = "an endpoint"
    try:
        pool = RpcPool([url], expected_chain_id=chain_id, timeout_s=TIMEOUT_S, attempts=1)
        label = pool.health()[0].label
        async with pool:
            block = await pool.request("eth_getBlockByNumber", ["latest", False])
            return Head(label, int(block["number"], 16), int(block["timestamp"], 16))
    except NeurovoyanceError as error:
        return Head(label, error=error.message)
    except (KeyError, TypeError, ValueError):
        return Head(label, error=f"{label} answers with something that is no block.")


def check_endpoints(heads: Sequence[Head], *, is_devnet: bool) -> Finding:
    """Judge how many endpoints answer."""
    down = [head for head in heads if head.error]
    if len(down) == len(heads):
        advice = "Check the network, or name other endpoints in rpc_urls."
        if is_devnet:
            advice = "The local network is not running; start it with `neurovoyance up`."
        return fail("chain", down[0].error, advice)
    newest = max(head.number for head in heads)
    words = f"{len(heads) - len(down)} of {len(heads)} endpoints answer, block {newest:,}"
    if down:
        return warn("chain", f"{words}; {down[0].error}", "The others are used; mend or drop it.")
    return ok("chain", words)


async def check_agreement(where: Where, heads: Sequence[Head]) -> Finding:
    """Judge whether the endpoints tell the same: a block's hash, and how far each is."""
    up = [(url, head) for url, head in zip(where.urls, heads, strict=True) if not head.error]
    if len(up) == 1:
        words = "one endpoint: nobody can contradict it"
        if where.is_devnet:
            return ok("agreement", words)
        return warn("agreement", words, "Name a second provider in rpc_urls.")
    newest, oldest = max(h.number for _, h in up), min(h.number for _, h in up)
    if newest - oldest > BEHIND_MOST_BLOCKS:
        slow = min(up, key=lambda pair: pair[1].number)[1].label
        words = f"{slow} is {newest - oldest:,} blocks behind"
        return warn("agreement", words, "It is not in sync; put it last in rpc_urls, or drop it.")
    number = max(0, oldest - SAME_BLOCK_BACK)
    hashes = await asyncio.gather(*(_hash_of(url, where.chain_id, number) for url, _ in up))
    if len({found for found in hashes if found}) > 1:
        return fail(
            "agreement",
            f"the endpoints tell different blocks {number:,}",
            "One of them follows another fork or lies: do not use them until you know which.",
        )
    return ok("agreement", f"{len(up)} endpoints tell the same block {number:,}")


async def _hash_of(url: str, chain_id: int, number: int) -> str:
    try:
        pool = RpcPool([url], expected_chain_id=chain_id, timeout_s=TIMEOUT_S, attempts=1)
        async with pool:
            block = await pool.request("eth_getBlockByNumber", [hex(number), False])
            return str(block["hash"])
    except (NeurovoyanceError, KeyError, TypeError):
        return ""


def check_clock(chain_time_s: int, *, is_devnet: bool) -> Finding:
    """Judge the age of the newest block by this machine's clock."""
    skew_s = int(time.time()) - chain_time_s
    words = f"this clock and the chain differ by {abs(skew_s)} s"
    if abs(skew_s) <= SKEW_MOST_S:
        return ok("clock", words)
    if is_devnet and skew_s < 0:
        return warn("clock", words, "The devnet's time was moved ahead; that is fine.")
    return fail(
        "clock", words, "Set this machine's clock (NTP), or check whether the chain stands."
    )


async def check_contracts(client: ChainClient, path: Path) -> list[Finding]:
    """Judge the deployment: code at every address, links, and whether it is this software's."""
    try:
        deployment = load_deployment(path, client.chain_id)
        await verify_deployment(client, deployment)
    except NeurovoyanceError as error:
        return [fail("contracts", error.message, error.hint)]
    count = len(deployment.contract_addresses())
    words = f"{count} contracts with code, market at {deployment.market}"
    return [ok("contracts", words), await check_fit(client, deployment)]


async def check_fit(client: ChainClient, deployment: Deployment) -> Finding:
    """Judge whether the contracts are those that this software was made with.

    The topic of every event stands in the code that emits it; an event that this software reads and
    the code lacks tells of another version.
    """
    lacking = []
    for name, address in deployment.named_addresses().items():
        if name not in _NAMES:
            continue
        try:
            code = await client.code(address)
        except NeurovoyanceError as error:
            return unknown("version", f"the code cannot be read: {error.message}")
        events = contract_abi(_NAMES[name]).events
        missing = [entry["name"] for topic, entry in events.items() if topic not in code]
        lacking += [f"{_NAMES[name]}.{one}" for one in missing if one not in _NOT_IN_CODE]
    if lacking:
        return fail(
            "version",
            f"this software expects what the contracts lack: {', '.join(lacking[:4])}",
            "Install the version that the deployment's page names; see docs/upgrading.md.",
        )
    return ok("version", "software and contracts fit")
