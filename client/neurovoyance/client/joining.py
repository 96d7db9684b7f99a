"""Joins a market: from an invitation, one small JSON file, to a home folder that can use it.

Place: before :mod:`.opening`; the application fetches or reads the invitation, this module checks
it and writes profile and deployment file. An invitation holds nothing secret: endpoints, the
addresses of the contracts, and where content and offers are found. What it says is not trusted:
every contract is compared with the chain when the client opens. Never: overwrite another network's
profile unasked.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurovoyance.chain.deployment import Deployment, parse_deployment, record_of, save_deployment
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import NetworkProfile, load_profile, save_profile
from neurovoyance.protocol.errors import ConfigError

INVITATION_MAX_BYTES = 64 * 1024
FETCH_TIMEOUT_S = 15.0
DEPLOYMENT_NAME = "deployment.json"
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=256)]


class Invitation(BaseModel):
    """How to reach one market, without a key.

    Attributes:
        format: of this file.
        name, chain_id, rpc_urls: as in :class:`.NetworkProfile`.
        deployment: the deployment file of the chain, whole.
        peers: base URLs where models and inputs are found.
        markets: market services that list offers.
        gateways: trustless gateways asked last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=64)]
    chain_id: Annotated[int, Field(ge=1)]
    rpc_urls: Annotated[list[Url], Field(min_length=1, max_length=16)]
    deployment: dict[str, Any]
    peers: Annotated[list[Url], Field(max_length=32)] = []
    markets: Annotated[list[Url], Field(max_length=16)] = []
    gateways: Annotated[list[Url], Field(max_length=16)] = []

    @classmethod
    def of(cls, profile: NetworkProfile, deployment: Deployment, *, peers: list[str]) -> Invitation:
        """Return the invitation to the network of a profile."""
        return cls(
            name=profile.name,
            chain_id=profile.chain_id,
            rpc_urls=profile.rpc_urls,
            deployment=record_of(deployment),
            peers=peers,
            markets=profile.markets,
            gateways=profile.gateways,
        )

    @property
    def known_deployment(self) -> Deployment:
        """The contracts; whether the chain agrees is ``verify_deployment``.

        Raises:
            ConfigError: the record is damaged, or of another chain.
        """
        found = parse_deployment(self.deployment, f"in the invitation to {self.name}")
        if found.chain_id != self.chain_id:
            raise ConfigError(
                f"The invitation to {self.name} names chain {self.chain_id}, and contracts of "
                f"chain {found.chain_id}.",
                hint="Nothing was changed. Ask whoever runs the network for the file again.",
                faults=["deployment: another chain"],
            )
        return found

    def profile(self, *, keystore: str | None, devnet_account: int | None) -> NetworkProfile:
        """Return the profile with a key; see :class:`.NetworkProfile` for what is refused."""
        return NetworkProfile(
            name=self.name,
            chain_id=self.chain_id,
            rpc_urls=self.rpc_urls,
            deployment=DEPLOYMENT_NAME,
            keystore=keystore,
            devnet_account=devnet_account,
            peers=self.peers,
            markets=self.markets,
            gateways=self.gateways,
        )


async def fetch_invitation(source: str) -> Invitation:
    """Return the invitation in a file or at a URL.

    Raises:
        ConfigError: it cannot be had, is too large, or is not an invitation.
    """
    if source.startswith(("http://", "https://")):
        return parse_invitation(await _download(source), source)
    try:
        return parse_invitation(await asyncio.to_thread(_read, source), source)
    except OSError as error:
        raise ConfigError(
            f"The invitation {source} cannot be read: {error.strerror or error}.",
            hint="Give the file or the URL that whoever runs the network told you; "
            "`neurovoyance up` prints that of a network on this machine.",
            faults=["invitation: unreadable"],
        ) from error


def parse_invitation(raw: bytes, source: str) -> Invitation:
    """Return the invitation in some bytes.

    Raises:
        ConfigError: it is too large or malformed; every fault is listed.
    """
    if len(raw) > INVITATION_MAX_BYTES:
        raise _malformed(source, [f"it is larger than {INVITATION_MAX_BYTES} bytes"])
    try:
        return Invitation.model_validate(json.loads(raw))
    except ValidationError as error:
        raise _malformed(
            source,
            [
                ".".join(map(str, item["loc"])) + ": " + item["msg"]
                for item in error.errors(include_url=False, include_input=False)
            ],
        ) from error
    except (ValueError, RecursionError) as error:
        raise _malformed(source, ["it is not JSON"]) from error


def join(
    invitation: Invitation,
    home: Path,
    *,
    keystore: str | None = None,
    devnet_account: int | None = None,
    replaces: bool = False,
) -> NetworkProfile:
    """Write profile and deployment file into a home folder.

    Args:
        keystore: name of the encrypted key's file, relative to the folder; nobody's yet if None.
        devnet_account: index of a publicly known key instead, on the devnet.
        replaces: another network's profile may be overwritten; keys and results stay.

    Raises:
        ConfigError: another network's profile is there, or the invitation contradicts itself.
    """
    check_home(invitation, home, replaces=replaces)
    profile = invitation.profile(keystore=keystore, devnet_account=devnet_account)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    save_deployment(invitation.known_deployment, home / DEPLOYMENT_NAME)
    save_profile(profile, home / PROFILE_NAME)
    return profile


def check_home(invitation: Invitation, home: Path, *, replaces: bool) -> None:
    """Refuse a folder that belongs to another network.

    Raises:
        ConfigError: it does, and that is not to be replaced.
    """
    path = home / PROFILE_NAME
    if replaces or not path.exists():
        return
    known = load_profile(path)
    if known.chain_id == invitation.chain_id and known.rpc_urls == invitation.rpc_urls:
        return
    raise ConfigError(
        f"{home} belongs to the network {known.name} (chain {known.chain_id}) already.",
        hint="Name another folder with --home, or give --replace: keys and results stay, and "
        "jobs of the other network are no longer followed from here.",
        faults=["home: another network"],
    )


def _read(source: str) -> bytes:
    with Path(source).expanduser().open("rb") as file:
        return file.read(INVITATION_MAX_BYTES + 1)


async def _download(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()
            return await answer.content.read(INVITATION_MAX_BYTES + 1)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise ConfigError(
            f"The invitation at {url} cannot be fetched: {error or 'no answer in time'}.",
            hint="Check the address, and that the network runs.",
            faults=["invitation: unreachable"],
        ) from error


def _malformed(source: str, faults: list[str]) -> ConfigError:
    return ConfigError(
        f"{source} is not an invitation to a network: " + "; ".join(faults) + ".",
        hint="Nothing was changed. Ask whoever runs the network for the file again.",
        faults=faults,
    )
