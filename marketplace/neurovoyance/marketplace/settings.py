"""The service's settings: arguments, ``NEUROVOYANCE_MARKET_<NAME>``, defaults; read once.

Place: built by the command and handed down; nothing else of this package reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.protocol.errors import ConfigError

ENV_PREFIX = "NEUROVOYANCE_MARKET_"
_LISTS = ("rpc_urls", "public_domains", "cors_origins", "node_urls")
GIB = 1 << 30
_REDIS = re.compile(r"(rediss?://|unix:///)[^\s/][^\s]*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class MarketSettings(BaseModel):
    """How one service runs.

    Attributes:
        database_url: ``sqlite:///FILE`` or ``postgresql://...``; kept from logs, it may hold a
            password.
        rpc_urls: JSON-RPC endpoints, in the order in which they are tried.
        chain_id: refused if an endpoint answers with another.
        deployment_path: file with the contract addresses.
        state_dir: folder for the chain client's own files.
        host, port: where it listens; port 0 picks a free one.
        public_domains: hosts (with port, where it is not the usual one) that people sign in to and
            that requests may name; this machine's own names always count.
        cors_origins: pages of other origins that may call; none by default.
        confirmations: blocks to stay behind the head.
        poll_s: pause between two looks at the chain.
        request_timeout_s: longest time until an answer begins, the body's arrival included.
        header_timeout_s: longest time until a connection has sent its first request.
        body_max_bytes: longest body of a request.
        reads_per_minute, writes_per_minute: of one key or address.
        connections_max: connections at once; more are answered 503.
        session_s: how long a session lasts.
        wallet_rpc_url: what wallets are told of the chain; this service's own relay if None.
        rpc_calls_per_minute: of one network address through the relay.
        faucet_account: number of the publicly known account that gives test coins; on the
            development chain alone.
        faucet_per_hour: grants to one network address.
        node_urls: nodes of this machine, which the pages may watch and steer.
        upload_max_bytes: longest file that is taken in; 0 keeps none, None keeps
            files of 1 GiB on the development chain and none elsewhere.
        storage_max_bytes: of all files.
        redis_url: workers behind this Redis follow the chain; this process does if None. Kept from
            logs, it may hold a password.
        samples_path: file with ready-made models that pages offer for a first try.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr
    rpc_urls: Annotated[tuple[str, ...], Field(min_length=1, max_length=16)]
    chain_id: Annotated[int, Field(ge=1)]
    deployment_path: Path
    state_dir: Path
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8_650
    public_domains: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    confirmations: Annotated[int, Field(ge=0, le=1_000)] = 0
    poll_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    request_timeout_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    header_timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    body_max_bytes: Annotated[int, Field(ge=1_024, le=1 << 20)] = 65_536
    reads_per_minute: Annotated[int, Field(ge=1)] = 1_200
    writes_per_minute: Annotated[int, Field(ge=1)] = 60
    connections_max: Annotated[int, Field(ge=1)] = 1_000
    session_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = 12 * 3_600
    wallet_rpc_url: Annotated[str, Field(pattern="^https?://[^\\s@]{1,400}$")] | None = None
    rpc_calls_per_minute: Annotated[int, Field(ge=1)] = 3_000
    faucet_account: Annotated[int, Field(ge=0, le=1_000)] | None = None
    faucet_per_hour: Annotated[int, Field(ge=1)] = 200
    node_urls: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    upload_max_bytes: Annotated[int, Field(ge=0)] | None = None
    storage_max_bytes: Annotated[int, Field(ge=1 << 20)] = 10 * GIB
    redis_url: SecretStr | None = None
    samples_path: Path | None = None

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _REDIS.fullmatch(url.get_secret_value()):
            raise ValueError(
                "an address of Redis begins with redis://, rediss:// or unix:// and a place, "
                "such as redis://127.0.0.1:6379/0"
            )
        return url

    @field_validator("node_urls")
    @classmethod
    def _of_this_machine(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.path.strip("/"):
                raise ValueError("a node of this machine is named like http://127.0.0.1:8420")
        return urls

    @model_validator(mode="after")
    def _faucet_fits(self) -> MarketSettings:
        if self.faucet_account is not None and self.chain_id != DEVNET_CHAIN_ID:
            raise ValueError("faucet_account: test coins exist on the development chain alone")
        return self

    @property
    def upload_limit_bytes(self) -> int:
        """The longest file that is taken in; 0 where none is."""
        if self.upload_max_bytes is not None:
            return self.upload_max_bytes
        return GIB if self.chain_id == DEVNET_CHAIN_ID else 0

    def domains(self, port: int) -> frozenset[str]:
        """Return the hosts that this service answers to when it listens on a port."""
        own = {"127.0.0.1", "localhost", "[::1]"}
        return frozenset({*self.public_domains, *own, *(f"{name}:{port}" for name in own)})


def make_settings(
    given: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> MarketSettings:
    """Return the settings; what is given and not None wins over the environment.

    Raises:
        ConfigError: every fault at once, naming its field, never its value.
    """
    found: dict[str, Any] = {}
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith(ENV_PREFIX):
            key = name.removeprefix(ENV_PREFIX).lower()
            parts = [part.strip() for part in text.split(",") if part.strip()]
            found[key] = parts if key in _LISTS else text
    found.update({key: value for key, value in given.items() if value is not None})
    try:
        return MarketSettings.model_validate(found)
    except ValidationError as error:
        faults = [
            ": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"])))
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError(
            "The settings of the market's service are not valid: " + "; ".join(faults) + ".",
            hint=f"Mend the options or the variables {ENV_PREFIX}<NAME> of these fields.",
            faults=faults,
        ) from error
