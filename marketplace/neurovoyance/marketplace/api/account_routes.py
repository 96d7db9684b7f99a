"""Routes of sign-in with Ethereum, sessions and API keys.

Place: thin; messages are ``siwe``'s, storage ``accounts``'s.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.marketplace.api.parts import AnyCaller, PartsNeeded, SignedIn, caller_of
from neurovoyance.marketplace.api.siwe import (
    MESSAGE_MAX_CHARS,
    check_message,
    check_signature,
    parse_message,
)
from neurovoyance.protocol.errors import AccessDenied
from neurovoyance.protocol.offer_exchange import SignatureBytes

router = APIRouter(dependencies=[Depends(caller_of)], tags=["sign-in"])


class SignInRequest(BaseModel):
    """An EIP-4361 message with its EIP-191 signature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: Annotated[str, Field(max_length=MESSAGE_MAX_CHARS)]
    signature: SignatureBytes


class KeyRequest(BaseModel):
    """What to call a new API key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(pattern=r"^[\x20-\x7e]{0,64}$")] = ""


@router.get("/v1/auth/nonce")
def nonce(parts: PartsNeeded, response: Response) -> dict[str, Any]:
    """Give a nonce for one sign-in."""
    made, ends_s = parts.accounts.new_nonce()
    response.headers["Cache-Control"] = "no-store"
    return {"nonce": made, "expires_at_s": ends_s, "chain_id": parts.settings.chain_id}


@router.post("/v1/auth/sign-in")
def sign_in(parts: PartsNeeded, wanted: SignInRequest, response: Response) -> dict[str, Any]:
    """Turn a signed message into a session."""
    message = parse_message(wanted.message)
    check_message(
        message,
        domains=parts.domains,
        chain_id=parts.settings.chain_id,
        now_s=parts.accounts.clock(),
    )
    check_signature(wanted.message, message, wanted.signature)
    lasts_s = parts.settings.session_s
    if message.expires_at_s is not None:
        lasts_s = min(lasts_s, int(message.expires_at_s - parts.accounts.clock()))
    token, ends_s = parts.accounts.open_session(message.nonce, message.address, lasts_s)
    response.headers["Cache-Control"] = "no-store"
    return {"token": token, "address": message.address, "expires_at_s": ends_s}


@router.post("/v1/auth/sign-out", status_code=204)
def sign_out(parts: PartsNeeded, caller: SignedIn) -> None:
    """End the session or key that the request came with."""
    parts.accounts.revoke(caller.address, caller.key_id)


@router.get("/v1/me")
async def me(caller: AnyCaller) -> dict[str, Any]:
    """Tell who the session or key belongs to, if there is one."""
    return {"address": caller.address if caller else None, "kind": caller.kind if caller else None}


@router.get("/v1/keys")
def keys(parts: PartsNeeded, caller: SignedIn) -> dict[str, Any]:
    """List the caller's API keys."""
    return {"items": parts.accounts.keys(caller.address)}


@router.post("/v1/keys", status_code=201)
def make_key(
    parts: PartsNeeded, caller: SignedIn, wanted: KeyRequest, response: Response
) -> dict[str, Any]:
    """Make an API key; its secret is shown this once."""
    if caller.kind != "session":
        raise AccessDenied("An API key cannot make another one.", hint="Sign in instead.")
    key_id, secret, ends_s = parts.accounts.make_key(caller.address, wanted.label)
    response.headers["Cache-Control"] = "no-store"
    return {"key_id": key_id, "secret": secret, "expires_at_s": ends_s}


@router.delete("/v1/keys/{key_id}", status_code=204)
def revoke_key(
    parts: PartsNeeded, caller: SignedIn, key_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
) -> None:
    """Revoke one of the caller's API keys."""
    parts.accounts.revoke(caller.address, key_id)
