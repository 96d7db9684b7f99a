"""The client's settings, built once by the application and handed down; reads no environment.

Place: the only settings of this package. A network profile is a small JSON file that says how to
reach one market: RPC endpoints, chain id, deployment file, wallet. ``neurovoyance up`` writes one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.ipfs.composite import Places, check_places
from neurovoyance.protocol.errors import ConfigError


class NetworkProfile(BaseModel):
    """How to reach one market.

    Attributes:
        name: for people.
        chain_id: refused if an endpoint answers with another.
        rpc_urls: JSON-RPC endpoints, in the order in which they are tried.
        deployment: file with the contract addresses, absolute or beside the profile.
        keystore: encrypted key that pays, absolute or beside the profile.
        devnet_account: index of a publicly known key instead; the devnet only.
        poll_s: seconds between two looks at the chain.
        kubo_rpc_url: RPC of an IPFS daemon that is asked for content and told of it.
        kubo_authorization_file: file whose first line its Authorization header must say.
        gateways: trustless gateways asked last; none by default.
        peers: base URLs where a node of this profile looks for models and inputs.
        markets: market services to which such a node tells its standing offer; a client asks them
            for those of others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    chain_id: Annotated[int, Field(ge=1)]
    rpc_urls: Annotated[list[str], Field(min_length=1, max_length=16)]
    deployment: Annotated[str, Field(min_length=1)]
    keystore: str | None = None
    devnet_account: Annotated[int, Field(ge=0, le=99)] | None = None
    poll_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    kubo_rpc_url: str | None = None
    kubo_authorization_file: str | None = None
    gateways: Annotated[list[str], Field(max_length=16)] = []
    peers: Annotated[list[str], Field(max_length=32)] = []
    markets: Annotated[list[str], Field(max_length=16)] = []

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for url in (*self.rpc_urls, *self.peers, *self.markets):
            HttpUrl(url)
        if self.devnet_account is not None and self.chain_id != DEVNET_CHAIN_ID:
            raise ValueError("devnet_account: only the devnet may use publicly known keys")
        if self.devnet_account is not None and self.keystore is not None:
            raise ValueError("keystore and devnet_account exclude each other")
        try:
            check_places(self.places)
        except ConfigError as error:
            raise ValueError(error.message) from error
        return self

    @property
    def places(self) -> Places:
        """Where content is looked for besides the disk; without the daemon's authorisation."""
        is_private = self.chain_id == DEVNET_CHAIN_ID
        return Places(self.kubo_rpc_url, None, tuple(self.gateways), is_private)


class ClientSettings(BaseModel):
    """Where one client keeps its state and how its node-facing gateway listens.

    Attributes:
        home: folder of journal, storage, results and receipts.
        profile: the network.
        profile_dir: folder to which the profile's relative paths belong.
        gateway_host: interface on which the client serves inputs while it waits.
        gateway_port: 0 picks a free one.
        gateway_url: what nodes are told instead of host and port, behind a forwarded port.
        ask_timeout_s: seconds that one node has to fetch model and input and to make an offer.
        node_urls: nodes to ask beside those that are announced on chain.
        market_urls: market services whose list of standing offers helps to rank; none is needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    home: Path
    profile: NetworkProfile
    profile_dir: Path
    gateway_host: str = "127.0.0.1"
    gateway_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    gateway_url: str | None = None
    ask_timeout_s: Annotated[float, Field(gt=0, le=120)] = 60.0
    node_urls: tuple[str, ...] = ()
    market_urls: tuple[str, ...] = ()

    @property
    def places(self) -> Places:
        """Where content is looked for besides the disk.

        Raises:
            ConfigError: the file with the daemon's authorisation cannot be read.
        """
        name = self.profile.kubo_authorization_file
        if name is None:
            return self.profile.places
        try:
            first, *_ = (self.profile_dir / name).read_text(encoding="utf-8").splitlines() or [""]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"kubo_authorization_file: {name} cannot be read.",
                hint="Its first line is what the daemon's Authorization header must say.",
                faults=["kubo_authorization_file: unreadable"],
            ) from error
        return replace(self.profile.places, kubo_authorization=first.strip())

    @property
    def deployment_path(self) -> Path:
        """The deployment file."""
        return self.profile_dir / self.profile.deployment

    @property
    def keystore_path(self) -> Path | None:
        """The encrypted key, if the profile names one."""
        return self.profile_dir / self.profile.keystore if self.profile.keystore else None

    @property
    def allows_private_peers(self) -> bool:
        """Whether nodes at loopback and private addresses may be asked: on the devnet alone."""
        return self.profile.chain_id == DEVNET_CHAIN_ID


def load_profile(path: Path) -> NetworkProfile:
    """Return the profile in a file.

    Raises:
        ConfigError: missing, not JSON, or wrong; every fault is listed.
    """
    try:
        return NetworkProfile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no network profile at {path}.",
            hint="Join a network with `neurovoyance join INVITATION`, start one here with "
            "`neurovoyance up`, or name another folder with --home.",
            faults=["profile: missing"],
        ) from error
    except ValidationError as error:
        faults = [
            ".".join(map(str, item["loc"])) + ": " + item["msg"]
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError(
            f"The network profile {path} is not valid: " + "; ".join(faults) + ".",
            hint="Mend the fields named, or write a new profile with `neurovoyance up`.",
            faults=faults,
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The network profile {path} cannot be read: {error}.",
            hint="Check the file's permissions and its JSON syntax.",
            faults=["profile: unreadable"],
        ) from error


def save_profile(profile: NetworkProfile, path: Path) -> None:
    """Write a profile; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(path.name + ".part")
    staged.write_text(profile.model_dump_json(indent=2) + "\n", encoding="utf-8")
    staged.replace(path)
