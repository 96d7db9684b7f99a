"""The first thing that the pages ask: chain, contracts, and which parts this service has.

Place: built from settings and parts; nothing of it is compiled into the pages. Never: an endpoint
of the settings, whose address may hold a key; wallets are told ``wallet_rpc_url``, or the relay.
"""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.marketplace.api.parts import Parts, PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.build import build_of
from neurovoyance.marketplace.dapp.faucet import GRANT_GAS_WEI, GRANT_WEI
from neurovoyance.marketplace.dapp.rpc_rules import (
    BODY_MAX_BYTES,
    CALLS_MAX,
    LOG_RANGE_MAX_BLOCKS,
)
from neurovoyance.marketplace.dapp.side import DappSide

router = APIRouter(tags=["pages"])
PATH = "/api/config"


class Coin(BaseModel):
    """How amounts are shown: 1 coin is 10 to the power of ``decimals`` wei."""

    name: str
    symbol: str
    decimals: int = 18


class ApiPaths(BaseModel):
    """Where everything is on this origin; null where the service does not have it."""

    rest: str = "/v1"
    stream: str = "/v1/stream"
    description: str = "/openapi.json"
    rpc: str = "/api/rpc"
    faucet: str | None = None
    nodes: str | None = None
    storage: str | None = None
    gateway: str | None = None


class Flags(BaseModel):
    """What this network and service have.

    Attributes:
        devnet: coins are worth nothing and keys are public.
        faucet: test coins are given.
        audits: jobs are audited, and models registered.
        economy: fees are split, rewards vest, stake is delegated, parameters are voted on.
        storage: files can be uploaded and fetched.
        nodes: nodes of this machine can be watched.
        node_steering: and steered, with their control token.
    """

    devnet: bool
    faucet: bool
    audits: bool
    economy: bool
    storage: bool
    nodes: bool
    node_steering: bool


class Limits(BaseModel):
    """Limits that pages keep to."""

    rpc_body_max_bytes: int = BODY_MAX_BYTES
    rpc_calls_max: int = CALLS_MAX
    rpc_log_range_max_blocks: int = LOG_RANGE_MAX_BLOCKS
    upload_max_bytes: int


class Grants(BaseModel):
    """What the faucet gives, in wei as decimal text."""

    gas_wei: str = str(GRANT_GAS_WEI)
    amount_wei: str = str(GRANT_WEI)


class ConfigReply(BaseModel):
    """Everything that the pages have to know before they show anything.

    Attributes:
        chain_id: the pages turn read-only when the RPC says another.
        chain_name: for people and for wallets.
        wallet_rpc_url: absolute; what a wallet is given when it adds the chain.
        contracts: address by the name of its field in the deployment file; absent ones
            are left out.
        token: the market's coin.
        gas: the chain's own coin.
        build: beginning of the pages' hash, see ``/api/build``; null without them.
    """

    chain_id: int
    chain_name: str
    genesis_hash: str
    deploy_block: int
    wallet_rpc_url: str
    contracts: dict[str, str]
    token: Coin = Field(default_factory=lambda: Coin(name="Neurovoyance", symbol="NVY"))
    gas: Coin
    paths: ApiPaths
    flags: Flags
    limits: Limits
    grants: Grants | None
    version: str
    build: str | None


@router.get(PATH, dependencies=[Depends(caller_of)])
def config(parts: PartsNeeded, request: Request, response: Response) -> ConfigReply:
    """Tell the pages which chain, contracts and parts there are."""
    response.headers["Cache-Control"] = "no-cache"
    deployment, side, settings = parts.deployment, parts.dapp, parts.settings
    is_devnet = settings.chain_id == DEVNET_CHAIN_ID
    return ConfigReply(
        chain_id=settings.chain_id,
        chain_name=f"Neurovoyance {'devnet' if is_devnet else settings.chain_id}",
        genesis_hash=deployment.genesis_hash,
        deploy_block=deployment.deploy_block,
        wallet_rpc_url=settings.wallet_rpc_url or f"{request.base_url}api/rpc",
        contracts={name: str(value) for name, value in deployment.named_addresses().items()},
        gas=Coin(name="test ether" if is_devnet else "ether", symbol="ETH"),
        paths=_paths(side),
        flags=_flags(parts, is_devnet),
        limits=Limits(upload_max_bytes=side.storage.upload_max_bytes if side.storage else 0),
        grants=Grants() if side.faucet else None,
        version=version("neurovoyance"),
        build=pages.digest[:12] if (pages := build_of(side.static)) else None,
    )


def _paths(side: DappSide) -> ApiPaths:
    return ApiPaths(
        faucet="/api/faucet" if side.faucet else None,
        nodes="/api/node" if side.nodes else None,
        storage="/api/storage" if side.storage else None,
        gateway="/ipfs" if side.storage else None,
    )


def _flags(parts: Parts, is_devnet: bool) -> Flags:
    side = parts.dapp
    return Flags(
        devnet=is_devnet,
        faucet=side.faucet is not None,
        audits=parts.deployment.has_audits,
        economy=parts.deployment.has_economy,
        storage=side.storage is not None,
        nodes=side.nodes is not None,
        node_steering=side.nodes is not None,
    )
