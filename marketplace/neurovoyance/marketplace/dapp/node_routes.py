"""Routes of this machine's nodes: watch without a token, steer with the owner's.

Place: thin; asking is ``nodes``'s. A node's refusal keeps its code.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.marketplace.api.parts import PartsNeeded
from neurovoyance.marketplace.dapp.nodes import Nodes
from neurovoyance.marketplace.errors import MarketNotFound


def _count(parts: PartsNeeded, request: Request) -> None:
    """Count a request by network address: the bearer here is a node's token, not an account's."""
    parts.limiter.count(request)


router = APIRouter(dependencies=[Depends(_count)], tags=["nodes"])
PATH = "/api/node"
SNOOZE_MAX_S = 30 * 86_400
Number = Annotated[int, Path(ge=1, le=1_000, description="As in the list, from 1.")]


class Snooze(BaseModel):
    """For how long a node is to rest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[int, Field(ge=1, le=SNOOZE_MAX_S)]


class Lend(BaseModel):
    """How a node is to lend from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lend: Literal["paid", "volunteer"]


def _nodes_of(parts: PartsNeeded) -> Nodes:
    if parts.dapp.nodes is None:
        raise MarketNotFound(
            "This service knows no node of its machine.",
            hint="Name one with `neurovoyance market serve --node URL`.",
        )
    return parts.dapp.nodes


NodesNeeded = Annotated[Nodes, Depends(_nodes_of)]


@router.get(PATH)
async def listed(parts: PartsNeeded) -> dict[str, Any]:
    """List the nodes of this machine; none where the service knows none."""
    return {"items": await parts.dapp.nodes.listed() if parts.dapp.nodes else []}


@router.get(PATH + "/{number}/status")
async def status(nodes: NodesNeeded, number: Number) -> dict[str, Any]:
    """Show a node's public facts."""
    return await nodes.status(number)


@router.get(PATH + "/{number}/health")
async def health(nodes: NodesNeeded, number: Number) -> dict[str, Any]:
    """Show whether a node works and takes jobs."""
    return await nodes.health(number)


@router.get(PATH + "/{number}/executions")
async def executions(nodes: NodesNeeded, number: Number) -> dict[str, Any]:
    """List what a node did last."""
    return await nodes.executions(number)


@router.get(PATH + "/{number}/prices")
async def prices(nodes: NodesNeeded, number: Number) -> dict[str, Any]:
    """Show what a node asks."""
    return await nodes.prices(number)


@router.get(PATH + "/{number}/earnings")
async def earnings(nodes: NodesNeeded, number: Number) -> dict[str, Any]:
    """Show what a node earned and did not take yet."""
    return await nodes.earnings(number)


@router.get(PATH + "/{number}/control")
async def control(nodes: NodesNeeded, number: Number, request: Request) -> dict[str, Any]:
    """Show how its owner set a node; needs the node's control token."""
    return await nodes.control(number, request.headers.get("authorization"))


@router.post(PATH + "/{number}/pause")
async def pause(nodes: NodesNeeded, number: Number, request: Request) -> dict[str, Any]:
    """Let a node rest until it is told to resume; needs its control token."""
    return await nodes.control(number, request.headers.get("authorization"), {"rest": True})


@router.post(PATH + "/{number}/resume")
async def resume(nodes: NodesNeeded, number: Number, request: Request) -> dict[str, Any]:
    """Let a node work again; needs its control token."""
    return await nodes.control(number, request.headers.get("authorization"), {"rest": False})


@router.post(PATH + "/{number}/snooze")
async def snooze(
    nodes: NodesNeeded, number: Number, request: Request, wanted: Snooze
) -> dict[str, Any]:
    """Let a node rest for a while; needs its control token."""
    wish = {"rest": True, "rest_s": wanted.seconds}
    return await nodes.control(number, request.headers.get("authorization"), wish)


@router.post(PATH + "/{number}/lend")
async def lend(
    nodes: NodesNeeded, number: Number, request: Request, wanted: Lend
) -> dict[str, Any]:
    """Switch how a node lends; needs its control token."""
    wish = {"lend": wanted.lend}
    return await nodes.control(number, request.headers.get("authorization"), wish)
