"""The route that says what the pages are. Place: thin; see ``build``."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.build import build_of
from neurovoyance.marketplace.errors import MarketNotFound

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])


class BuildReply(BaseModel):
    """The pages that this service gives.

    Attributes:
        build: hash of all files.
        files: SHA-256 of each by its path.
    """

    build: str
    files: dict[str, str]


@router.get("/api/build")
def build(parts: PartsNeeded, response: Response) -> BuildReply:
    """Tell the hash of every file of the pages; the pages hash what they got, and compare."""
    response.headers["Cache-Control"] = "no-cache"
    found = build_of(parts.dapp.static)
    if found is None:
        raise MarketNotFound("This service has no pages.")
    return BuildReply(build=found.digest, files=found.files)
