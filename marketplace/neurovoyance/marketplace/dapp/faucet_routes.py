"""The route of test coins. Place: thin; giving is ``faucet``'s."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.marketplace.api.parts import PartsNeeded
from neurovoyance.marketplace.dapp.faucet import Faucet
from neurovoyance.marketplace.errors import NoFaucet
from neurovoyance.protocol.signing import AddressField

router = APIRouter(tags=["pages"])
PATH = "/api/faucet"


class FaucetRequest(BaseModel):
    """Who wants test coins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Annotated[AddressField, Field(pattern="^0x[0-9a-fA-F]{40}$")]


class FaucetReply(BaseModel):
    """What was sent; amounts in wei as decimal text, ``block`` where the last of it was mined."""

    address: str
    gas_wei: str
    gas_tx_hash: str | None
    amount_wei: str
    tx_hash: str
    block: int


def _faucet_of(parts: PartsNeeded) -> Faucet:
    """Return the faucet; NoFaucet where there is none, whatever the request says."""
    if parts.dapp.faucet is None:
        raise NoFaucet("This service gives no test coins.")
    return parts.dapp.faucet


@router.post(PATH)
async def faucet(
    giver: Annotated[Faucet, Depends(_faucet_of)], request: Request, wanted: FaucetRequest
) -> FaucetReply:
    """Send test coins and NVY to an address: once an hour, on the development chain alone."""
    host = request.client.host if request.client else "unknown"
    given = await giver.grant(wanted.address, host)
    return FaucetReply(
        address=given.address,
        gas_wei=str(given.gas_wei),
        gas_tx_hash=given.gas_tx_hash,
        amount_wei=str(given.amount_wei),
        tx_hash=given.tx_hash,
        block=given.block,
    )
